// Both builds are measured on one PostgreSQL in the same rounds, keep what they acknowledged, and are gone afterwards.

import { chmodSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { measurePostgres } from '../../bench/postgres/measure.ts';
import { findPostgres } from '../../src/demo/cluster/postgres-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

test.skipIf(findPostgres() === null)(
  'each figure has its goal, and nothing stays behind',
  {
    timeout: 240_000,
  },
  async () => {
    const scratch = temporaryFolder();
    // PostgreSQL may have to run as another user, who must be able to traverse to its folder.
    chmodSync(scratch, 0o711);
    const size = {
      ...{ rounds: 2, warmRounds: 0, callbacks: 600, recorded: 600, submitted: 200, seconds: 10 },
      ...{ steadySeconds: 0.1, waits: 3 },
    };
    const { signal } = new AbortController();
    const rows = await measurePostgres({ quick: true, log: () => {}, scratch, signal }, size);
    for (const { measure, value } of rows) expect(value, measure).toMatchObject({ samples: 2 });
    const goals = rows.flatMap(({ goal }) => (goal === null ? [] : [Object.values(goal)[0]]));
    expect(goals).toEqual([3, 5, 12, 5, 5, 0.2, 0.2, 1.3, 1.5, 2, 40]);
    const added = rows.map(({ context }) => Number(context?.['added round trip, ms'] ?? 0));
    expect(Math.max(...added)).toBeGreaterThanOrEqual(2);
    expect(readdirSync(scratch).filter((name) => !name.startsWith('prepared-'))).toEqual([]);
  },
);
