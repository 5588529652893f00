// Loops of upkeep: count executions from before the first roll-up, in small slices between which other work runs, and write counted repeats of events into the audit trail.

import type { Log } from '../lib/log.ts';
import type { Work } from '../lib/loop.ts';
import { isoTime } from '../lib/time.ts';
import type { World } from '../lib/world.ts';
import type { RollupHistory, Rollups } from '../store/rollups-port.ts';
import type { RepeatSummaries } from '../store/upkeep-port.ts';

/** Executions that one transaction counts, which takes a few milliseconds. */
const SLICE = 250;
const PAUSE_MS = 10;
const LOG_EVERY_MS = 10_000;

interface HistoryCounterTools {
  readonly store: RollupHistory & Pick<Rollups, 'coverage'>;
  readonly world: Pick<World, 'elapsed'>;
  readonly log: Log;
}

export function createHistoryCounter({ store, world, log }: HistoryCounterTools): Work {
  let counted = 0;
  let loggedAt = world.elapsed();
  let done = false;
  return async () => {
    // Nothing is left to count for as long as the file is open.
    done ||= (await store.coverage()).countedFrom === 0;
    if (done) return null;
    const { countedFrom } = await store.countHistory(SLICE);
    done = countedFrom === 0;
    counted += SLICE;
    if (done) {
      log.info({}, 'the roll-ups count all executions');
      return null;
    }
    if (world.elapsed() - loggedAt >= LOG_EVERY_MS) {
      loggedAt = world.elapsed();
      log.info({ counted, countedFrom: isoTime(countedFrom) }, 'counting executions from before the roll-ups');
    }
    return PAUSE_MS;
  };
}

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
