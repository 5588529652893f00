// Exponential backoff: the pauses after failures in a row, for retries of one item and for a whole queue.

import type { World } from './world.ts';

export interface BackoffLimits {
  /** The pause after the first failure. */
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Returns the pause after `failures` in a row, in milliseconds: `min(maxMs, baseMs · 2^(failures − 1))`. */
export function exponentialMs({ baseMs, maxMs }: BackoffLimits, failures: number): number {
  return Math.min(maxMs, baseMs * 2 ** Math.max(0, failures - 1));
}

/**
 * Returns when to retry, with full jitter: uniform in `[0, exponentialMs)` above `floorMs` (a Retry-After). Pure.
 * @param chance a random number in [0, 1)
 */
export function fullJitterRetryAt(
  limits: BackoffLimits,
  { now, failures, floorMs, chance }: { now: number; failures: number; floorMs: number; chance: number },
): number {
  // promise: retry-after-is-a-floor
  return Math.ceil(now + floorMs + exponentialMs(limits, failures) * chance);
}

export function createPause(world: Pick<World, 'elapsed'>) {
  let until = Number.NEGATIVE_INFINITY;
  return {
    /** Begins a pause of `ms` milliseconds in place of any other. */
    start: (ms: number): void => {
      until = world.elapsed() + ms;
    },
    end: (): void => {
      until = Number.NEGATIVE_INFINITY;
    },
    /** Milliseconds that the pause still lasts; 0 when there is none. */
    // In whole milliseconds: a sleep for the rest must not end before it.
    remainingMs: (): number => Math.max(0, Math.ceil(until - world.elapsed())),
  };
}

/** A pause of at most 5 s lets the queue notice the end of an outage soon. */
const QUEUE_LIMITS: BackoffLimits = { baseMs: 250, maxMs: 5_000 };

/** Stops a queue for a while after failures in a row, so that it does not run against an endpoint that is down. */
export type Backoff = ReturnType<typeof createBackoff>;

/** @param tolerated failures in a row that cause no pause */
export function createBackoff(world: Pick<World, 'elapsed' | 'random'>, tolerated: number) {
  const pause = createPause(world);
  let failures = 0;
  return {
    /** Counts one failure; failures during a pause count once. The pause lasts at least `floorMs`. */
    failed: (floorMs: number): void => {
      if (pause.remainingMs() > 0) return;
      failures += 1;
      const excess = failures - tolerated;
      const backoffMs = excess <= 0 ? 0 : exponentialMs(QUEUE_LIMITS, excess) * (0.5 + 0.5 * world.random());
      pause.start(Math.ceil(Math.max(floorMs, backoffMs)));
    },
    succeeded: (): void => {
      failures = 0;
    },
    /** Milliseconds until the queue may continue. */
    remainingMs: pause.remainingMs,
  };
}
