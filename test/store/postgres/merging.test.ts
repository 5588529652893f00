// Merging the rows of the roll-ups: whatever a database has of them, one merge changes few.

import type { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { createMerging } from '../../../src/store/postgres/rollups/merging.ts';
import { createReusedDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';

const database = createReusedDatabase();

/** More than one merge looks at. */
const HOURS = 30;
const KEYS = 1_000;

const hour = (day: string) => `'${day}T' || lpad((n % 24)::text, 2, '0') || ':00:00.000Z'`;

/** Adds rows of past hours, each of which has this many rows for each key. */
const add = (client: Client, first: number, hours: number, times: number) =>
  client.query(`INSERT INTO rollup_rows (kind, hour, app, action_id, a, b, c, d, e, count)
    SELECT 2, CASE WHEN n < 24 THEN ${hour('2026-01-01')} ELSE ${hour('2026-01-02')} END, 'shop', 'look-up', 'COMPLETED', 'callback', 1, 0, e, 1
    FROM generate_series(${first}, ${first + hours - 1}) AS n CROSS JOIN generate_series(1, ${KEYS}) AS e
      CROSS JOIN generate_series(1, ${times})`);

async function countsOf(client: Client) {
  const { rows } = await client.query(`SELECT count(*)::integer AS rows, sum(count)::integer AS executions,
    count(DISTINCT (hour, e))::integer AS keys FROM rollup_rows`);
  return rows[0];
}

/** Returns a function that merges as after another minute. */
function merging(client: Client) {
  let elapsed = 0;
  const all = async <Row>(text: string, values: readonly unknown[]) =>
    (await client.query(text, [...values])).rows as Row[];
  const merge = createMerging({ all }, { elapsed: () => elapsed });
  return async () => {
    elapsed += 60_000;
    await merge();
  };
}

describe.skipIf(serverUrl === null)('roll-ups of many hours', () => {
  test('are merged a part at a time, without a change of what they count', async () => {
    await withClient(await database(), async (client) => {
      await add(client, 0, HOURS, 2);
      const merge = merging(client);
      const sums = { executions: 2 * HOURS * KEYS, keys: HOURS * KEYS };
      await merge();
      expect(await countsOf(client)).toMatchObject({ ...sums, rows: 50 * KEYS });
      for (let more = 0; more < 3; more += 1) await merge();
      expect(await countsOf(client)).toMatchObject({ ...sums, rows: HOURS * KEYS });
    });
  });

  test('are not written again when each key has one row', async () => {
    await withClient(await database(), async (client) => {
      await add(client, 0, 1, 1);
      await add(client, 1, 1, 2);
      const places = async () =>
        (await client.query(`SELECT ctid FROM rollup_rows WHERE hour < '2026-01-01T01' ORDER BY ctid`)).rows;
      const before = await places();
      await merging(client)();
      expect(await places()).toEqual(before);
      expect(await countsOf(client)).toMatchObject({ rows: 2 * KEYS, executions: 3 * KEYS });
    });
  });
});
