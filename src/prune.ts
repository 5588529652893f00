// Verb: forget what is older than the retention period, in small batches that let everything else through.

import type { Work } from './loop.ts';
import type { Store } from './store/port.ts';
import type { World } from './world.ts';

const BATCH = 500;
const BETWEEN_BATCHES_MS = 100;
const DAY_MS = 24 * 60 * 60 * 1000;

/** @param retentionDays at least 1; keeping everything is done by not running this. */
export function createPruning(store: Store, world: World, retentionDays: number): Work {
  return async () => {
    const { entries } = await store.prune(BATCH, world.now() - retentionDays * DAY_MS);
    return entries === BATCH ? BETWEEN_BATCHES_MS : null;
  };
}
