// Counts failures per client for a while, in bounded memory.

import type { World } from '../../lib/world.ts';

export interface FailureThrottle {
  /** Counts one more failure; returns for how many more seconds this client has none left, 0 while it has. */
  fail(client: string): number;
}

interface ThrottleLimits {
  /** So many failures are let go in one window. */
  readonly failures: number;
  readonly windowMs: number;
  /** Clients remembered at once: past it, whoever failed longest ago is forgotten. */
  readonly clients: number;
}

const DEFAULT_LIMITS: ThrottleLimits = { failures: 20, windowMs: 60_000, clients: 10_000 };

interface Window {
  readonly since: number;
  failures: number;
}

/**
 * Only what failed is ever counted or refused: a right credential passes whatever else comes from its address, because many
 * clients may share one behind a NAT or a proxy, and one of them must not be able to lock out the others.
 */
export function createFailureThrottle({ now }: Pick<World, 'now'>, allowance = DEFAULT_LIMITS): FailureThrottle {
  const windows = new Map<string, Window>();

  function windowOf(client: string, at: number): Window {
    const known = windows.get(client);
    // A Map keeps the order of insertion: taken out and put back, the first one is the one that failed longest ago.
    windows.delete(client);
    // A clock that was set back begins anew.
    const current = known && at >= known.since && at < known.since + allowance.windowMs;
    const window = current ? known : { since: at, failures: 0 };
    windows.set(client, window);
    const [oldest] = windows.keys();
    if (windows.size > allowance.clients && oldest !== undefined) windows.delete(oldest);
    return window;
  }

  return {
    fail: (client) => {
      const at = now();
      const window = windowOf(client, at);
      window.failures += 1;
      if (window.failures <= allowance.failures) return 0;
      return Math.ceil((window.since + allowance.windowMs - at) / 1000);
    },
  };
}
