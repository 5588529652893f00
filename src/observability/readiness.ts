// Readiness: the database accepts writes, the loops are alive, the clock is right, and the receiver is not draining.

import { type Log, reasonOf } from '../lib/log.ts';
import type { Loop } from '../lib/loop.ts';
import type { World } from '../lib/world.ts';
import type { CommitProbe } from '../store/port.ts';

/** One test commit serves all requests within this time, so that probes do not become a load. */
const TEST_LASTS_MS = 1_000;
const TEST_TIMEOUT_MS = 2_000;

/** A part of a receiver that is not ready. */
export interface NotReady {
  /** Names the part, for anyone. */
  readonly part: string;
  /** What the database said, which may name hosts, roles and paths: for operators. Left out if it said nothing. */
  readonly words?: string;
}

export interface ReadinessSources {
  readonly store: CommitProbe;
  readonly log: Log;
  readonly world: Pick<World, 'now' | 'elapsed' | 'sleep'>;
  loops(): ReadonlyMap<string, Loop>;
  draining(): boolean;
  /** Returns what is wrong with the clock of this machine, in words; null while nothing is. */
  clockProblem(): string | null;
}

/** Returns a function that lists what is not ready. An outage of CXone does not count. */
export function createReadiness(sources: ReadinessSources): () => Promise<NotReady[]> {
  const { store, log, world, loops, draining, clockProblem } = sources;
  let testedAt = Number.NEGATIVE_INFINITY;
  let test: Promise<NotReady | null> = Promise.resolve(null);
  /** What the database said, as the log has it; null while it takes writes. */
  let logged: string | null = null;

  function refused(words: string): NotReady {
    if (words !== logged) log.warn({ reason: words }, 'not ready: the database takes no writes');
    logged = words;
    return { part: 'the database takes no writes', words };
  }

  async function testCommit(): Promise<NotReady | null> {
    const finished = new AbortController();
    try {
      return await Promise.race([
        store.ping(world.now()).then(() => {
          logged = null;
          return null;
        }),
        world
          .sleep(TEST_TIMEOUT_MS, finished.signal)
          .then(() => (finished.signal.aborted ? null : { part: 'the database did not commit in time' })),
      ]);
    } catch (error) {
      return refused(reasonOf(error));
    } finally {
      finished.abort();
    }
  }

  return async () => {
    // A test from before the connection was lost says nothing.
    const down = store.unavailable?.() ?? null;
    if (down === null && world.elapsed() - testedAt >= TEST_LASTS_MS) {
      testedAt = world.elapsed();
      test = testCommit();
    }
    const dead = [...loops()].flatMap(([name, loop]) =>
      loop.alive() ? [] : [{ part: `the ${name} loop is not running` }],
    );
    const problem = clockProblem();
    const refusal = down === null ? await test : refused(down);
    return [
      ...(draining() ? [{ part: 'draining' }] : []),
      ...dead,
      ...(problem === null ? [] : [{ part: problem }]),
      ...(refusal === null ? [] : [refusal]),
    ];
  };
}
