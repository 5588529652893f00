// The rows that the selection of payloads for pruning reads: those of its batch, however many executions and notifications there are.

import type { Client } from 'pg';
import { expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { createPayloadPruning } from '../../../src/store/postgres/retention/payloads.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const EXECUTIONS = 4_000;
const BATCH = 10;
/** Those of a payload are in five tables. */
const MOST_FOR_EACH = 8;

interface Node {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Node[];
}

function rowsReadBy(node: Node): number {
  const { 'Actual Rows': rows, 'Actual Loops': loops, 'Rows Removed by Filter': removed = 0, Plans = [] } = node;
  const own = node['Relation Name'] === undefined ? 0 : (rows + removed) * loops;
  return Plans.reduce((sum, child) => sum + rowsReadBy(child), own);
}

/** Adds rows like the last one of the table. @param changed the columns that differ, in terms of `n` */
const copies = (table: string, changed: string) => `INSERT INTO ${table} OVERRIDING SYSTEM VALUE
  SELECT copy.* FROM (SELECT to_jsonb(t) AS row FROM ${table} AS t ORDER BY 1 DESC LIMIT 1) AS last, generate_series(2, ${EXECUTIONS}) AS n,
    LATERAL jsonb_populate_record(NULL::${table}, last.row || jsonb_build_object(${changed})) AS copy`;

async function fill(url: string): Promise<void> {
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  const { reference, ...rest } = anExecution({ notifyUrl: 'https://shop.example/hook' }, NOON);
  await store.add({ execution: { reference, ...rest }, fingerprint: 'print', queueCapacity: 1 });
  await store.record(reference, callback(completed()), NOON);
  await store.close();
  const of = "'reference', md5(n::text)::uuid, 'correlation_id', n::text";
  await withClient(url, async (client) => {
    for (const [table, changed] of [
      ['execution_rows', `'id', n, ${of}`],
      ['payload_rows', "'id', n"],
      ['outcome_rows', "'id', n"],
      ['notification_rows', `'sequence', n, 'id', n::text, 'status', 'DELIVERED', ${of}`],
      ['audit_rows', "'id', n + 1, 'execution', n"],
    ] as const) {
      await client.query(copies(table, changed));
    }
    await client.query(
      "INSERT INTO callback_bodies (audit_id, execution, body) SELECT id, execution, '' FROM audit_rows",
    );
    await client.query('VACUUM ANALYZE');
  });
}

async function rowsRead(client: Client, after: number): Promise<number[]> {
  const read: number[] = [];
  const all = async <Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> => {
    const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [...values]);
    read.push(rowsReadBy(rows[0]['QUERY PLAN'][0].Plan));
    return [];
  };
  const tools = { reads: { all }, session: {}, writer: {} } as unknown as Parameters<typeof createPayloadPruning>[0];
  await createPayloadPruning(tools).prunablePayloads(BATCH, NOON + 1, { id: after, body: after });
  return read;
}

test.skipIf(serverUrl === null)('the selection of payloads reads the rows of its batch, and no others', async () => {
  const url = await newReceiverDatabase();
  await fill(url);
  await withClient(url, async (client) => {
    await client.query('SET plan_cache_mode = force_generic_plan');
    for (const after of [0, EXECUTIONS / 2]) {
      const [payloads, bodies] = await rowsRead(client, after);
      expect(payloads).toBeGreaterThanOrEqual(BATCH);
      expect(bodies).toBeGreaterThanOrEqual(BATCH);
      expect(payloads).toBeLessThanOrEqual(BATCH * MOST_FOR_EACH);
      expect(bodies).toBeLessThanOrEqual(BATCH * MOST_FOR_EACH);
    }
  });
});
