// Readiness: the database accepts writes, the loops are alive, and the receiver is not draining.

import { reasonOf } from '../lib/log.ts';
import type { Loop } from '../lib/loop.ts';
import type { World } from '../lib/world.ts';
import type { CommitProbe } from '../store/port.ts';

/** One test commit serves all requests within this time, so that probes do not become a load. */
const TEST_LASTS_MS = 1_000;
const TEST_TIMEOUT_MS = 2_000;

export interface ReadinessSources {
  readonly store: CommitProbe;
  readonly world: Pick<World, 'now' | 'elapsed' | 'sleep'>;
  loops(): ReadonlyMap<string, Loop>;
  draining(): boolean;
}

/** Returns a function that lists the reasons why the receiver is not ready. An outage of CXone is not a reason. */
export function createReadiness({ store, world, loops, draining }: ReadinessSources): () => Promise<string[]> {
  let testedAt = Number.NEGATIVE_INFINITY;
  let test: Promise<string | null> = Promise.resolve(null);

  async function testCommit(): Promise<string | null> {
    const finished = new AbortController();
    try {
      return await Promise.race([
        store.ping(world.now()).then(() => null),
        world
          .sleep(TEST_TIMEOUT_MS, finished.signal)
          .then(() => (finished.signal.aborted ? null : 'the database did not commit in time')),
      ]);
    } catch (error) {
      return `the database takes no writes (${reasonOf(error)})`;
    } finally {
      finished.abort();
    }
  }

  return async () => {
    if (world.elapsed() - testedAt >= TEST_LASTS_MS) {
      testedAt = world.elapsed();
      test = testCommit();
    }
    const dead = [...loops()].filter(([, loop]) => !loop.alive()).map(([name]) => `the ${name} loop is not running`);
    const refusal = await test;
    return [...(draining() ? ['draining'] : []), ...dead, ...(refusal === null ? [] : [refusal])];
  };
}
