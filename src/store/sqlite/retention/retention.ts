// The retention role of the store: selects, exports and prunes audit entries and payloads, and returns free space.

import type { Database } from 'better-sqlite3';
import type { Change } from '../../port.ts';
import type { Retention } from '../../retention-port.ts';
import type { Checkpointer } from '../file/checkpoint/checkpointer.ts';
import { unchanged, type Writer } from '../group-commit.ts';
import type { RollupCounts } from '../rollups/count.ts';
import type { Statements } from '../statements.ts';
import { reclaimSpace } from './incremental-vacuum.ts';
import { createAuditPruning } from './prune-audit.ts';
import { createPayloadPruning } from './prune-payloads.ts';

export interface RetentionTools {
  readonly writer: Pick<Writer<Change>, 'mutate'>;
  readonly checkpoints: Pick<Checkpointer, 'alone'>;
  readonly rollups: Pick<RollupCounts, 'subtractPruned'>;
}

export function createRetention(
  client: Database,
  sql: Pick<Statements, 'checkpoint'>,
  { writer, checkpoints, rollups }: RetentionTools,
): Retention {
  const audit = createAuditPruning(client, rollups.subtractPruned);
  const payloads = createPayloadPruning(client);
  return {
    prune: (limit, cutoff, through) => writer.mutate(() => unchanged(audit.prune(limit, cutoff, through))),
    prunableEntries: async (limit, cutoff, after) => audit.prunable(limit, cutoff, after),
    entryRecords: async (batch) => audit.records(batch),
    prunablePayloads: async (limit, cutoff, after) => payloads.prunable(limit, cutoff, after),
    payloadRecords: async (batch) => payloads.records(batch),
    prunePayloads: (batch, cutoff, now) => writer.mutate(() => unchanged(payloads.prune(batch, cutoff, now))),
    checkpoint: async () => {
      const { prunedThrough: id = 0, hash = '' } = sql.checkpoint.get() ?? {};
      return { id, hash };
    },
    // A file has no partitions: later rows take the pages.
    dropPruned: async () => {},
    reclaimSpace: (pages) => reclaimSpace(client, { writer, checkpoints }, pages),
  };
}
