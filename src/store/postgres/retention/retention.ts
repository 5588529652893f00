// The retention role on PostgreSQL: selects, exports and prunes audit entries and payloads.

import { notificationIds } from '../../../notification/outgoing.ts';
import type { PrunableEntries, PruneResult, Retention, RetentionRecord } from '../../retention-port.ts';
import { callbackBodyRecord, MAX_BATCH_BYTES } from '../../shared/prunable-payloads.ts';
import { createPayloadPruning, type RetentionTools } from './payloads.ts';

type Exported = Record<string, unknown>;

const MAX_ID = Number.MAX_SAFE_INTEGER;

const PRUNE = `SELECT row_to_json(pruned) FROM json_to_record($1) AS g(most integer, cutoff bigint, through bigint, bytes bigint)
  CROSS JOIN LATERAL prune_entries(g.most, g.cutoff, g.through, g.bytes) AS pruned`;

const PRUNABLE = 'SELECT min(id) AS first, max(id) AS last FROM prunable_entries($1, $2, $3, $4)';

/** An execution is pruned with its last entry. */
const GONE = `SELECT entry.execution FROM audit_rows AS entry WHERE entry.id BETWEEN $1 AND $2
  AND NOT EXISTS (SELECT 1 FROM audit_rows AS later WHERE later.execution = entry.execution AND later.id > $2)`;

const EXECUTIONS = `SELECT * FROM executions WHERE correlation_id IN (SELECT correlation_id FROM execution_rows WHERE id IN (${GONE}))`;
const NOTIFICATIONS = 'SELECT * FROM notifications WHERE id = ANY ($1::text[]) ORDER BY sequence';
const ENTRIES = 'SELECT * FROM audit_events WHERE id BETWEEN $1 AND $2 ORDER BY id';
const BODIES = `SELECT audit_id, content_type, body, iso_time(pruned_at) AS pruned_at FROM callback_bodies
  WHERE audit_id BETWEEN $1 AND $2 ORDER BY audit_id`;

/** A statement of its own, so that it holds the lock on the table briefly. */
const RECLAIM = `SELECT to_json(reclaim_entries(g.most, g.cutoff)) FROM json_to_record($1) AS g(most integer, cutoff bigint)`;

/** The last id of the oldest partition that has entries which are not pruned. */
const NEXT_END = `SELECT min(p.last) AS last FROM audit_partitions AS p WHERE p.last > (SELECT pruned_through FROM audit_checkpoint)`;

const CHECKPOINT = 'SELECT pruned_through AS id, hash FROM audit_checkpoint';

export function createRetention({ reads, session, writer }: RetentionTools): Retention {
  async function entryRecords({ first, last }: PrunableEntries): Promise<RetentionRecord[]> {
    const executions = await reads.all<Exported>(EXECUTIONS, [first, last]);
    const ids = executions.flatMap(({ reference }) => notificationIds(String(reference)));
    const [notifications, entries, bodies] = [
      await reads.all<Exported>(NOTIFICATIONS, [ids]),
      await reads.all<Exported>(ENTRIES, [first, last]),
      await reads.all<Parameters<typeof callbackBodyRecord>[0]>(BODIES, [first, last]),
    ];
    return [
      ...executions.map((row) => ({ type: 'execution', ...row })),
      ...notifications.map((row) => ({ type: 'notification', ...row })),
      ...entries.map((row) => ({ type: 'audit_event', ...row })),
      ...bodies.map(callbackBodyRecord),
    ];
  }

  let nextEnd = 0;
  const reclaim = (most: number, cutoff: number) =>
    session.writeAsLeader<number>(RECLAIM, { most, cutoff: Math.trunc(cutoff) });

  async function dropPruned(through: number): Promise<void> {
    if (through < nextEnd) return;
    nextEnd = (await reads.first<{ last: number | null }>(NEXT_END))?.last ?? 0;
    // Each end is tried once: who writes waits behind the lock that a drop takes, or does not get.
    // promise: postgres/partition-goes-during-a-long-pruning
    while ((await reclaim(1, 0)) > 0);
  }

  return {
    dropPruned,
    prune: (limit, cutoff, through = MAX_ID) =>
      session.writeAsLeader<PruneResult>(PRUNE, {
        most: limit,
        cutoff: Math.trunc(cutoff),
        through,
        bytes: MAX_BATCH_BYTES,
      }),
    prunableEntries: async (limit, cutoff, after) => {
      const values = [after?.last ?? 0, limit, Math.trunc(cutoff), MAX_BATCH_BYTES];
      const row = await reads.first<{ first: number | null; last: number | null }>(PRUNABLE, values);
      return row?.first == null || row.last === null ? undefined : { first: row.first, last: row.last };
    },
    entryRecords,
    ...createPayloadPruning({ reads, session, writer }),
    checkpoint: async () => (await reads.first<{ id: number; hash: string }>(CHECKPOINT)) ?? { id: 0, hash: '' },
    // PostgreSQL's own vacuum makes the space of other rows reusable.
    reclaimSpace: (most, cutoff = 0) => reclaim(most, cutoff),
  };
}
