// Counts the rows that retention would prune, by the same rules, without a change.

import type { PrunableCounts, RetentionCutoffs } from '../../reader-port.ts';
import type { PrunableEntries, PrunablePayloads } from '../../retention-port.ts';
import type { Reads } from '../../shared/reads.ts';
import { createRetention } from '../retention/retention.ts';
import { READ_ONLY } from './read-only.ts';

/** Maximum of rows that one statement examines. */
const BATCH = 500;

const COUNTED = `SELECT count(*) AS entries, count(DISTINCT entry.execution) FILTER (WHERE NOT EXISTS
    (SELECT 1 FROM audit_rows AS later WHERE later.execution = entry.execution AND later.id > $2)) AS executions
  FROM audit_rows AS entry WHERE entry.id BETWEEN $1 AND $2`;

export function createPrunableCounts(reads: Reads) {
  const { prunableEntries, prunablePayloads } = createRetention({ reads, session: READ_ONLY, writer: READ_ONLY });
  return async function* (cutoffs: RetentionCutoffs): AsyncGenerator<PrunableCounts> {
    const counts = { entries: 0, executions: 0, payloads: 0 };
    if (cutoffs.payloads !== null) {
      let place: PrunablePayloads['next'] = null;
      do {
        const found: PrunablePayloads = await prunablePayloads(BATCH, cutoffs.payloads, place);
        counts.payloads += found.references.length + found.bodies.length;
        yield counts;
        place = found.next;
      } while (place !== null);
    }
    if (cutoffs.entries === null) return;
    for (
      let batch: PrunableEntries | undefined = await prunableEntries(BATCH, cutoffs.entries, null);
      batch !== undefined;
    ) {
      const found = await reads.first<{ entries: number; executions: number }>(COUNTED, [batch.first, batch.last]);
      counts.entries += found?.entries ?? 0;
      counts.executions += found?.executions ?? 0;
      yield counts;
      batch = await prunableEntries(BATCH, cutoffs.entries, batch);
    }
  };
}
