// The request rate towards CXone, and the pause that CXone asks for.

import { createTokenBucket } from '../../lib/token-bucket.ts';
import type { World } from '../../lib/world.ts';

/** Slightly more than a second, in milliseconds: requests sent a second apart may arrive closer together. */
const WINDOW_MS = 1_025;

/**
 * A token bucket with a shared pause. For R requests per window its capacity is c = 5 % of R (at least 1), and it gains
 * R - (c - 1) per window. A burst of c plus the gain never exceeds R in a window; at least 92 % of R per second remain.
 */
export function createRequestRate(ratePerSecond: number, world: World) {
  const capacity = Math.max(1, Math.floor(ratePerSecond * 0.05));
  const gainPerMs = (ratePerSecond - (capacity - 1)) / WINDOW_MS;
  const bucket = createTokenBucket(capacity, gainPerMs, world.elapsed);
  let pausedUntil = Number.NEGATIVE_INFINITY;
  /** Times of the last R departures, as a ring. */
  const departures: number[] = [];
  const remembered = Math.max(1, Math.floor(ratePerSecond));
  let oldest = 0;

  return {
    take: (): boolean => bucket.take(1),
    /** Leaves no request over: another receiver may have made them all. */
    drain: (): void => bucket.set(0),
    /** Returns the token of a request that is not made. */
    putBack: (): void => bucket.putBack(1),
    /** Returns the milliseconds until the next request is allowed. */
    untilNext: (): number => bucket.msUntil(1),
    /**
     * Returns the milliseconds before an admitted request may be sent. Requests that were admitted one by one may be delayed
     * together (by a commit, by a token) and would then be sent at once; no window may contain more than R.
     */
    depart: (): number => {
      const at = world.elapsed();
      const earliest = departures.length < remembered ? at : (departures[oldest] ?? at) + WINDOW_MS;
      const moment = Math.max(at, earliest);
      departures[oldest] = moment;
      oldest = (oldest + 1) % remembered;
      return Math.ceil(moment - at);
    },
    pause: (ms: number): void => {
      pausedUntil = Math.max(pausedUntil, world.elapsed() + ms);
    },
    lift: (): void => {
      pausedUntil = Number.NEGATIVE_INFINITY;
    },
    pauseLeft: (): number => Math.max(0, Math.ceil(pausedUntil - world.elapsed())),
    /** Returns the milliseconds until the bucket is full. */
    untilFull: (): number => bucket.msUntil(capacity),
    tokens: (): number => Math.floor(bucket.level()),
  };
}
