// Every contender that is there is measured for what it is, keeps what it acknowledged, and is gone afterwards.

import { chmodSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { verdict } from '../../bench/measure.ts';
import { findRestate } from '../../bench/servers/restate-contender.ts';
import { measureThroughput } from '../../bench/throughput.ts';
import { findPostgres } from '../../src/demo/cluster/postgres-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('callbacks and submissions are measured with every contender that is installed, and nothing stays behind', {
  timeout: 240_000,
}, async () => {
  const scratch = temporaryFolder();
  // PostgreSQL may have to run as somebody else, who must get through to its own folder.
  chmodSync(scratch, 0o711);
  const size = { open: 2_000, submissions: 1_000, rounds: 2, seconds: 0.1 };
  const { signal } = new AbortController();
  const rows = await measureThroughput({ quick: true, log: () => {}, scratch, signal }, size);
  const absent = [...(findPostgres() === null ? ['pg'] : []), ...(findRestate() === null ? ['Restate'] : [])];
  for (const row of rows) {
    const left = absent.some((name) => `${row.beside} ${row.measure}`.includes(name));
    expect(row.note === undefined || !row.note.includes('does not start'), row.note).toBe(true);
    if (left) expect(verdict(row), row.measure).toBe('left out');
    else expect(row.value, row.measure).toMatchObject({ samples: 2 });
  }
  expect(rows.filter(({ goal }) => goal !== null)).toHaveLength(2 + 2 + 4 + 1);
  expect(rows.find(({ measure }) => measure.startsWith('submissions'))).toMatchObject({ goal: { atLeast: 0.4 } });
  expect(readdirSync(scratch).filter((name) => !name.startsWith('prepared-'))).toEqual([]);
});
