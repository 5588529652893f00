// A publication of all tables, as programs that read changes ask for, stops no work of the receiver.

import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { createMerging } from '../../../src/store/postgres/rollups/merging.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const LATER = NOON + 10 * 86_400_000;

/** PostgreSQL refuses updates and deletions of these as soon as a publication has them. */
const WITHOUT_IDENTITY = `SELECT relname FROM pg_class AS c
  WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace AND relreplident = 'd'
    AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)`;

const closing: PostgresStore[] = [];

afterEach(async () => {
  for (const store of closing.splice(0)) await store.close();
});

describe.skipIf(serverUrl === null)('with a publication of all tables', () => {
  test('executions end, counts are merged, and retention continues', async () => {
    const url = await newReceiverDatabase();
    await withClient(url, (client) => client.query('CREATE PUBLICATION changes FOR ALL TABLES'));
    const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
    closing.push(store);
    for (let n = 0; n < 2; n += 1) {
      const execution = anExecution({}, NOON);
      await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
      await store.record(execution.reference, callback(completed({ paid: 42 })), NOON);
    }
    await withClient(url, async (client) => {
      let elapsed = 0;
      const all = async <Row>(text: string, values: readonly unknown[]) =>
        (await client.query(text, [...values])).rows as Row[];
      const merge = createMerging({ all }, { elapsed: () => elapsed });
      elapsed += 60_000;
      await merge();
      const { rows } = await client.query(
        'SELECT sum(count)::integer AS counted FROM rollup_rows GROUP BY kind, hour, app, action_id, a, b, c, d, e',
      );
      expect(rows.map(({ counted }) => counted)).toContain(2);
    });
    expect(await store.prune(100, LATER)).toEqual({ entries: 4, executions: 2 });
  });

  test('no table lacks an identity', async () => {
    await withClient(await newReceiverDatabase(), async (client) => {
      expect((await client.query(WITHOUT_IDENTITY)).rows).toEqual([]);
    });
  });
});
