// Replays an execution through the polling schedule with another grace period and window. Pure.

import { firstPollSpread, nextPollAt, pollingWindow } from '../../execution/scheduling.ts';

/** The timeline of an execution at CXone, in milliseconds since it was sent. */
export interface Timeline {
  /** The end there; null if unknown or never. */
  readonly doneAt: number | null;
  /** The arrival of its callback; null if none came. */
  readonly calledBackAt: number | null;
  /** True if CXone can be polled for it. */
  readonly pollable: boolean;
}

export interface Timing {
  readonly graceSeconds: number;
  readonly timeoutSeconds: number;
}

export interface Replayed {
  readonly polls: number;
  /** From the end at CXone to its detection, milliseconds; null for a time-out. */
  readonly lagMs: number | null;
}

/** The jitter of the schedule, fixed at its middle. */
const CHANCE = 0.5;

/** Returns the due times of polls in milliseconds since sending; the last one is the deadline. */
export function pollTimes(timing: Timing, intervalMs: number): number[] {
  const { pollAfter, deadline } = pollingWindow(timing, 0);
  const times = [Math.min(pollAfter + firstPollSpread(intervalMs, CHANCE), deadline)];
  for (let at = times[0] ?? deadline; at < deadline; ) {
    at = Math.min(nextPollAt({ now: at, pollCount: times.length - 1, intervalMs, chance: CHANCE }), deadline);
    times.push(at);
  }
  return times;
}

/** `polls` are the due times from `pollTimes`. */
export function replay({ doneAt, calledBackAt, pollable }: Timeline, polls: readonly number[]): Replayed {
  const calledBack = calledBackAt ?? Number.POSITIVE_INFINITY;
  const done = doneAt ?? Number.POSITIVE_INFINITY;
  let sent = 0;
  for (const at of polls) {
    if (calledBack <= at) break;
    if (!pollable) continue;
    sent += 1;
    if (done <= at) return { polls: sent, lagMs: at - done };
  }
  const deadline = polls.at(-1) ?? 0;
  return { polls: sent, lagMs: calledBack <= deadline ? Math.max(0, calledBack - Math.min(done, calledBack)) : null };
}
