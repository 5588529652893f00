// The only door to time and chance: everything that waits, dates, names or rolls dice asks here, so tests can answer instead.

import { randomFillSync } from 'node:crypto';
import { setTimeout as timer } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';

export interface World {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** A UUIDv7 (RFC 9562) whose time is `at` (ms), so that ids sort by the moment they were made. */
  id(at: number): string;
  /** Resolves after `ms`, or as soon as the signal aborts; it never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Longest delay that setTimeout can hold; longer ones fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemWorld: World = {
  now: Date.now,
  random: Math.random,
  id: timeOrderedIds(pooledBytes()),
  sleep: async (ms, signal) => {
    try {
      await timer(Math.min(Math.max(ms, 0), MAX_TIMER_MS), undefined, signal ? { signal } : {});
    } catch {
      // Aborted: the caller wanted to be woken.
    }
  },
};

/** 16 random bytes a call, drawn from the system many at a time: asking it for each id would cost ten times the id. */
function pooledBytes(): () => Uint8Array {
  const pool = new Uint8Array(4096);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += 16;
    return pool.subarray(used - 16, used);
  };
}

/** A generator of UUIDv7 that also sort within one millisecond; `bytes` may be injected to make them repeatable. */
export function timeOrderedIds(bytes?: () => Uint8Array): (at: number) => string {
  let last = -1;
  let sequence = 0;
  return (at) => {
    sequence = at === last ? sequence + 1 : 0;
    last = at;
    return uuidv7({ msecs: at, seq: sequence, ...(bytes ? { rng: bytes } : {}) });
  };
}
