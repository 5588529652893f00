// Time and randomness of a simulation: one clock for all, and a world on it for each receiver that ends with the receiver.

import { timeOrderedIds, type World } from '../../src/lib/world.ts';
import { START, seededRandom } from '../support/manual-world.ts';
import { demand } from './violation.ts';

export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number;
  /** Elapsed milliseconds, independent of the wall clock. */
  elapsed(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Sets the wall clock forward or back without letting time pass. */
  step(ms: number): void;
  /**
   * Advances by `ms` and wakes sleepers in order, each at most `lateMs` late; all work of one settles before the next wakes. Loops
   * that wake late have fewer rounds.
   */
  advance(ms: number, lateMs?: number): Promise<void>;
  /** Runs all work that needs no time. */
  settle(): Promise<void>;
  /** A world on this clock. */
  world(seed: number): MortalWorld;
  /** Reports activity: the work has not settled yet. */
  touch(): void;
}

export interface MortalWorld extends World {
  /** No sleeper of this world wakes any more; a later sleep returns at once, so that the work ends. */
  end(): void;
}

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** This number of event loop turns without activity means that work has settled; the store's writer waits for two at most. */
const TURNS_OF_REST = 4;
/** Work that stays active for this number of turns without time passing is an endless loop. */
const MAX_TURNS = 50_000;

export function createClock(): Clock {
  const sleepers = new Set<Sleeper>();
  let elapsed = 0;
  let offset = START;
  let touched = true;

  function next(until: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (sleeper.wakeAt <= until && (first === undefined || sleeper.wakeAt < first.wakeAt)) first = sleeper;
    }
    return first;
  }

  function sleepIn(home: Set<Sleeper>, ms: number, signal: AbortSignal | undefined): Promise<void> {
    touched = true;
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        touched = true;
        sleepers.delete(sleeper);
        home.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { wakeAt: elapsed + Math.max(0, ms), wake };
      sleepers.add(sleeper);
      home.add(sleeper);
      signal?.addEventListener('abort', wake);
    });
  }

  async function settle(): Promise<void> {
    for (let rest = 0, turns = 0; rest < TURNS_OF_REST; rest += 1, turns += 1) {
      demand(
        turns < MAX_TURNS,
        'the receiver comes to rest',
        () => `it is busy, and at ${elapsed} ms time stands still`,
      );
      touched = false;
      await new Promise(setImmediate);
      next(elapsed)?.wake();
      if (touched) rest = -1;
    }
  }

  return {
    now: () => offset + elapsed,
    elapsed: () => elapsed,
    sleep: (ms, signal) => sleepIn(new Set(), ms, signal),
    step: (ms) => {
      offset += ms;
    },
    advance: async (ms, lateMs = 0) => {
      const until = elapsed + ms;
      await settle();
      for (let sleeper = next(until); sleeper !== undefined; sleeper = next(until)) {
        elapsed = Math.max(elapsed, Math.min(until, sleeper.wakeAt + lateMs));
        sleeper.wake();
        await settle();
      }
      elapsed = until;
    },
    settle,
    touch: () => {
      touched = true;
    },
    world: (seed) => {
      const random = seededRandom(seed);
      const own = new Set<Sleeper>();
      let ended = false;
      const alive = <T>(value: T): T => {
        if (!ended) touched = true;
        return value;
      };
      return {
        now: () => alive(offset + elapsed),
        elapsed: () => alive(elapsed),
        random: () => alive(random()),
        id: timeOrderedIds(() => Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256))),
        sleep: (ms, signal) => (ended ? new Promise(setImmediate) : sleepIn(own, ms, signal)),
        end: () => {
          ended = true;
          for (const sleeper of own) sleepers.delete(sleeper);
        },
      };
    },
  };
}

/** The platform's stopwatch stands still meanwhile, so that a history runs the same on every machine. */
export async function withStoppedWatch<T>(run: () => Promise<T>): Promise<T> {
  Object.defineProperty(performance, 'now', { value: () => 0, configurable: true });
  try {
    return await run();
  } finally {
    Reflect.deleteProperty(performance, 'now');
  }
}
