// Due times of an execution that stays open, after each step.

import { fullJitterRetryAt } from '../lib/backoff.ts';
import type { NextPoll } from './event.ts';
import { type Execution, hasPollAddress } from './execution.ts';

/** How long after a dispatch the process that sent it may still record the response, in milliseconds. */
export const SEND_LEASE_MS = 60_000;

/** The part of a submit response that determines the first poll. */
interface FirstPoll {
  readonly spreadMs: number;
  readonly soonestMs?: number;
  readonly callbackless?: boolean;
  readonly retryAfterMs?: number;
}

/** Makes the execution PENDING: it is polled if its executionId is known, and otherwise only waits for a callback. */
export function pending(execution: Execution, now: number, first: FirstPoll = { spreadMs: 0 }): Execution {
  const sent = execution.sentAt === null ? withPollingWindow(execution, now) : (execution as Windowed);
  const pollable = hasPollAddress(execution);
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
  { spreadMs, soonestMs = 0, callbackless = false, retryAfterMs = 0 }: FirstPoll,
): number {
  // promise: no-grace-without-callback
  const due = callbackless
    ? (sentOnPresentClock(sent) ?? sent.sentAt)
    : Math.min(sent.pollAfter + spreadMs, sent.deadline);
  const asked = Math.min(now + retryAfterMs, sent.deadline);
  return Math.max(due, retryAfterMs > 0 ? asked : 0, soonestMs > 0 ? now + soonestMs : 0);
}

/**
 * Returns when the execution was sent, on the clock as it is now. After a step back, the polling window is moved along, while
 * `sentAt` stays what it was.
 */
export function sentOnPresentClock({ deadline, graceSeconds, timeoutSeconds }: Execution): number | null {
  return deadline === null ? null : deadline - (graceSeconds + timeoutSeconds) * 1000;
}

type Windowed = Execution & { sentAt: number; pollAfter: number; deadline: number };

export function withPollingWindow(execution: Execution, sentAt: number): Windowed {
  return { ...execution, sentAt, ...pollingWindow(execution, sentAt) };
}

/**
 * Returns whether a callback has named the execution at CXone, which shows that the action ran: only such a callback has an
 * UNCONFIRMED execution polled. That lasts when a 404 drops the executionId, because the profile may read a wrong one.
 */
export function isNamedByCallback({ executionIdUnverified, pollCount }: Execution): boolean {
  // promise: unknown-id-is-not-sent-again
  return executionIdUnverified || pollCount > 0;
}

export function requeued(execution: Execution, dispatchAt: number | null, giveUpAt: number): Execution {
  return {
    ...execution,
    status: 'QUEUED',
    executionId: null,
    executionIdUnverified: false,
    executionIdProblem: null,
    pollUrl: null,
    unknownWord: null,
    notFoundAt: null,
    foundAt: null,
    sentAt: null,
    pollAfter: null,
    deadline: null,
    dispatchAt,
    pollAt: null,
    expireAt: giveUpAt,
  };
}

/** Schedules the next poll, at the deadline at the latest. A poll that failed at the deadline is retried. */
export function scheduleNextPoll(
  execution: Execution,
  { nextPollAt, notBefore = 0 }: NextPoll,
  now: number,
): Execution {
  const { deadline, pollAt } = execution;
  if (pollAt === null) return execution;
  const next = deadline !== null && now < deadline ? Math.min(nextPollAt, deadline) : nextPollAt;
  // promise: poll-interval-is-kept
  return { ...execution, pollAt: Math.max(next, notBefore) };
}

/** Maximum distance between polls, as a multiple of the poll interval. */
const MAX_POLL_GROWTH = 5;
const POLL_GROWTH = 1.5;

const RETRY_LIMITS = { baseMs: 500, maxMs: 30_000 };

/** Returns pollAfter = sentAt + grace period, and deadline = pollAfter + timeoutSeconds. */
export function pollingWindow(
  execution: Pick<Execution, 'graceSeconds' | 'timeoutSeconds'>,
  sentAt: number,
): { pollAfter: number; deadline: number } {
  const pollAfter = sentAt + execution.graceSeconds * 1000;
  return { pollAfter, deadline: pollAfter + execution.timeoutSeconds * 1000 };
}

/** Returns the delay of the first poll after the grace period: up to a quarter of the interval, to spread a burst. */
export function firstPollSpread(intervalMs: number, chance: number): number {
  return Math.round((intervalMs / 4) * chance);
}

export interface PollSpacing {
  readonly now: number;
  /** Polls so far. */
  readonly pollCount: number;
  readonly intervalMs: number;
  /** A random number in [0, 1). */
  readonly chance: number;
  /** End of the grace period; null by default. */
  readonly pollAfter?: number | null;
}

/**
 * Returns the time of the next poll. The distance grows by half with each poll, up to five times the interval; its last quarter
 * is random. A poll requested during the grace period does not start regular polling: until `pollAfter` the distance
 * grows without that limit.
 */
export function nextPollAt({ now, pollCount, intervalMs, chance, pollAfter = null }: PollSpacing): number {
  const growth = POLL_GROWTH ** pollCount;
  const after = (factor: number) => Math.round(now + intervalMs * factor * (0.75 + 0.25 * chance));
  const next = after(Math.min(growth, MAX_POLL_GROWTH));
  return pollAfter === null || next >= pollAfter ? next : Math.min(after(growth), pollAfter);
}

/** Full-jitter exponential backoff: uniform in [0, min(30 s, 0.5 s · 2^(attempts − 1))) above `floorMs` (a Retry-After). */
export function retryAt(now: number, attempts: number, floorMs: number, chance: number): number {
  return fullJitterRetryAt(RETRY_LIMITS, { now, failures: attempts, floorMs, chance });
}
