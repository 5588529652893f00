// Both ways of knowing are measured on the same executions, against the end that CXone itself has written down.

import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { detection, rowsOf } from '../../bench/detection.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('every execution is known both ways, and nothing stays behind', async () => {
  const scratch = temporaryFolder();
  const settings = { quick: true, log: () => {}, scratch, signal: new AbortController().signal };
  const rows = await detection(settings, { rounds: 2, seconds: 0.5, perSecond: 20 });
  expect(rows.map(({ goal }) => goal)).toEqual([{ atMost: 1 / 50 }, null]);
  for (const row of rows) {
    expect(row.value).toMatchObject({ samples: 2, median: expect.any(Number) });
    expect(row.context).toMatchObject({ 'executions a round': 10 });
    // No result is known before it exists.
    expect(row.context?.['held open, ms']).toBeGreaterThanOrEqual(0);
    expect(row.context?.['polling, ms']).toBeGreaterThanOrEqual(0);
  }
  expect(readdirSync(scratch)).toEqual([]);
});

test('an interrupted measure ends at once and takes its processes with it', async () => {
  const scratch = temporaryFolder();
  const interrupt = new AbortController();
  // In the middle of the next round.
  const log = () => void setTimeout(() => interrupt.abort(), 100);
  const settings = { quick: true, log, scratch, signal: interrupt.signal };
  await expect(detection(settings, { rounds: 100, seconds: 0.5, perSecond: 10 })).rejects.toThrow(/abort/i);
  expect(readdirSync(scratch)).toEqual([]);
});

test('the ratio is taken within each round, of medians and of 99th percentiles', () => {
  const rounds = [
    { waited: [4, 4, 10], polled: [1_000, 1_000, 2_000] },
    { waited: [8, 8, 40], polled: [1_000, 1_000, 2_000] },
    { waited: [6, 6, 20], polled: [500, 500, 2_000] },
  ];
  const [median, p99] = rowsOf(rounds, { perSecond: 50 });
  expect(median?.value).toMatchObject({ median: 0.008, samples: 3 });
  expect(p99?.value).toMatchObject({ median: expect.closeTo(0.01, 4), samples: 3 });
  expect(median?.context).toMatchObject({ 'held open, ms': 6, 'polling, ms': 1_000 });
});
