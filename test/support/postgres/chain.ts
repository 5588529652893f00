// Recomputes the hash chain of a database entry by entry, as SQLite's chain is computed.

import { isoTime } from '../../../src/lib/time.ts';
import { eventOf } from '../../../src/store/shared/codes.ts';
import { chainHash } from '../../../src/store/shared/hash-chain.ts';
import { withClient } from './databases.ts';

const ENTRIES = `SELECT a.id::integer, a.at::float8, a.event, e.action_id AS "actionId", e.correlation_id AS "correlationId",
    a.execution_id AS "executionId", a.latency_ms AS "latencyMs", a.http_status AS "httpStatus", e.app, a.detail,
    encode(a.hash, 'hex') AS hash
  FROM audit_rows AS a JOIN execution_rows AS e ON e.id = a.execution ORDER BY a.id`;

/** Returns the number of entries, and the ids of those whose id or hash does not follow from the entry before. */
export async function chainFaults(url: string): Promise<{ entries: number; faults: number[] }> {
  const { rows } = await withClient(url, (client) => client.query(ENTRIES));
  const faults: number[] = [];
  let previous = { id: 0, hash: '0'.repeat(64) };
  for (const { at, event, ...row } of rows) {
    const expected = chainHash(previous.hash, { ...row, timestamp: isoTime(Number(at)), event: eventOf(event) });
    if (row.id !== previous.id + 1 || row.hash !== expected) faults.push(row.id);
    previous = row;
  }
  return { entries: rows.length, faults };
}
