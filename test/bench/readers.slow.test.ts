// Callbacks are measured while others read, every reader gets pages meanwhile, and no callback that was measured is missing.

import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { measureReaders } from '../../bench/readers.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('callbacks are measured at rest and with readers in turns, and the receiver has kept them all', {
  timeout: 240_000,
}, async () => {
  const scratch = temporaryFolder();
  const settings = { quick: true, log: () => {}, scratch, signal: new AbortController().signal };
  const rows = await measureReaders(settings, { open: 8_000, warmCount: 20, peakRounds: 1, rounds: 2, seconds: 0.1 });
  expect(rows.map(({ goal }) => goal)).toEqual([{ atMost: 1.5 }, { atMost: 2 }]);
  for (const row of rows) {
    expect(row).toMatchObject({ beside: 'the same at rest', unit: 'times', value: { samples: 2 } });
    expect(row.value?.median).toBeGreaterThan(0);
    expect(row.context?.['pages of searches a slice']).toBeGreaterThanOrEqual(3);
    expect(row.context?.['pages of the export a slice']).toBeGreaterThanOrEqual(1);
  }
  expect(readdirSync(scratch).filter((name) => !name.startsWith('prepared-'))).toEqual([]);
});
