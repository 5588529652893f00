// A lone callback is held against commits that are truly on disk, and no callback that was measured is missing afterwards.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { latency, openCommits } from '../../bench/latency.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('callbacks are measured alone and at half the peak, and the receiver has kept them all', {
  timeout: 240_000,
}, async () => {
  const scratch = temporaryFolder();
  const settings = { quick: true, log: () => {}, scratch, signal: new AbortController().signal };
  const size = { open: 8_000, warmCount: 20, loneRounds: 2, loneCount: 20, peakRounds: 1, halfRounds: 2, seconds: 0.1 };
  const [lone, half, ...others] = await latency(settings, size);
  expect(others).toEqual([]);
  expect(lone).toMatchObject({ goal: { atMost: 2 }, unit: 'times', value: { samples: 2 } });
  expect(lone?.context).toMatchObject({ 'samples a round': 20, 'fdatasync/s': expect.any(Number) });
  expect(half).toMatchObject({ goal: { atMost: 20 }, unit: 'ms', value: { samples: 2 } });
  for (const row of [lone, half]) expect(row?.value?.median).toBeGreaterThan(0);
  expect(readdirSync(scratch).filter((name) => !name.startsWith('prepared-'))).toEqual([]);
});

test('a commit that is held against callbacks changes a row, adds an entry, and syncs the log', () => {
  const folder = temporaryFolder();
  const disk = openCommits(folder);
  expect(disk.synchronous).toBe(FULL);
  const took = [...disk.commit(5), ...disk.commit(2)];
  disk.close();
  expect(took).toHaveLength(7);
  for (const one of took) expect(one).toBeGreaterThan(0);
  const client = new Database(join(folder, 'commits.db'), { readonly: true });
  const count = (sql: string) => client.prepare(sql).pluck().get();
  expect(count("SELECT count(*) FROM executions WHERE status = 'COMPLETED'")).toBe(7);
  expect(count('SELECT count(DISTINCT execution) FROM entries')).toBe(7);
  client.close();
});

/** PRAGMA synchronous, https://www.sqlite.org/pragma.html#pragma_synchronous */
const FULL = 2;
