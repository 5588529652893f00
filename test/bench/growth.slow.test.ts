// Growth on PostgreSQL: updates are HOT, by the counters of the server, and the bench beside an open snapshot measures both sides.

import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { live } from '../../bench/growth/growth.ts';
import { measureSnapshot } from '../../bench/growth/snapshot.ts';
import { hotShare, readTables } from '../../bench/growth/tables.ts';
import { findPostgres } from '../../src/demo/cluster/postgres-server.ts';
import { newDatabase, serverUrl, withClient } from '../support/postgres/databases.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** A table with fewer updates says nothing. */
const ENOUGH = 200;
const signal = new AbortController().signal;

test.skipIf(serverUrl === null)(
  'at least 80% of the updates of each table are HOT, in whole lives with retention',
  async () => {
    const url = await newDatabase();
    const days = { days: 20, auditRetentionDays: 6, payloadRetentionDays: 3 };
    await live({ url, log: () => {}, signal }, { lifecycles: 3_200, perWave: 64, ...days });
    const tables = await readTables(
      async (_, statement) => withClient(url, async (client) => (await client.query(statement ?? '')).rows),
      '',
    );
    const updated = tables.filter(({ updates }) => updates >= ENOUGH);
    const names = updated.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['execution_rows', 'notification_rows', 'outcome_rows']));
    const few = updated
      .filter((table) => hotShare([table]) < 0.8)
      .map(({ name, updates, hot }) => ({ name, updates, hot }));
    expect(few).toEqual([]);
    const account = await withClient(url, async (client) => (await client.query('TABLE conservation')).rows[0]);
    expect(Number(account.difference)).toBe(0);
    expect(Number(account.accepted)).toBe(3_200);
  },
);

test.skipIf(findPostgres() === null)(
  'commits beside an open snapshot are compared with others of the same load',
  async () => {
    const scratch = join(temporaryFolder(), 'scratch');
    mkdirSync(scratch);
    for (const folder of [join(scratch, '..'), scratch]) chmodSync(folder, 0o755);
    const size = { warmRounds: 1, roundsBefore: 1, rounds: 2, everyMs: 10, waves: 2 };
    const rows = await measureSnapshot({ quick: true, log: () => {}, scratch, signal }, size);
    expect(rows.map(({ goal, value }) => [goal, value?.samples])).toEqual([
      [{ atMost: 1.2 }, 2],
      [{ atMost: 1.2 }, 1],
    ]);
    expect(rows[0]?.context).toMatchObject({ executions: 256 });
    expect(rows[0]?.value?.median).toBeGreaterThan(0);
  },
);
