// Callbacks are measured beside each kind of large body, and the receiver keeps what it acknowledged.

import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { measureBodies } from '../../bench/bodies.ts';
import { LARGE_BODIES } from '../../bench/load/large-bodies.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('callbacks are measured at rest and beside each kind of large body in turns', {
  timeout: 300_000,
}, async () => {
  const scratch = temporaryFolder();
  const settings = { quick: true, log: () => {}, scratch, signal: new AbortController().signal };
  const rows = await measureBodies(settings, { open: 8_000, warmCount: 20, rounds: 1, seconds: 0.5 });
  expect(rows).toHaveLength(Object.keys(LARGE_BODIES).length);
  for (const row of rows) {
    expect(row).toMatchObject({ goal: { atMost: 100 }, unit: 'ms', value: { samples: 1 } });
    expect(row.value?.median).toBeGreaterThan(0);
    expect(row.context?.['large bodies a slice']).toBeGreaterThanOrEqual(1);
  }
  expect(readdirSync(scratch).filter((name) => !name.startsWith('prepared-'))).toEqual([]);
});
