// Steps of an execution that stays open, and when each makes it due next.

import type { Execution } from './execution.ts';
import { pollingWindow } from './schedule.ts';

/** How long after a dispatch an answer may still come from the process that sent it, in milliseconds. */
export const SEND_LEASE_MS = 60_000;

/** The part of a submit answer that says when the first poll comes. */
interface FirstPoll {
  readonly spreadMs: number;
  readonly soonestMs?: number;
  readonly callbackless?: boolean;
}

/** CXone knows it: from here on it is polled if it has a name there, and else only waited for. */
export function pending(execution: Execution, now: number, first: FirstPoll = { spreadMs: 0 }): Execution {
  const sent = execution.sentAt === null ? withPollingWindow(execution, now) : (execution as Windowed);
  const pollable = execution.executionId !== null;
  return {
    ...sent,
    status: 'PENDING',
    dispatchAt: null,
    pollAt: pollable ? (execution.pollAt ?? firstPollAt(sent, now, first)) : null,
    expireAt: pollable ? null : sent.deadline,
  };
}

function firstPollAt(
  sent: Windowed,
  now: number,
  { spreadMs, soonestMs = 0, callbackless = false }: FirstPoll,
): number {
  // promise: no-grace-without-callback
  const due = callbackless ? sent.sentAt : Math.min(sent.pollAfter + spreadMs, sent.deadline);
  return soonestMs > 0 ? Math.max(due, now + soonestMs) : due;
}

type Windowed = Execution & { sentAt: number; pollAfter: number; deadline: number };

export function withPollingWindow(execution: Execution, sentAt: number): Windowed {
  return { ...execution, sentAt, ...pollingWindow(execution, sentAt) };
}

export function requeued(execution: Execution, dispatchAt: number | null, giveUpAt: number): Execution {
  return {
    ...execution,
    status: 'QUEUED',
    executionId: null,
    executionIdUnverified: false,
    sentAt: null,
    pollAfter: null,
    deadline: null,
    dispatchAt,
    pollAt: null,
    expireAt: giveUpAt,
  };
}

/** The next poll is the last one at the deadline if it would come later; one that failed at the deadline is tried again. */
export function scheduleNextPoll(
  execution: Execution,
  { nextPollAt, notBefore = 0 }: { readonly nextPollAt: number; readonly notBefore?: number },
  now: number,
): Execution {
  const { deadline, pollAt } = execution;
  if (pollAt === null) return execution;
  const next = deadline !== null && now < deadline ? Math.min(nextPollAt, deadline) : nextPollAt;
  // promise: poll-interval-is-kept
  return { ...execution, pollAt: Math.max(next, notBefore) };
}
