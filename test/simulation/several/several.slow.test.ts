// Histories of three receivers on PostgreSQL, whose connections are cut and which crash at any statement: SEED=17 runs one history,
// and SEEDS=500 that number.

import { describe, expect, test } from 'vitest';
import { serverUrl } from '../../support/postgres/databases.ts';
import { runHistory } from './run.ts';

const { SEED, SEEDS = '6' } = process.env;
const seeds = SEED === undefined ? Array.from({ length: Number(SEEDS) }, (_, n) => String(n + 1)) : [SEED];

describe.skipIf(serverUrl === null)('three receivers on PostgreSQL', () => {
  // A broken promise is never unstable.
  const options = { timeout: 900_000, retry: 0 };
  test.for(seeds)('keep every promise, whatever is cut or crashes (SEED=%s)', options, async (seed) => {
    const { trace, broken, ...counts } = await runHistory(seed);
    if (broken.length > 0) expect.fail([`SEED=${seed} breaks promises:`, ...broken, '', ...trace].join('\n'));
    const shown = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
    process.stdout.write(`    SEED=${seed}: ${shown.join(', ')}\n`);
    expect(counts.acknowledged).toBeGreaterThan(0);
  });
});
