// The plan of the statement that each batch reads is kept from its first use, when tables may be almost empty.

import { expect, test } from 'vitest';
import { loadAggregates } from '../../../src/store/postgres/batch/aggregate.ts';
import { WRITER_SETTINGS } from '../../../src/store/postgres/connection/connect.ts';
import { anExecution } from '../../support/executions.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';

test.skipIf(serverUrl === null)(
  'each row is looked up by its id, also with a plan for almost empty tables',
  async () => {
    let statement = '';
    const all = async <Row>(text: string): Promise<Row[]> => {
      statement = text;
      return [];
    };
    const { reference } = anExecution();
    await loadAggregates({ all }, [reference], 100);
    const lines = await withClient(await newReceiverDatabase(), async (client) => {
      // As autovacuum does with tables in which little has changed.
      await client.query('ANALYZE');
      for (const [name, value] of Object.entries({ ...WRITER_SETTINGS, plan_cache_mode: 'force_generic_plan' })) {
        await client.query(`SET ${name} = '${value}'`);
      }
      await client.query(`PREPARE load (integer, uuid[]) AS ${statement}`);
      const { rows } = await client.query<Record<string, string>>(`EXPLAIN EXECUTE load (1, '{${reference}}')`);
      return rows.map((row) => row['QUERY PLAN'] ?? '');
    });
    const plan = lines.join('\n');
    for (const condition of ['reference = g.reference', 'id = execution_rows.id']) {
      expect(plan).toContain(`Index Cond: (${condition})`);
    }
    expect(plan).not.toMatch(/Materialize|Seq Scan|Hash Join|Merge Join/);
  },
);
