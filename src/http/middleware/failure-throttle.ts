// Counts failures per client in a time window, in bounded memory.

import type { World } from '../../lib/world.ts';

export interface FailureThrottle {
  /** Counts a failure. Returns 0 within the limit, else the seconds until the window ends. */
  fail(client: string): number;
}

interface ThrottleLimits {
  /** Failures that one window allows. */
  readonly failures: number;
  readonly windowMs: number;
  /** Clients in memory. Above it, the client whose last failure is the oldest is dropped. */
  readonly clients: number;
}

const DEFAULT_LIMITS: ThrottleLimits = { failures: 20, windowMs: 60_000, clients: 10_000 };

interface Window {
  readonly since: number;
  failures: number;
}

/**
 * Only failures are counted or refused. A valid credential always passes, because clients behind one NAT or proxy share an
 * address, and one of them must not lock out the rest.
 */
export function createFailureThrottle(
  { elapsed }: Pick<World, 'elapsed'>,
  allowance = DEFAULT_LIMITS,
): FailureThrottle {
  const windows = new Map<string, Window>();

  function windowOf(client: string, at: number): Window {
    const known = windows.get(client);
    // A Map keeps the order of insertion, so that after delete and set the first entry has the oldest failure.
    windows.delete(client);
    const current = known && at < known.since + allowance.windowMs;
    const window = current ? known : { since: at, failures: 0 };
    windows.set(client, window);
    const [oldest] = windows.keys();
    if (windows.size > allowance.clients && oldest !== undefined) windows.delete(oldest);
    return window;
  }

  return {
    fail: (client) => {
      const at = elapsed();
      const window = windowOf(client, at);
      window.failures += 1;
      if (window.failures <= allowance.failures) return 0;
      return Math.ceil((window.since + allowance.windowMs - at) / 1000);
    },
  };
}
