// Verb: forget what is older than the retention periods, in small batches that let everything else through.

import { withCommandName } from '../../lib/command-name.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { Round } from '../../lib/loop.ts';
import type { World } from '../../lib/world.ts';
import type { Store } from '../../store/port.ts';
import type { PrunableEntries, PrunablePayloads, Retention } from '../../store/retention-port.ts';
import { signHead } from '../../store/signed-head.ts';
import type { ExportFiles } from './export-files.ts';
import { createPruneStep, type PruneStep, type PruneTarget } from './prune-step.ts';

/** Audit entries, or executions, in one transaction: a few milliseconds of the one writer. */
const BATCH = 100;
/** Of free space, given back in one transaction. */
const PAGES = 250;
const BETWEEN_BATCHES_MS = 50;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface PrunerTools {
  readonly store: Pick<Store, 'prune'> & Retention;
  readonly world: World;
  readonly log: Log;
  readonly rules: RetentionRules;
  /** Where what goes is written down before; null for nowhere. */
  readonly exports: ExportFiles | null;
  /** Signs the line that tells how far the trail was pruned. */
  readonly secrets: readonly [string, ...string[]];
}

/** In days; 0 keeps. */
export interface RetentionRules {
  readonly auditRetentionDays: number;
  readonly payloadRetentionDays: number;
}

interface PrunedCounts {
  entries: number;
  executions: number;
  payloads: number;
  readonly exported: string[];
}

const nothing = (): PrunedCounts => ({ entries: 0, executions: 0, payloads: 0, exported: [] });

/** Work for a loop. */
export function createPruner(tools: PrunerTools): (round: Pick<Round, 'signal'>) => Promise<number | null> {
  const { store, world, log, rules } = tools;
  let done = nothing();
  // What a crash left of an earlier pruning is brought to its end.
  let spaceIsFree = true;
  let canShrink = true;
  let failing: string | null = null;
  let stopping: AbortSignal | undefined;

  const cutoff = (days: number) => world.now() - days * DAY_MS;
  const pause = () => world.sleep(BETWEEN_BATCHES_MS, stopping);
  const forgetting = <Batch>(things: PruneTarget<Batch>): PruneStep =>
    createPruneStep(things, tools.exports, pause, exported);

  function exported(name: string): void {
    done.exported.push(name);
    if (failing !== null) log.info({}, 'what goes can be exported again: pruning goes on');
    failing = null;
  }

  const payloads: PruneTarget<PrunablePayloads> = {
    kind: 'payloads',
    select: async (after) =>
      after?.next === null
        ? undefined
        : store.prunablePayloads(BATCH, cutoff(rules.payloadRetentionDays), after?.next ?? null),
    records: store.payloadRecords,
    range: (batches) => {
      const references = batches.flatMap((batch) => batch.references).sort();
      const bodies = batches.flatMap((batch) => batch.bodies);
      return references.length > 0 ? between(references) : `bodies-${between(bodies.map(padded).sort())}`;
    },
    delete: async (batch) => {
      if (batch.references.length + batch.bodies.length === 0) return batch.next !== null;
      done.payloads += await store.prunePayloads(batch, cutoff(rules.payloadRetentionDays), world.now());
      return true;
    },
  };

  const entries: PruneTarget<PrunableEntries> = {
    kind: 'audit',
    select: (after) => store.prunableEntries(BATCH, cutoff(rules.auditRetentionDays), after),
    records: store.entryRecords,
    range: (batches) => between(batches.flatMap(({ first, last }) => [padded(first), padded(last)])),
    delete: async ({ last }) => {
      const pruned = await store.prune(BATCH, cutoff(rules.auditRetentionDays), last);
      done.entries += pruned.entries;
      done.executions += pruned.executions;
      return pruned.entries > 0;
    },
  };

  async function tell(): Promise<boolean> {
    if (done.entries + done.payloads === 0) return false;
    const checkpoint = await store.checkpoint();
    const { exported, ...counts } = done;
    const head = signHead(tools.secrets, checkpoint, world.now());
    log.info({ ...counts, ...(exported.length > 0 ? { exported } : {}), head }, 'pruned');
    done = nothing();
    spaceIsFree = true;
    return false;
  }

  async function giveBack(): Promise<boolean> {
    if (!spaceIsFree) return false;
    const left = await store.reclaimSpace(PAGES);
    if (left === null && canShrink) {
      canShrink = false;
      log.info(
        {},
        withCommandName(
          'what pruning frees stays in the file and is used again: npm run compact lets it go back to the disk',
        ),
      );
    }
    spaceIsFree = left !== null && left > 0;
    return spaceIsFree;
  }

  const steps: readonly PruneStep[] = [
    ...(rules.payloadRetentionDays > 0 ? [forgetting(payloads)] : []),
    ...(rules.auditRetentionDays > 0 ? [forgetting(entries)] : []),
    tell,
    giveBack,
  ];
  let at = 0;

  /** Without its copy nothing goes. It is tried again with the next round; the log is told once. */
  async function taken(step: PruneStep): Promise<boolean> {
    try {
      return await step();
    } catch (error) {
      const fault = faultOfFiles(error);
      if (fault === null) throw error;
      if (failing !== fault) {
        log.warn(
          { reason: reasonOf(error) },
          'nothing is pruned: what would go cannot be written to RETENTION_EXPORT_DIR',
        );
      }
      failing = fault;
      return false;
    }
  }

  return async ({ signal }) => {
    stopping = signal;
    const step = steps[at] as PruneStep;
    if (await taken(step)) return BETWEEN_BATCHES_MS;
    at = (at + 1) % steps.length;
    return at === 0 ? null : BETWEEN_BATCHES_MS;
  };
}

function between(ids: readonly string[]): string {
  return `${ids[0]}-${ids.at(-1)}`;
}

/** As long as any id is, so that names sort as ids do. */
function padded(id: number): string {
  return String(id).padStart(12, '0');
}

/** What the file system complains of; null for any other error. The name of the file is another one each time. */
function faultOfFiles(error: unknown): string | null {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return syscall === undefined ? null : `${syscall} ${code}`;
}
