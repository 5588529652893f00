// When a notification is tried again, and when trying ends. Pure: chance comes in as a number in [0, 1).

import { fullJitterRetryAt } from '../lib/backoff.ts';
import { HOUR_MS } from '../lib/time.ts';

/** Long enough to be over a night's outage, short enough for the app to notice that it is missing something. */
const KEEP_TRYING_MS = 24 * 60 * 60 * 1000;

/**
 * An endpoint that restarts is back by the second or third retry. Two hours are the longest time for which an endpoint that
 * recovered waits for its notifications.
 */
const RETRY_LIMITS = { baseMs: 10_000, maxMs: 2 * HOUR_MS };

/** A notification that its endpoint does not accept waits for a change of the endpoint, not for its recovery. */
const REJECTED_LIMITS = { ...RETRY_LIMITS, baseMs: 60_000 };

/** When trying ends, for one that came up, was replayed or got its turn `now`. */
export function giveUpAt(now: number): number {
  return now + KEEP_TRYING_MS;
}

/**
 * Full-jitter exponential backoff: uniform in [0, min(2 h, 10 s · 2^(attempts − 1))) above `floorMs` (a Retry-After).
 * Without a floor that makes about 30 tries in a day. @param attempts how many have failed, this one included.
 */
export function retryAt(now: number, attempts: number, floorMs: number, chance: number): number {
  return fullJitterRetryAt(RETRY_LIMITS, { now, failures: attempts, floorMs, chance });
}

/** The same for a notification that was rejected: its first attempts are further apart. */
export function retryRejectedAt(now: number, attempts: number, floorMs: number, chance: number): number {
  return fullJitterRetryAt(REJECTED_LIMITS, { now, failures: attempts, floorMs, chance });
}
