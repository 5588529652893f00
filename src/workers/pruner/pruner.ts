// Loop that deletes data older than the retention periods, in small batches between which other work runs.

import { withCommandName } from '../../lib/command-name.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { Round } from '../../lib/loop.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import type { Retention } from '../../store/retention-port.ts';
import { signHead } from '../../store/signed-head.ts';
import type { ExportFiles } from './export-files.ts';
import { createPruneStep, type PruneStep, type PruneTarget } from './prune-step.ts';
import { auditTarget, type PrunedCounts, payloadTarget } from './prune-targets.ts';

/** Free database pages released in one transaction. */
const PAGES = 250;
const BETWEEN_BATCHES_MS = 50;

export interface PrunerTools {
  readonly store: Retention;
  readonly world: World;
  readonly log: Log;
  readonly rules: RetentionRules;
  /** Export written before anything is deleted; null for none. */
  readonly exports: ExportFiles | null;
  /** Returns the time by which data is old enough; default: that of the world. */
  readonly retentionNow?: () => number;
  /** The first secret signs the head that is logged after pruning. */
  readonly secrets: readonly [string, ...string[]];
}

/** Retention periods in days; 0 keeps data for ever. */
export interface RetentionRules {
  readonly auditRetentionDays: number;
  readonly payloadRetentionDays: number;
}

const nothingPruned = (): PrunedCounts => ({ entries: 0, executions: 0, payloads: 0 });

/** Returns the work of the loop. */
export function createPruner(tools: PrunerTools): (round: Pick<Round, 'signal'>) => Promise<number | null> {
  const { store, world, log, rules, retentionNow = world.now } = tools;
  let pruned = nothingPruned();
  let exportNames: string[] = [];
  const pages = createPageRelease(tools);
  let exportFault: string | null = null;
  let stopping: AbortSignal | undefined;
  let at = 0;

  function count(more: Partial<PrunedCounts>): void {
    for (const key in pruned) pruned[key as keyof PrunedCounts] += more[key as keyof PrunedCounts] ?? 0;
  }

  function exported(name: string): void {
    exportNames.push(name);
    if (exportFault !== null) log.info({}, 'the export can be written again: pruning continues');
    exportFault = null;
  }

  const pause = () => world.sleep(BETWEEN_BATCHES_MS, stopping);
  const step = <Batch>(target: PruneTarget<Batch>) =>
    createPruneStep(target, { files: tools.exports, pause, stopping: () => stopping?.aborted === true, exported });
  const options = (days: number) => ({ store, now: world.now, cutoff: () => retentionNow() - days * DAY_MS, count });

  async function logPruned(): Promise<boolean> {
    if (pruned.entries + pruned.payloads === 0) return false;
    const head = signHead(tools.secrets, await store.checkpoint(), world.now());
    log.info({ ...pruned, ...(exportNames.length > 0 ? { exported: exportNames } : {}), head }, 'pruned');
    pruned = nothingPruned();
    exportNames = [];
    pages.mayBeFree();
    return false;
  }

  /** If the export cannot be written, nothing is deleted. The next round retries; the failure is logged once. */
  async function unlessExportFails(run: PruneStep): Promise<boolean> {
    try {
      return await run();
    } catch (error) {
      const fault = fileFaultOf(error);
      if (fault === null) throw error;
      if (exportFault !== fault) {
        log.warn(
          { reason: reasonOf(error) },
          'nothing is pruned: the export cannot be written to RETENTION_EXPORT_DIR',
        );
      }
      exportFault = fault;
      return false;
    }
  }

  const steps: readonly PruneStep[] = [
    ...(rules.payloadRetentionDays > 0 ? [step(payloadTarget(options(rules.payloadRetentionDays)))] : []),
    ...(rules.auditRetentionDays > 0 ? [step(auditTarget(options(rules.auditRetentionDays)))] : []),
    logPruned,
    pages.release,
  ];

  return async ({ signal }) => {
    stopping = signal;
    const isMore = !signal.aborted && (await unlessExportFails(steps[at] as PruneStep));
    // promise: stopped-pruning-is-logged
    if (signal.aborted) {
      await logPruned();
      return null;
    }
    if (isMore) return BETWEEN_BATCHES_MS;
    at = (at + 1) % steps.length;
    return at === 0 ? null : BETWEEN_BATCHES_MS;
  };
}

function createPageRelease({ store, world, log, rules, retentionNow = world.now }: PrunerTools) {
  // True at the start: a crash may have left free pages of an earlier pruning.
  let mayBeFree = true;
  let releasedAt = world.elapsed();
  let canShrink = true;
  return {
    mayBeFree: () => {
      mayBeFree = true;
    },
    release: async (): Promise<boolean> => {
      // What another session held up, or what waits, may go later, also when nothing is pruned any more.
      // promise: pruned-entries-go-without-others
      if (!mayBeFree && world.elapsed() - releasedAt < DAY_MS) return false;
      releasedAt = world.elapsed();
      const left = await store.reclaimSpace(PAGES, retentionNow() - rules.auditRetentionDays * DAY_MS);
      if (left === null && canShrink) {
        canShrink = false;
        log.info({}, withCommandName('the file keeps and reuses the space of pruned data: npm run compact shrinks it'));
      }
      mayBeFree = left !== null && left > 0;
      return mayBeFree;
    },
  };
}

/** Returns the file system's error without the file name, which differs each time; null for any other error. */
function fileFaultOf(error: unknown): string | null {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return syscall === undefined ? null : `${syscall} ${code}`;
}
