// Counts the rows that retention would prune, by the same rules, without a change.

import type { Database } from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { PrunableCounts, RetentionCutoffs } from '../../reader-port.ts';
import type { PrunableEntries, PrunablePayloads } from '../../retention-port.ts';
import { createAuditPruning } from '../retention/prune-audit.ts';
import { createPayloadPruning } from '../retention/prune-payloads.ts';

/** Maximum of rows that one statement examines. */
const BATCH = 500;

/** Yields one object with growing counts, after each batch. */
export function* countPrunable(
  client: Database,
  cutoffs: RetentionCutoffs,
): Generator<PrunableCounts, void, undefined> {
  const orm = drizzle(client);
  const counts = { entries: 0, executions: 0, payloads: 0 };
  if (cutoffs.payloads !== null) {
    const { prunable } = createPayloadPruning(client, orm);
    const seen = new Set<number>();
    for (let place: PrunablePayloads['next'] | undefined; place !== null; ) {
      const found = prunable(BATCH, cutoffs.payloads, place ?? null);
      const bodies = found.bodies.filter((id) => !seen.has(id));
      for (const id of bodies) seen.add(id);
      counts.payloads += found.references.length + bodies.length;
      yield counts;
      const isStuck = found.next?.id === place?.id;
      place = isStuck ? null : found.next;
    }
  }
  if (cutoffs.entries !== null) {
    const { prunable } = createAuditPruning(client, orm);
    const gone = client
      .prepare<[PrunableEntries], number>(
        `SELECT count(DISTINCT execution) FROM audit_rows AS entry WHERE id BETWEEN @first AND @last
        AND NOT EXISTS (SELECT 1 FROM audit_rows AS later WHERE later.execution = entry.execution AND later.id > @last)`,
      )
      .pluck();
    const entriesIn = client
      .prepare<[PrunableEntries], number>('SELECT count(*) FROM audit_rows WHERE id BETWEEN @first AND @last')
      .pluck();
    for (let batch = prunable(BATCH, cutoffs.entries, null); batch !== undefined; ) {
      counts.entries += Number(entriesIn.get(batch));
      counts.executions += gone.get(batch) ?? 0;
      yield counts;
      batch = prunable(BATCH, cutoffs.entries, batch);
    }
  }
}
