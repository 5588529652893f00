// The plans of statements that run often are kept from their first uses, when tables may be small.

import { describe, expect, test } from 'vitest';
import { loadAggregates, selectExecutionBy } from '../../../src/store/postgres/batch/aggregate.ts';
import { WRITER_SETTINGS } from '../../../src/store/postgres/connection/connect.ts';
import { createKeptPlans } from '../../../src/store/postgres/connection/kept-plans.ts';
import { anExecution } from '../../support/executions.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';

/** Returns the plan that a connection keeps, made while the tables have little content. */
async function keptPlanOf(statement: string, types: string, values: string, settings = {}): Promise<string> {
  const lines = await withClient(await newReceiverDatabase(), async (client) => {
    // As autovacuum does with tables that have little content.
    await client.query('ANALYZE outcome_rows, payload_hashes');
    for (const [name, value] of Object.entries({ ...settings, plan_cache_mode: 'force_generic_plan' })) {
      await client.query(`SET ${name} = '${value}'`);
    }
    await client.query(`PREPARE kept (${types}) AS ${statement}`);
    const { rows } = await client.query<Record<string, string>>(`EXPLAIN EXECUTE kept (${values})`);
    return rows.map((row) => row['QUERY PLAN'] ?? '');
  });
  return lines.join('\n');
}

/** Returns the condition with which a plan uses an index; undefined if it does not. */
function conditionOf(index: string, plan: string): string | undefined {
  return new RegExp(`Index Scan using ${index} .*\\n *Index Cond: \\((.*)\\)`).exec(plan)?.[1];
}

describe.skipIf(serverUrl === null)('each row is looked up by its id, also with a plan for small tables', () => {
  const { reference } = anExecution();

  test.each([
    ['a batch', [reference, anExecution().reference], 'uuid[]', `'{${reference}}'`, 'g.reference'],
    ['a decision', [reference], 'uuid', `'${reference}'`, '$2'],
  ] as const)('for %s', async (_, references, type, value, compared) => {
    let statement = '';
    const all = async <Row>(text: string): Promise<Row[]> => {
      statement = text;
      return [];
    };
    await loadAggregates({ all }, references, 100);
    const plan = await keptPlanOf(statement, `integer, ${type}`, `1, ${value}`, WRITER_SETTINGS);
    expect(conditionOf('execution_rows_by_reference', plan), plan).toBe(`reference = ${compared}`);
    expect(conditionOf('outcome_rows_pkey', plan), plan).toBe('id = execution_rows.id');
    expect(conditionOf('payload_hashes_pkey', plan), plan).toBe('id = execution_rows.id');
    expect(plan).not.toMatch(/Materialize|Seq Scan|Hash Join|Merge Join/);
  });

  test.each([
    ['correlation_id', 'text'],
    ['reference', 'uuid'],
  ] as const)('for one execution by its %s', async (column, type) => {
    const plan = await keptPlanOf(selectExecutionBy(column), type, `'${reference}'`);
    expect(conditionOf(`execution_rows_by_${column}`, plan), plan).toMatch(column);
    expect(plan).not.toMatch(/Materialize|Hash|Merge Join/);
  });
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
