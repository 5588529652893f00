// A world whose clock moves only when a test moves it and whose random numbers repeat, so that tests do not sleep.

import { timeOrderedIds, type World } from '../../src/lib/world.ts';

export interface ManualWorld extends World {
  /** Moves the clock by `ms` and wakes sleepers in order of their due time, including those that start meanwhile. */
  advance(ms: number): Promise<void>;
  /** Moves the clock by `ms` at once and wakes each sleeper that is due once, late, as a machine does that was suspended. */
  oversleep(ms: number): Promise<void>;
  /** Runs all work that does not wait for the clock. */
  settle(): Promise<void>;
  /** Sets the wall clock without letting time pass, as an operator or NTP does; the duration of sleeps does not change. */
  stepClock(ms: number): void;
  /** The number of sleepers; 0 means that no timer is left. */
  readonly sleepers: number;
}

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** 2026-01-01T00:00:00Z */
export const START = 1_767_225_600_000;

/** @param settle runs the work that does not wait for the clock; default: a turn of the event loop */
export function createManualWorld(seed = 1, start = START, settle = turn): ManualWorld {
  const random = seededRandom(seed);
  const sleepers = new Set<Sleeper>();
  // The elapsed time, apart from the wall clock that may be set.
  let elapsed = 0;
  let offset = start;

  const next = (until: number): Sleeper | undefined => {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (sleeper.wakeAt <= until && (first === undefined || sleeper.wakeAt < first.wakeAt)) first = sleeper;
    }
    return first;
  };

  return {
    now: () => offset + elapsed,
    elapsed: () => elapsed,
    random,
    id: timeOrderedIds(() => Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256))),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper: Sleeper = { wakeAt: elapsed + Math.max(0, ms), wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
      }),
    advance: async (ms) => {
      const until = elapsed + ms;
      await settle();
      for (let sleeper = next(until); sleeper !== undefined; sleeper = next(until)) {
        elapsed = Math.max(elapsed, sleeper.wakeAt);
        sleeper.wake();
        await settle();
      }
      elapsed = until;
    },
    oversleep: async (ms) => {
      elapsed += ms;
      for (const { wakeAt, wake } of [...sleepers]) if (wakeAt <= elapsed) wake();
      await settle();
    },
    settle,
    stepClock: (ms) => {
      offset += ms;
    },
    get sleepers() {
      return sleepers.size;
    },
  };
}

/** A turn of the event loop: all microtasks run before it ends, including those that they start. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Mulberry32: uniform in [0, 1), the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
