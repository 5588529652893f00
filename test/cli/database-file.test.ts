// `compact`: the file gets smaller and loses nothing, or stays as it is; and from then on it gives space back by itself.

import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openReadOnly } from '../../src/store/sqlite/file/open-readonly.ts';
import { verifyAudit } from '../../src/store/sqlite/verify/verify.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { makeViewsWritable } from '../support/writable-views.ts';
import { command, fill, openStore, writtenDatabase } from './harness.ts';

/** As a version made it whose files could not shrink, with much free space in it. */
async function oldDatabase(): Promise<string> {
  const path = await writtenDatabase(50);
  const sql = new Database(path);
  sql.exec('PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM');
  sql.exec(
    'CREATE TABLE ballast (bytes BLOB) STRICT; INSERT INTO ballast VALUES (zeroblob(4000000)); DROP TABLE ballast',
  );
  sql.pragma('journal_mode = WAL');
  sql.close();
  return path;
}

function look<T>(path: string, work: (sql: Database.Database) => T): T {
  const sql = openReadOnly(path);
  try {
    return work(sql);
  } finally {
    sql.close();
  }
}

describe('compact', () => {
  test('gives back what is free and keeps what is there, permissions included', async () => {
    const path = await oldDatabase();
    chmodSync(path, 0o640);
    const before = statSync(path).size;
    const { code, out } = await command('compact --json', { DATABASE_PATH: path });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ok: true, path, bytesBefore: before, executions: 50, entries: 100 });
    expect(statSync(path).size).toBeLessThan(before / 4);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(dirname(path)).filter((name) => !name.startsWith('receiver.db'))).toEqual([]);
    expect(existsSync(`${path}.compact.partial`)).toBe(false);
    expect(look(path, (sql) => verifyAudit(sql).findings)).toEqual([]);
  });

  test('lets the receiver itself give space back from then on', async () => {
    const path = await oldDatabase();
    expect(look(path, (sql) => sql.pragma('auto_vacuum', { simple: true }))).toBe(0);
    await command('compact', { DATABASE_PATH: path });
    const { store } = openStore(path);
    onTestFinished(() => store.close());
    await fill(store, 5);
    expect(await store.reclaimSpace(1)).toBe(0);
  });

  test('a backup that is restored can give space back, too', async () => {
    const path = await oldDatabase();
    const copy = join(temporaryFolder(), 'copy.db');
    await command(`backup ${copy}`, { DATABASE_PATH: path });
    expect(look(copy, (sql) => sql.pragma('auto_vacuum', { simple: true }))).toBe(2);
  });

  test('refuses while a receiver runs on the file', async () => {
    const { store, path } = openStore();
    onTestFinished(() => store.close());
    const { code, err } = await command('compact', { DATABASE_PATH: path });
    expect([code, err]).toEqual([2, expect.stringMatching(/in use by another receiver: stop it first/)]);
  });

  test('refuses while another program has the file open, and changes nothing', async () => {
    const path = await oldDatabase();
    const other = new Database(path);
    other.prepare('SELECT count(*) FROM executions').get();
    const before = readFileSync(path);
    const { code, err } = await command('compact', { DATABASE_PATH: path });
    other.close();
    expect([code, err]).toEqual([2, expect.stringMatching(/is open in another program/)]);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('keeps the file as it is when it is not sound, and ignores the leftovers of an interrupted run', async () => {
    const path = await oldDatabase();
    const sql = new Database(path);
    makeViewsWritable(sql);
    sql.exec("UPDATE executions SET result = '{}'");
    sql.close();
    const before = readFileSync(path);
    writeFileSync(`${path}.compact.partial`, 'half');
    const { code, err } = await command('compact', { DATABASE_PATH: path });
    expect([code, err]).toEqual([1, expect.stringMatching(/the trail does not hold/)]);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('makes no file where there is none', async () => {
    const path = join(temporaryFolder(), 'receiver.db');
    const { code, err } = await command('compact', { DATABASE_PATH: path });
    expect([code, err]).toEqual([2, expect.stringMatching(/does not exist/)]);
    expect(readdirSync(dirname(path))).toEqual([]);
  });
});
