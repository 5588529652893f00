// Single flight with a cool-down: concurrent callers share one request, and after a failure no request is made for a while.

import { createPause, exponentialMs } from '../lib/backoff.ts';
import type { World } from '../lib/world.ts';
import { TokenUnavailable } from './port.ts';

/** Repeated requests with wrong credentials may lock a client out. */
const COOL_DOWN = { baseMs: 500, maxMs: 8_000 };

/**
 * Returns a function that shares the result of `load` among concurrent callers. It throws what `load` throws. During the
 * cool-down after a TokenUnavailable it throws that error again, with the remaining time as `retryAfterMs`.
 */
export function createSingleFlight<T>(world: Pick<World, 'elapsed'>, load: () => Promise<T>): () => Promise<T> {
  const coolDown = createPause(world);
  let inFlight: Promise<T> | null = null;
  let failure: TokenUnavailable | null = null;
  let failures = 0;

  async function attempt(): Promise<T> {
    const remainingMs = coolDown.remainingMs();
    if (failure !== null && remainingMs > 0) throw failure.until(remainingMs);
    try {
      const loaded = await load();
      failure = null;
      failures = 0;
      return loaded;
    } catch (error) {
      if (!(error instanceof TokenUnavailable)) throw error;
      failure = error;
      failures += 1;
      const pauseMs = Math.max(error.retryAfterMs, exponentialMs(COOL_DOWN, failures));
      coolDown.start(pauseMs);
      throw error.until(pauseMs);
    }
  }

  return () => {
    inFlight ??= attempt().finally(() => {
      inFlight = null;
    });
    return inFlight;
  };
}
