// Commands on PostgreSQL as programs: they end when they are done, and leave no file behind.

import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { migrate } from '../../../src/store/postgres/migrate.ts';
import { newDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { run } from '../../support/process.ts';
import { temporaryFolder } from '../../support/temporary.ts';

describe.skipIf(serverUrl === null)('a command as a program', () => {
  test.for([
    ['audit verify', 0],
    ['stats --json', 0],
    ['executions show nothing', 1],
    ['compact', 2],
  ] as const)('%s ends with %i', async ([line, code]) => {
    const url = await newDatabase();
    await withClient(url, migrate);
    const folder = temporaryFolder();
    const { finished } = run(line.split(' '), { DATABASE_URL: url }, folder);
    expect((await finished).code).toBe(code);
    expect(readdirSync(folder)).toEqual([]);
  });
});
