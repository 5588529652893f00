// The stories that `npm test` runs on a file, run on PostgreSQL.

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { serverUrl } from '../support/postgres/databases.ts';
import { runStoriesOnPostgres } from './stage.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** One is about files of an earlier version, the other about hours of which each second costs statements. */
const LEFT_OUT = new Set(['earlier-heartbeat.test.ts', 'clock.test.ts']);

const STORIES = globSync('*.test.ts', { cwd: FOLDER }).filter((name) => {
  const source = readFileSync(FOLDER + name, 'utf8');
  const choosesDatabase = source.includes('newDatabase(');
  const isLeftOut = name.endsWith('.slow.test.ts') || LEFT_OUT.has(name);
  return source.includes('setStage(') && !choosesDatabase && !isLeftOut;
});

describe.skipIf(serverUrl === null)('on PostgreSQL', async () => {
  runStoriesOnPostgres();
  test('(all files with stories are run)', () => expect(STORIES.length).toBeGreaterThan(20));
  for (const name of STORIES) await describe(name, () => import(FOLDER + name));
});
