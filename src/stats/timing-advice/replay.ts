// What the polling schedule would have made of an execution, had its grace period and window been others. Pure.

import { firstPollSpread, nextPollAt, pollingWindow } from '../../execution/schedule.ts';

/** An execution as it went at CXone, in milliseconds since it was sent. */
export interface Timeline {
  /** When it was done there; null: nobody knows, or never. */
  readonly doneAt: number | null;
  /** When its callback came; null: it did not. */
  readonly calledBackAt: number | null;
  /** Whether CXone can be asked for it. */
  readonly pollable: boolean;
}

export interface Timing {
  readonly graceSeconds: number;
  readonly timeoutSeconds: number;
}

export interface Replayed {
  readonly polls: number;
  /** From done at CXone to known here, milliseconds; null when it is not known in time. */
  readonly lagMs: number | null;
}

/** Chance in the schedule spreads bursts; here its middle stands for all. */
const CHANCE = 0.5;

/** When polls fall due, in milliseconds since it was sent; the last one is at the deadline. */
export function pollTimes(timing: Timing, intervalMs: number): number[] {
  const { pollAfter, deadline } = pollingWindow(timing, 0);
  const times = [Math.min(pollAfter + firstPollSpread(intervalMs, CHANCE), deadline)];
  for (let at = times[0] ?? deadline; at < deadline; ) {
    at = Math.min(nextPollAt({ now: at, pollCount: times.length - 1, intervalMs, chance: CHANCE }), deadline);
    times.push(at);
  }
  return times;
}

/** @param polls as pollTimes() gives them. */
export function replay({ doneAt, calledBackAt, pollable }: Timeline, polls: readonly number[]): Replayed {
  const heard = calledBackAt ?? Number.POSITIVE_INFINITY;
  const done = doneAt ?? Number.POSITIVE_INFINITY;
  let asked = 0;
  for (const at of polls) {
    if (heard <= at) break;
    if (!pollable) continue;
    asked += 1;
    if (done <= at) return { polls: asked, lagMs: at - done };
  }
  const deadline = polls.at(-1) ?? 0;
  return { polls: asked, lagMs: heard <= deadline ? Math.max(0, heard - Math.min(done, heard)) : null };
}
