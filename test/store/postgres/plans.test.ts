// The plan of the statement that each batch reads is kept from its first uses, when tables may be small.

import { expect, test } from 'vitest';
import { loadAggregates } from '../../../src/store/postgres/batch/aggregate.ts';
import { WRITER_SETTINGS } from '../../../src/store/postgres/connection/connect.ts';
import { createKeptPlans } from '../../../src/store/postgres/connection/kept-plans.ts';
import { anExecution } from '../../support/executions.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';

test.skipIf(serverUrl === null)('each row is looked up by its id, also with a plan for small tables', async () => {
  let statement = '';
  const all = async <Row>(text: string): Promise<Row[]> => {
    statement = text;
    return [];
  };
  const { reference } = anExecution();
  await loadAggregates({ all }, [reference], 100);
  const lines = await withClient(await newReceiverDatabase(), async (client) => {
    // As autovacuum does with tables that have little content.
    await client.query('ANALYZE outcome_rows, payload_hashes');
    for (const [name, value] of Object.entries({ ...WRITER_SETTINGS, plan_cache_mode: 'force_generic_plan' })) {
      await client.query(`SET ${name} = '${value}'`);
    }
    await client.query(`PREPARE load (integer, uuid[]) AS ${statement}`);
    const { rows } = await client.query<Record<string, string>>(`EXPLAIN EXECUTE load (1, '{${reference}}')`);
    return rows.map((row) => row['QUERY PLAN'] ?? '');
  });
  const plan = lines.join('\n');
  for (const [index, condition] of [
    ['execution_rows_by_reference', 'reference = g.reference'],
    ['outcome_rows_pkey', 'id = execution_rows.id'],
    ['payload_hashes_pkey', 'id = execution_rows.id'],
  ] as const) {
    const found = new RegExp(`Index Scan using ${index} .*\\n *Index Cond: \\((.*)\\)`).exec(plan)?.[1];
    expect(found, plan).toBe(condition);
  }
  expect(plan).not.toMatch(/Materialize|Seq Scan on (?!audit_checkpoint)|Hash Join|Merge Join/);
});

test.skipIf(serverUrl === null)(
  'pruning looks up the notifications of each execution, and does not read all of them',
  async () => {
    const plan = await withClient(await newReceiverDatabase(), async (client) => {
      await client.query('SET enable_seqscan = off');
      const { rows } = await client.query<Record<string, string>>(
        'EXPLAIN (VERBOSE) SELECT * FROM prunable_entries(0, 1000, 0, 1000)',
      );
      return rows.map((row) => row['QUERY PLAN'] ?? '').join('\n');
    });
    expect(plan).toContain('Index Cond: (n.reference = r.reference)');
    expect(plan).not.toContain('hashed');
  },
);

test('a plan is made again each time that its uses have doubled, so that one for empty tables does not stay', () => {
  const keptPlan = createKeptPlans();
  expect(Array.from({ length: 8 }, () => keptPlan('load'))).toEqual([
    ...['load_0', 'load_1', 'load_1', 'load_2', 'load_2', 'load_2', 'load_2', 'load_3'],
  ]);
  expect(keptPlan('other')).toBe('other_0');
});
