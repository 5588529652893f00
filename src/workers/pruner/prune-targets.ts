// The two kinds of data that the pruner deletes: payloads with callback bodies, and audit entries with their executions.

import type { PrunableEntries, PrunablePayloads, Retention } from '../../store/retention-port.ts';
import type { PruneTarget } from './prune-step.ts';

/** Audit entries or executions in one transaction, which takes the single writer a few milliseconds. */
const BATCH_SIZE = 100;

/** What has been pruned since the last log line. */
export interface PrunedCounts {
  entries: number;
  executions: number;
  payloads: number;
}

interface TargetOptions {
  readonly store: Retention;
  readonly now: () => number;
  /** Returns the time before which data is pruned, in milliseconds. */
  readonly cutoff: () => number;
  readonly count: (pruned: Partial<PrunedCounts>) => void;
}

export function payloadTarget({ store, now, cutoff, count }: TargetOptions): PruneTarget<PrunablePayloads> {
  return {
    kind: 'payloads',
    select: async (after) =>
      after?.next === null ? undefined : store.prunablePayloads(BATCH_SIZE, cutoff(), after?.next ?? null),
    records: store.payloadRecords,
    start: async () => null,
    range: (batches) => {
      const references = batches.flatMap((batch) => batch.references).sort();
      const bodies = batches.flatMap((batch) => batch.bodies);
      return references.length > 0 ? between(references) : `bodies-${between(bodies.map(padded).sort())}`;
    },
    delete: async (batch) => {
      if (batch.references.length + batch.bodies.length === 0) return batch.next !== null;
      count({ payloads: await store.prunePayloads(batch, cutoff(), now()) });
      return true;
    },
  };
}

export function auditTarget({ store, cutoff, count }: TargetOptions): PruneTarget<PrunableEntries> {
  return {
    kind: 'audit',
    select: (after) => store.prunableEntries(BATCH_SIZE, cutoff(), after),
    records: store.entryRecords,
    start: store.checkpoint,
    range: (batches) => between(batches.flatMap(({ first, last }) => [padded(first), padded(last)])),
    delete: async ({ last }) => {
      const { entries, executions } = await store.prune(BATCH_SIZE, cutoff(), last);
      count({ entries, executions });
      await store.dropPruned(last);
      return entries > 0;
    },
  };
}

function between(ids: readonly string[]): string {
  return `${ids[0]}-${ids.at(-1)}`;
}

/** Pads an id so that file names sort as ids do. */
function padded(id: number): string {
  return String(id).padStart(12, '0');
}
