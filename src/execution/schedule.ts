// Times of polls and submit retries. Pure: chance is a parameter, a random number in [0, 1).

import { fullJitterRetryAt } from '../lib/backoff.ts';
import type { Execution } from './execution.ts';

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
