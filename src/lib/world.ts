// The only access to time, chance and ids, so that tests can replace them.

import { randomFillSync } from 'node:crypto';
import { setTimeout as timer } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';

export interface World {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since an unspecified moment. No step of the wall clock changes it: durations within a process are measured with it. */
  elapsed(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Returns a UUIDv7 (RFC 9562) with the time `at` (milliseconds), so that ids sort by creation. */
  id(at: number): string;
  /** Resolves after `ms`, or as soon as the signal aborts; it never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Longest delay that setTimeout supports; longer ones fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemWorld: World = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: Math.random,
  id: timeOrderedIds(pooledBytes()),
  sleep: async (ms, signal) => {
    try {
      await timer(Math.min(Math.max(ms, 0), MAX_TIMER_MS), undefined, signal ? { signal } : {});
    } catch {
      // Aborted: the caller wakes early, as documented.
    }
  },
};

/** Returns 16 random bytes per call from a pool: a system call per id would cost ten times as much as the id. */
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

/** Returns a generator of UUIDv7 that also sort within one millisecond. `bytes` makes them repeatable. */
export function timeOrderedIds(bytes?: () => Uint8Array): (at: number) => string {
  let last = -1;
  let sequence = 0;
  return (at) => {
    sequence = at === last ? sequence + 1 : 0;
    last = at;
    return uuidv7({ msecs: at, seq: sequence, ...(bytes ? { rng: bytes } : {}) });
  };
}
