// The request rate towards CXone, and the pause that CXone asks for.

import { createTokenBucket } from '../../lib/token-bucket.ts';
import type { World } from '../../lib/world.ts';

/** Slightly more than a second, in milliseconds: requests sent a second apart may arrive closer together. */
const WINDOW_MS = 1_025;

/** The parts of the window in which requests are counted for the receiver that sends next. */
const SLICES = 10;
const SLICE_MS = WINDOW_MS / SLICES;

interface Planned {
  /** When the request departs, as planned until it does. */
  at: number;
}

export interface Departure {
  /**
   * Returns the milliseconds before the request may be sent. To be asked again after that wait: it may have lasted longer for the
   * requests before.
   */
  readonly waitMs: () => number;
  /** To be called when the request departs, and again when it is written to its connection, which may have been opened for it. */
  readonly written: () => void;
}

/**
 * A token bucket with a shared pause. For R requests per window its capacity is c = 5 % of R (at least 1), and it gains
 * R - (c - 1) per window. A burst of c plus the gain never exceeds R in a window; at least 92 % of R per second remain.
 */
export function createRequestRate(ratePerSecond: number, world: World) {
  const capacity = Math.max(1, Math.floor(ratePerSecond * 0.05));
  const gainPerMs = (ratePerSecond - (capacity - 1)) / WINDOW_MS;
  // promise: rate-by-elapsed-time
  const bucket = createTokenBucket(capacity, gainPerMs, world.elapsed);
  let pausedUntil = Number.NEGATIVE_INFINITY;
  /** The last R departures, as a ring. */
  let departures: Planned[] = [];
  const remembered = Math.max(1, Math.floor(ratePerSecond));
  let oldest = 0;

  return {
    take: (): boolean => bucket.take(1),
    /** Returns the token of a request that is not made. */
    putBack: (): void => bucket.putBack(1),
    /** Returns the milliseconds until the next request is allowed. */
    untilNext: (): number => bucket.msUntil(1),
    /**
     * Plans the departure of an admitted request. Requests that were admitted one by one may be delayed together (by a commit, by a
     * token) and would then be sent at once; no window may contain more than R.
     */
    depart: (): Departure => {
      const before = departures.length < remembered ? undefined : departures[oldest];
      const soonest = () => (before?.at ?? Number.NEGATIVE_INFINITY) + WINDOW_MS;
      const own: Planned = { at: Math.max(world.elapsed(), soonest()) };
      departures[oldest] = own;
      oldest = (oldest + 1) % remembered;
      return {
        waitMs: () => Math.max(0, Math.ceil(soonest() - world.elapsed())),
        written: () => {
          // promise: late-departure-counts
          own.at = Math.max(own.at, world.elapsed());
        },
      };
    },
    /** Returns the numbers of requests in the parts of the last window, the newest first. */
    sentLately: (): number[] => {
      const counts = Array.from({ length: SLICES }, () => 0);
      for (const { at } of departures) {
        const agoMs = world.elapsed() - at;
        // One that waits is not sent any more. It waits for the end of the window of the one in whose place it is.
        const slice = Math.floor((agoMs < 0 ? (agoMs % WINDOW_MS) + WINDOW_MS : agoMs) / SLICE_MS);
        if (slice in counts) counts[slice] = (counts[slice] ?? 0) + 1;
      }
      return counts;
    },
    /**
     * Continues after another receiver that has sent these numbers of requests in the parts of the last window, the newest first; null:
     * all that the rate allows, just now.
     */
    continueAfter: (sent: readonly number[] | null): void => {
      const at = world.elapsed();
      // promise: unknown-requests-count
      const counts = sent ?? [remembered];
      const newestFirst = counts.flatMap((count, slice) =>
        Array.from({ length: Math.min(count, remembered) }, () => ({ at: at - slice * SLICE_MS })),
      );
      departures = newestFirst.slice(0, remembered).toReversed();
      oldest = departures.length % remembered;
      // Nothing is admitted that could not depart.
      const waitMs = departures.length < remembered ? 0 : (departures[oldest]?.at ?? at) + WINDOW_MS - at;
      bucket.set(waitMs > 0 ? 1 - waitMs * gainPerMs : Math.max(0, capacity - departures.length));
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
    tokens: (): number => Math.max(0, Math.floor(bucket.level())),
  };
}
