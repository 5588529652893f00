// SQLite 3.37, the oldest version that can open the file, runs every recipe of docs/sql.md, also beside a running receiver.

import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { fatal } from '../support/fatal.ts';
import { live } from '../support/lives.ts';
import { createManualWorld, START } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';
import { keptFolder, temporaryFolder } from '../support/temporary.ts';

const PAGE = readFileSync(new URL('../../docs/sql.md', import.meta.url), 'utf8');
const RECIPES = [...PAGE.matchAll(/<!-- recipe: [a-z ]+ -->\n+```sql\n(.*?)```/gs)].map(([, sql = '']) => sql);

/** Runs the statements of stdin, a JSON array, on a file, and prints the version and the number of rows of each. */
const READ = `
import json, sqlite3, sys
client = sqlite3.connect(sys.argv[1], uri=True)
rows = [len(client.execute(sql).fetchall()) for sql in json.load(sys.stdin)]
print(json.dumps({"version": sqlite3.sqlite_version, "rows": rows}))
`;

/** An older release of this package contains the source of SQLite 3.37.0. It is unpacked only, not installed. */
const SOURCE = 'better-sqlite3@7.4.6';

const library = keptFolder();

beforeAll(() => {
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: library, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const tarball = run('npm', 'pack', SOURCE, '--silent', '--ignore-scripts').trim();
  run('tar', '-xzf', tarball);
  run('tar', '-xzf', 'package/deps/sqlite3.tar.gz');
  const options = ['-shared', '-fPIC', '-O0', '-DSQLITE_ENABLE_JSON1', '-DSQLITE_ENABLE_COLUMN_METADATA'];
  run('gcc', ...options, '-o', 'libsqlite3.so.0', 'sqlite3.c', '-lpthread', '-ldl', '-lm');
}, 300_000);

function read(
  uri: string,
  statements: readonly string[],
  options: { readonly uid?: number; readonly old?: boolean } = {},
) {
  const { uid, old = true } = options;
  const output = execFileSync('python3', ['-c', READ, uri], {
    env: { ...process.env, ...(old ? { LD_LIBRARY_PATH: library } : {}) },
    input: JSON.stringify(statements),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  return JSON.parse(output) as { readonly version: string; readonly rows: readonly number[] };
}

async function aStore(mode = 0o600) {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  const path = join(folder, 'receiver.db');
  const store = createSqliteStore({ path, world: createManualWorld(), log: quietLog(), fatal, mode });
  for (const life of ['callback', 'poll', 'timeout', 'late', 'called-back-later', 'pending', 'queued'] as const) {
    await live(store, life, START, { correlationId: life === 'callback' ? 'order-4711' : life });
  }
  return { store, path };
}

test('it runs every recipe, on the file of a running receiver and after its end', async () => {
  const { store, path } = await aStore();
  const beside = read(`file:${path}?mode=ro`, RECIPES);
  expect(beside.version).toBe('3.37.0');
  expect(beside.rows).toHaveLength(RECIPES.length);
  expect(beside.rows.filter((count) => count > 0).length).toBeGreaterThan(8);
  await store.close();
  expect(read(`file:${path}?mode=ro`, RECIPES)).toEqual(beside);
});

const UNPRIVILEGED = 65_534;

test.runIf(process.getuid?.() === 0)(
  'a reader without write permission reads beside a receiver, and without a receiver only with immutable=1',
  async () => {
    const { store, path } = await aStore(0o644);
    const reader = { uid: UNPRIVILEGED, old: false };
    const readAs = (parameter: string) =>
      read(`file:${path}?${parameter}`, ['SELECT * FROM conservation'], reader).rows;
    expect(readAs('mode=ro')).toEqual([1]);
    await store.close();
    expect(() => readAs('mode=ro')).toThrow('attempt to write a readonly database');
    expect(readAs('immutable=1')).toEqual([1]);
  },
);
