// The measure of the sweeper: real sweeps over real stores, compared with the smallest.

import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { measureSweeper } from '../../bench/sweeper.ts';
import { temporaryFolder } from '../support/temporary.ts';

function settings(scratch: string) {
  return { quick: true, log: () => {}, scratch, signal: new AbortController().signal };
}

test('each size is compared with the smallest, the worst case is context, and its copies are gone', async () => {
  const scratch = temporaryFolder();
  const rows = await measureSweeper(settings(scratch), {
    open: [1000, 1100, 1200],
    strewn: [1000, 1200],
    rounds: 2,
    sweeps: 2,
  });
  expect(rows.map(({ measure, goal }) => [measure, goal])).toEqual([
    ['sweeper: 200 due among 1,100 open', { atMost: 1.5 }],
    ['sweeper: 200 due among 1,200 open', { atMost: 1.5 }],
    ['sweeper: 200 due among 1,200 open, strewn over all rows', null],
  ]);
  for (const { value } of rows) {
    expect(value?.samples).toBe(2);
    expect(value?.median).toBeGreaterThan(0);
  }
  expect(readdirSync(scratch).filter((name) => !name.startsWith('prepared-'))).toEqual([]);
});

test('when nothing is left that is due, a fresh copy takes its place', async () => {
  const sizes = { open: [400, 1000], strewn: [400, 1000], rounds: 2, sweeps: 3 };
  const rows = await measureSweeper(settings(temporaryFolder()), sizes);
  expect(rows.map(({ value }) => value?.samples)).toEqual([2, 2]);
});

test('too few executions for 200 due and 200 more end it with what to do', async () => {
  const measured = measureSweeper(settings(temporaryFolder()), {
    open: [300, 700],
    strewn: [700],
    rounds: 1,
    sweeps: 2,
  });
  await expect(measured).rejects.toThrow(/^300 open executions are too few: prepare 400 at least$/);
});
