// Prepared databases: the receiver takes them for its own, and what is prepared once serves many.

import { readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { APP, callbackPaths, copyOf, prepare, preparedIn } from '../../bench/prepared.ts';
import { CALLBACK_PATH, createSignedUrls } from '../../src/callbacks/signed-url.ts';
import { systemWorld } from '../../src/lib/world.ts';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../src/store/sqlite/verify/verify.ts';
import { callback, completed } from '../support/executions.ts';
import { quietLog } from '../support/quiet-log.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SECRET = 'a-secret-of-32-characters-or-more';
const HOUR_MS = 3_600_000;

function reading<T>(path: string, read: (client: Database.Database) => T): T {
  const client = new Database(path, { readonly: true });
  try {
    return read(client);
  } finally {
    client.close();
  }
}

test('a prepared database stands up to the receiver’s own verification, and every execution is accounted for', async () => {
  const { path } = await prepare({ path: join(temporaryFolder(), 'a.db'), open: 300 });
  const { findings, entries } = reading(path, verifyAudit);
  expect(findings).toEqual([]);
  expect(entries).toBe(900);
  const account = reading(path, (client) => client.prepare('SELECT * FROM conservation').get());
  expect(account).toEqual({ accepted: 300, terminal: 0, open: 300, difference: 0 });
});

test('it has the schema of a new database, with every index and trigger, and is as sound', async () => {
  const folder = temporaryFolder();
  const { path } = await prepare({ path: join(folder, 'a.db'), open: 10 });
  openDatabase(join(folder, 'new.db')).close();
  const schemaOf = (file: string) =>
    reading(file, (client) => client.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all());
  expect(schemaOf(path)).toEqual(schemaOf(join(folder, 'new.db')));
  expect(reading(path, (client) => client.pragma('integrity_check', { simple: true }))).toBe('ok');
});

test('its executions wait for callbacks, which resolve them by the paths it names, and none is due for hours', async () => {
  const { path } = await prepare({ path: join(temporaryFolder(), 'a.db'), open: 50 });
  const paths = callbackPaths(path, SECRET, 3);
  expect(new Set(paths).size).toBe(3);
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal: () => {} });
  try {
    expect(await store.openCounts()).toEqual({ QUEUED: 0, UNCONFIRMED: 0, PENDING: 50 });
    expect((await store.nextDue()).pollAt).toBeGreaterThan(Date.now() + 23 * HOUR_MS);
    const reference = createSignedUrls('', [SECRET]).verify(paths[0]?.slice(CALLBACK_PATH.length + 1) ?? '');
    const recorded = await store.record(reference ?? '', callback(completed()), Date.now());
    expect(recorded).toMatchObject({ outcome: 'resolved', execution: { app: APP, status: 'COMPLETED' } });
  } finally {
    await store.close();
  }
  expect(callbackPaths(path, SECRET, 50)).toHaveLength(49);
  expect(callbackPaths(path, SECRET, 50)).not.toContain(paths[0]);
  expect(reading(path, verifyAudit).findings).toEqual([]);
});

test('grace periods go through the whole span that is named, shuffled', async () => {
  const { path } = await prepare({
    path: join(temporaryFolder(), 'a.db'),
    open: 100,
    graceSeconds: { from: 100, to: 199 },
  });
  const graces = reading(path, (client) =>
    client.prepare<[], number>('SELECT grace_seconds FROM executions ORDER BY reference').pluck().all(),
  );
  const sorted = graces.toSorted((one, other) => one - other);
  expect(sorted).toEqual(Array.from({ length: 100 }, (_, i) => 100 + i));
  expect(graces).not.toEqual(sorted);
});

test('what was prepared is used again while it is fresh, and a copy leaves it as it is', async () => {
  const folder = temporaryFolder();
  const first = await preparedIn(folder, { open: 20 });
  const made = statSync(first.path).ino;
  const copy = join(folder, 'copies', 'a.db');
  await copyOf(first, copy);
  const client = new Database(copy);
  client.exec('UPDATE execution_rows SET status = 9');
  client.close();
  const second = await preparedIn(folder, { open: 20 });
  expect(second.path).toBe(first.path);
  expect(statSync(second.path).ino).toBe(made);
  expect(reading(second.path, (it) => it.prepare('SELECT open FROM conservation').pluck().get())).toBe(20);
  expect((await preparedIn(folder, { open: 21 })).path).not.toBe(first.path);
  const yesterday = (Date.now() - 24 * HOUR_MS) / 1000;
  utimesSync(first.path, yesterday, yesterday);
  expect(statSync((await preparedIn(folder, { open: 20 })).path).mtimeMs).toBeGreaterThan(Date.now() - HOUR_MS);
});

test('interrupted, it leaves nothing behind that could be taken for a whole one', async () => {
  const folder = temporaryFolder();
  const interrupted = AbortSignal.abort(new Error('interrupted'));
  await expect(preparedIn(folder, { open: 100 }, interrupted)).rejects.toThrow('interrupted');
  expect(readdirSync(folder)).toEqual([]);
});
