// Whether the receiver can keep its promises now: it takes writes, its loops run, it is not on its way out.

import { reasonOf } from '../lib/log.ts';
import type { Loop } from '../lib/loop.ts';
import type { World } from '../lib/world.ts';
import type { CommitProbe } from '../store/port.ts';

/** One proof of a commit serves all who ask within this time: asking must not become a load. */
const PROOF_LASTS_MS = 1_000;
const PROOF_TIMEOUT_MS = 2_000;

export interface ReadinessSources {
  readonly store: CommitProbe;
  readonly world: Pick<World, 'now' | 'sleep'>;
  loops(): ReadonlyMap<string, Loop>;
  draining(): boolean;
}

/** Returns what is not ready, in words; nothing when all is well. An outage of CXone is no reason. */
export function createReadiness({ store, world, loops, draining }: ReadinessSources): () => Promise<string[]> {
  let provenAt = Number.NEGATIVE_INFINITY;
  let proof: Promise<string | null> = Promise.resolve(null);

  async function prove(): Promise<string | null> {
    const answered = new AbortController();
    try {
      return await Promise.race([
        store.ping(world.now()).then(() => null),
        world
          .sleep(PROOF_TIMEOUT_MS, answered.signal)
          .then(() => (answered.signal.aborted ? null : 'the database did not commit in time')),
      ]);
    } catch (error) {
      return `the database takes no writes (${reasonOf(error)})`;
    } finally {
      answered.abort();
    }
  }

  return async () => {
    if (Math.abs(world.now() - provenAt) >= PROOF_LASTS_MS) {
      provenAt = world.now();
      proof = prove();
    }
    const dead = [...loops()].filter(([, loop]) => !loop.alive()).map(([name]) => `the ${name} loop is not running`);
    const refusal = await proof;
    return [...(draining() ? ['draining'] : []), ...dead, ...(refusal === null ? [] : [refusal])];
  };
}
