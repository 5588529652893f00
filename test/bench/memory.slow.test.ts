// The measure of memory: two real receivers, looked at from outside and by their own metrics.

import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { measureMemory } from '../../bench/memory.ts';
import { temporaryFolder } from '../support/temporary.ts';

test.runIf(existsSync('/proc/self/status'))(
  'the receiver with more executions is compared with itself with fewer, at rest and after work, by figures of the system',
  async () => {
    const scratch = temporaryFolder();
    const settings = { quick: true, log: () => {}, scratch, signal: new AbortController().signal };
    const rows = await measureMemory(settings, { open: [100, 200], trials: 1, seconds: 1 });
    expect(rows.map(({ measure, goal }) => [measure, goal])).toEqual([
      ['memory with 200 open, at rest', { atMost: 1.5 }],
      ['memory with 200 open, after light work', { atMost: 1.5 }],
    ]);
    for (const { value, context } of rows) {
      expect(value?.median).toBeGreaterThan(0);
      for (const figure of Object.values(context ?? {})) expect(figure).toMatch(/^\d+ → \d+$/);
    }
    expect(readdirSync(scratch).filter((name) => !name.startsWith('prepared-'))).toEqual([]);
  },
  120_000,
);
