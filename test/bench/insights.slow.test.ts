// The measure of questions about the past: each is answered with few and with many executions, and nothing is left behind.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { measureInsights } from '../../bench/insights.ts';
import { executionIdOf, writePast } from '../../bench/past.ts';
import { recountedRollups, storedRollups } from '../support/recounted-rollups.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('every question is measured with few and with many executions', async () => {
  const scratch = temporaryFolder();
  const settings = { quick: true, log: () => {}, scratch, signal: new AbortController().signal };
  const rows = await measureInsights(settings, { few: 1_000, many: 3_000, rounds: 2 });
  expect(rows.map(({ measure, unit }) => [measure, unit])).toEqual(
    ['stats of 7 days', 'health', 'advise', 'an executionId'].flatMap((name) => [
      [`${name}, 3,000 executions`, 'times'],
      [`${name}, 3,000 executions`, 'ms'],
    ]),
  );
  for (const { value } of rows) expect(value).toMatchObject({ samples: 2 });
  expect(readdirSync(scratch)).toEqual([]);
});

test('the database is one that a receiver could have written', async () => {
  const path = join(temporaryFolder(), 'past.db');
  await writePast(path, 500, Date.now());
  const client = new Database(path, { readonly: true });
  const one = 'SELECT count(*) FROM executions WHERE execution_id = ? AND resolved_at IS NOT NULL';
  expect(client.prepare(one).pluck().get(executionIdOf(123))).toBe(1);
  expect(client.prepare('SELECT accepted, terminal, difference FROM conservation').get()).toEqual({
    ...{ accepted: 500, terminal: 500, difference: 0 },
  });
  expect(storedRollups(client)).toEqual(recountedRollups(client));
  client.close();
});
