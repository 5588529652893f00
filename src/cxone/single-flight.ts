// Single flight with a cool-down: concurrent callers share one request, and after a failure no request is made for a while.

import { createPause, exponentialMs } from '../lib/backoff.ts';
import type { World } from '../lib/world.ts';
import { TokenUnavailable } from './port.ts';

/** Repeated requests with wrong credentials may lock a client out. */
const COOL_DOWN = { baseMs: 500, maxMs: 8_000 };

export interface SingleFlight<T> {
  /**
   * Shares the result of `load` among concurrent callers. During the cool-down after a TokenUnavailable, throws that error again, with
   * the remaining time as `retryAfterMs`. @throws what `load` throws
   */
  run(): Promise<T>;
  /** Returns the response that asked for a pause, with the rest of that; null when there is none. */
  asked(): TokenUnavailable | null;
  /** Takes over what a response to another receiver has asked for. A longer cool-down stays. */
  hold(failure: TokenUnavailable): void;
}

/** @param whenAsked called when a response asks for a pause */
export function createSingleFlight<T>(
  world: Pick<World, 'elapsed'>,
  load: () => Promise<T>,
  whenAsked = () => {},
): SingleFlight<T> {
  const coolDown = createPause(world);
  /** The part of the cool-down that a response asked for. */
  const asked = createPause(world);
  let inFlight: Promise<T> | null = null;
  let failure: TokenUnavailable | null = null;
  let failures = 0;

  function coolDownAfter(error: TokenUnavailable, ms: number): void {
    failure = error;
    coolDown.start(ms);
    // Without a response, it is the rest of a pause that is known otherwise.
    asked.start(error.httpStatus === 0 ? 0 : error.retryAfterMs);
  }

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
      failures += 1;
      const pauseMs = Math.max(error.retryAfterMs, exponentialMs(COOL_DOWN, failures));
      coolDownAfter(error, pauseMs);
      if (asked.remainingMs() > 0) whenAsked();
      throw error.until(pauseMs);
    }
  }

  return {
    run: () => {
      inFlight ??= attempt().finally(() => {
        inFlight = null;
      });
      return inFlight;
    },
    asked: () => {
      const remainingMs = asked.remainingMs();
      return failure === null || remainingMs === 0 ? null : failure.until(remainingMs);
    },
    hold: (error) => {
      const remainingMs = failure === null ? 0 : coolDown.remainingMs();
      if (error.retryAfterMs > remainingMs) coolDownAfter(error, error.retryAfterMs);
    },
  };
}
