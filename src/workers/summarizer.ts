// Loop that writes counted repeats of events into the audit trail.

import type { Work } from '../lib/loop.ts';
import type { World } from '../lib/world.ts';
import type { RepeatSummaries } from '../store/upkeep-port.ts';

/** Executions whose counts are written in one round. */
const MAX_SUMMARIZED = 100;

interface SummarizerTools {
  readonly store: RepeatSummaries;
  readonly world: Pick<World, 'now'>;
}

export function createSummarizer({ store, world }: SummarizerTools): Work {
  return async () => {
    await store.summarizeRepeats(MAX_SUMMARIZED, world.now());
    const next = await store.nextSummary();
    return next === null ? null : Math.max(0, next - world.now());
  };
}
