// Partitions of the audit trail that few entries fill.

import type { Client } from 'pg';

/** Four partitions of `size` entries, and one for all entries behind. */
export async function smallPartitions(client: Client, size: number): Promise<void> {
  await client.query('DROP TABLE audit_rows_from_1');
  for (let first = 1; first < 4 * size; first += size) {
    await client.query('SELECT add_audit_partition($1, $2)', [first, first + size - 1]);
  }
  await client.query('SELECT add_audit_partition($1, $2)', [4 * size + 1, 100_000]);
}
