// The stories that `npm test` runs on a file, run on PostgreSQL.

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { serverUrl } from '../support/postgres/databases.ts';
import { tellOnPostgres } from './stage.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** Stories that choose their databases, one about files of an earlier version, and those of hours, each second of which is asked of. */
const LEFT_OUT = new Set([
  ...['on-postgres.test.ts', 'several-receivers.test.ts', 'earlier-heartbeat.test.ts'],
  'clock.test.ts',
]);

const STORIES = globSync('*.test.ts', { cwd: FOLDER, exclude: (name) => name.endsWith('.slow.test.ts') }).filter(
  (name) => !LEFT_OUT.has(name) && readFileSync(FOLDER + name, 'utf8').includes('setStage'),
);

describe.skipIf(serverUrl === null)('on PostgreSQL', async () => {
  tellOnPostgres();
  test('(all files with stories are run)', () => expect(STORIES.length).toBeGreaterThan(20));
  for (const name of STORIES) await describe(name, () => import(FOLDER + name));
});
