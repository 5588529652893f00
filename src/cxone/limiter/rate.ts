// How many requests a second CXone gets, and until when it gets none.

import { createTokenBucket } from '../../lib/token-bucket.ts';
import type { World } from '../../lib/world.ts';

/** No Retry-After holds us longer than this, in milliseconds: a mistaken date must not stop the service for a year. */
export const MAX_PAUSE_MS = 3_600_000;

/** A second and a bit, in milliseconds: what leaves here a second apart may arrive closer together. */
const WINDOW_MS = 1_025;

/**
 * A token bucket with a shared pause. For R requests in a window it holds c = 5 % of R (at least 1) and gains R - (c - 1) in
 * a window: c at once and what is gained before the window is over never make more than R in it, and at least 92 % of R a
 * second last.
 */
export function createRequestRate(ratePerSecond: number, world: World) {
  const capacity = Math.max(1, Math.floor(ratePerSecond * 0.05));
  const gainPerMs = (ratePerSecond - (capacity - 1)) / WINDOW_MS;
  const bucket = createTokenBucket(capacity, gainPerMs, world.now);
  let at = world.now();
  let pausedUntil = 0;
  /** The moments of the last R departures, as a ring. */
  const departures: number[] = [];
  const remembered = Math.max(1, Math.floor(ratePerSecond));
  let oldest = 0;

  function refresh(): void {
    const now = world.now();
    const back = at - now;
    at = now;
    // A clock that was set back does not make any wait longer.
    if (back <= 0) return;
    pausedUntil -= back;
    for (const [index, moment] of departures.entries()) departures[index] = moment - back;
  }

  return {
    take: (): boolean => bucket.take(1),
    /** A request that was let in is not made after all. */
    putBack: (): void => bucket.putBack(1),
    /** Milliseconds until the next request fits. */
    untilNext: (): number => bucket.msUntil(1),
    /**
     * Milliseconds that a request must still wait on the doorstep. Requests that were let in one by one may be held up
     * together (by a commit, by a token) and would leave as a crowd: no window sees more than R leave.
     */
    depart: (): number => {
      refresh();
      const earliest = departures.length < remembered ? at : (departures[oldest] ?? at) + WINDOW_MS;
      const moment = Math.max(at, earliest);
      departures[oldest] = moment;
      oldest = (oldest + 1) % remembered;
      return moment - at;
    },
    pause: (ms: number): void => {
      refresh();
      pausedUntil = Math.max(pausedUntil, at + Math.min(Math.max(ms, 0), MAX_PAUSE_MS));
    },
    pauseLeft: (): number => {
      refresh();
      return Math.max(0, pausedUntil - at);
    },
    /** Milliseconds until nobody has asked for so long that all that may be taken at once is there again. */
    untilFull: (): number => bucket.msUntil(capacity),
    tokens: (): number => Math.floor(bucket.level()),
  };
}
