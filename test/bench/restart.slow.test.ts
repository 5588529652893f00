// The restart's measure: real processes, killed, and nothing lost; and a loss would be noticed.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { prepare } from '../../bench/prepared.ts';
import { checkNothingLost, measureRestart } from '../../bench/restart.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('the receiver is killed at rest and under load, comes back with everything, and leaves nothing behind', async () => {
  const scratch = temporaryFolder();
  const settings = { quick: true, log: () => {}, scratch, signal: new AbortController().signal };
  const [atRest, underLoad] = await measureRestart(settings, { open: 1_500, trials: 1, callbacks: 50 });
  expect(atRest).toMatchObject({ unit: 's', goal: { atMost: 2 }, value: { samples: 1 } });
  expect(underLoad).toMatchObject({ unit: 's', goal: { atMost: 2 }, value: { samples: 1 } });
  expect(underLoad?.context?.['commits in the WAL']).toBeGreaterThan(10);
  expect(readdirSync(scratch).filter((name) => !name.startsWith('prepared-'))).toEqual([]);
});

test('an execution that is missing is noticed', async () => {
  const { path } = await prepare({ path: join(temporaryFolder(), 'a.db'), open: 20 });
  checkNothingLost(path, 20);
  expect(() => checkNothingLost(path, 21)).toThrow('Of 21 executions not all are there again');
  const client = new Database(path);
  client.exec('DROP TRIGGER execution_rows_no_delete; DELETE FROM execution_rows WHERE id = 7');
  client.close();
  expect(() => checkNothingLost(path, 20)).toThrow('"difference":1');
});
