// Counts the rows that retention would prune, by the same rules, without a change.

import type { PrunableCounts, RetentionCutoffs } from '../reader-port.ts';
import type { PrunableEntries, PrunablePayloads, Retention } from '../retention-port.ts';
import type { Reads } from './reads.ts';

/** Maximum of rows that one statement examines. */
const BATCH = 500;

const COUNTED = `SELECT count(*) AS entries, count(DISTINCT entry.execution) FILTER (WHERE NOT EXISTS
    (SELECT 1 FROM audit_rows AS later WHERE later.execution = entry.execution AND later.id > $2)) AS executions
  FROM audit_rows AS entry WHERE entry.id BETWEEN $1 AND $2`;

type Selection = Pick<Retention, 'prunableEntries' | 'prunablePayloads'>;

/** Returns a function that yields one object with growing counts, after each batch. */
export function createPrunableCounts(reads: Reads, { prunableEntries, prunablePayloads }: Selection) {
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
    let batch: PrunableEntries | undefined = await prunableEntries(BATCH, cutoffs.entries, null);
    while (batch !== undefined) {
      const found = await reads.first<{ entries: number; executions: number }>(COUNTED, [batch.first, batch.last]);
      counts.entries += found?.entries ?? 0;
      counts.executions += found?.executions ?? 0;
      yield counts;
      batch = await prunableEntries(BATCH, cutoffs.entries, batch);
    }
  };
}
