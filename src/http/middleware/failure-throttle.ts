// Counts failures per client in a time window, in bounded memory.

import { forgetBeyond } from '../../lib/bounded.ts';
import type { World } from '../../lib/world.ts';

interface ThrottleLimits {
  /** Failures that one window allows. */
  readonly failures: number;
  readonly windowMs: number;
  /** A client that continues to fail after a full window gets windows of twice the length each, up to this one. */
  readonly maxWindowMs: number;
  /** Clients in memory. Above it, the client whose last failure is the oldest is dropped. */
  readonly clients: number;
}

const DEFAULT_LIMITS: ThrottleLimits = {
  failures: 20,
  windowMs: 60_000,
  maxWindowMs: 15 * 60_000,
  clients: 10_000,
};

interface Window {
  readonly since: number;
  readonly lengthMs: number;
  failures: number;
}

/**
 * Only failures are counted. Whether a valid credential waits as well is for the caller to decide: clients behind one NAT or
 * proxy share an address, and one of them must not lock out the rest.
 */
export function createFailureThrottle({ elapsed }: Pick<World, 'elapsed'>, allowance = DEFAULT_LIMITS) {
  const windows = new Map<string, Window>();

  function windowOf(client: string, at: number): Window {
    const known = windows.get(client);
    // A Map keeps the order of insertion, so that after delete and set the first entry has the oldest failure.
    windows.delete(client);
    const current = known && at < known.since + known.lengthMs;
    const window = current ? known : { since: at, lengthMs: nextLength(known, at), failures: 0 };
    windows.set(client, window);
    forgetBeyond(windows, allowance.clients);
    return window;
  }

  /** Guessing all day gets slower: the limit of an hour is not 60 times the limit of a minute. */
  function nextLength(last: Window | undefined, at: number): number {
    const continues = last && last.failures >= allowance.failures && at < last.since + 2 * last.lengthMs;
    return continues ? Math.min(2 * last.lengthMs, allowance.maxWindowMs) : allowance.windowMs;
  }

  function secondsLeft(window: Window, at: number): number {
    return Math.ceil((window.since + window.lengthMs - at) / 1000);
  }

  return {
    /** Counts a failure. Returns 0 within the limit, else the seconds until the window ends. */
    fail: (client: string): number => {
      const at = elapsed();
      const window = windowOf(client, at);
      window.failures += 1;
      return window.failures <= allowance.failures ? 0 : secondsLeft(window, at);
    },
    /** Returns 0 while the client may try again, else the seconds until the window ends. Counts nothing. */
    waitOf: (client: string): number => {
      const window = windows.get(client);
      return window === undefined || window.failures < allowance.failures
        ? 0
        : Math.max(0, secondsLeft(window, elapsed()));
    },
  };
}
