// The measure of the pages: each page is shown on a database that a receiver could have written, and nothing is left behind.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { writeNight } from '../../bench/night.ts';
import { measurePages } from '../../bench/pages.ts';
import { writePast } from '../../bench/past.ts';
import { openFileReader } from '../../src/store/sqlite/queries/reader.ts';
import { recountedRollups, storedRollups } from '../support/recounted-rollups.ts';
import { temporaryFolder } from '../support/temporary.ts';

const NIGHT = { executions: 400, incidents: 30, activities: 40 };

test('each page is measured', async () => {
  const scratch = temporaryFolder();
  const settings = { quick: true, log: () => {}, scratch, signal: new AbortController().signal };
  const rows = await measurePages(settings, { executions: 1_000, night: NIGHT, rounds: 2 });
  expect(rows.length).toBeGreaterThan(40);
  expect(new Set(rows.map(({ measure }) => measure)).size).toBe(rows.length);
  const [slowest, ...pages] = rows.toReversed();
  for (const row of pages)
    expect(row).toMatchObject({ unit: 'ms', goal: { atMost: 100 }, value: { samples: 2 }, beside: null });
  const longest = Math.max(...pages.map(({ context }) => Number(context?.['longest, ms'])));
  expect(slowest).toMatchObject({ unit: 'ms', goal: { atMost: 100 }, value: { samples: 1 } });
  expect(slowest?.value?.median).toBeCloseTo(longest, 0);
  expect(slowest?.context).toMatchObject({ looks: 2 * pages.length });
  expect(readdirSync(scratch)).toEqual([]);
});

test('the night has work of each kind, and the database is one that a receiver could have written', async () => {
  const path = join(temporaryFolder(), 'night.db');
  const until = Date.now();
  await writePast(path, 500, until - 3_600_000);
  const night = await writeNight(path, NIGHT, until);
  const client = new Database(path, { readonly: true });
  const numbers = (sql: string) => Object.fromEntries(client.prepare<[], [string, number]>(sql).raw().all());
  expect(client.prepare('SELECT accepted, terminal, open, difference FROM conservation').get()).toEqual({
    ...{ accepted: 900, terminal: 840, open: 60, difference: 0 },
  });
  const statuses = numbers(
    `SELECT status, count(*) FROM executions WHERE submitted_at >= '${new Date(until - 3_600_000).toISOString()}' GROUP BY 1`,
  );
  expect(statuses).toEqual({
    ...{ COMPLETED: 260, FAILED: 20, REJECTED: 20, TIMEOUT: 40, PENDING: 20, UNCONFIRMED: 20, QUEUED: 20 },
  });
  expect(numbers('SELECT status, count(*) FROM notifications GROUP BY 1')).toEqual({
    DELIVERED: 252,
    DEAD: 36,
    PENDING: 72,
  });
  expect(storedRollups(client)).toEqual(recountedRollups(client));
  client.close();
  const reader = openFileReader(path);
  expect((await reader.openIncidents()).map(({ id }) => id)).toContain(night.incident);
  await reader.close();
});
