// Opening a database that cannot be used: one line says which file it is and what to do, and nothing listens.

import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../../src/lib/world.ts';
import { DatabaseRefused } from '../../../../src/store/shared/database-refused.ts';
import { openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { run } from '../../../support/process.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

/** A database of the receiver's, closed. */
function aDatabase(folder = temporaryFolder()): string {
  const path = join(folder, 'receiver.db');
  openDatabase(path).close();
  return path;
}

function refusalOf(path: string): string {
  try {
    openDatabase(path).close();
  } catch (error) {
    expect(error).toBeInstanceOf(DatabaseRefused);
    return (error as Error).message;
  }
  throw new Error('it was opened');
}

/** Permissions do not hold for root, so the process takes the user 'nobody' for a moment. */
function withoutPrivileges<T>(work: () => T): T {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}

/** Everything after the first page, which identifies the database. */
function damage(path: string, from: number): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xa5, from));
}

const SQLITE = createRequire(import.meta.url).resolve('better-sqlite3');

/** On a thread of its own, since opening blocks this one. */
const SHORT_WRITE = `
  const { parentPort, workerData } = require('node:worker_threads');
  const other = new (require(workerData.library))(workerData.path);
  other.exec('BEGIN IMMEDIATE');
  parentPort.postMessage('writing');
  setTimeout(() => other.exec('COMMIT'), 200);
`;

function locked(path: string, statements: string): string {
  const other = new Database(path);
  onTestFinished(() => void other.close());
  other.exec(statements);
  return path;
}

/** Each makes a file that cannot be used, with the expected message. */
const UNUSABLE: readonly [what: string, make: () => string, expected: RegExp][] = [
  [
    'a file that is not a database',
    () => {
      const path = join(temporaryFolder(), 'receiver.db');
      writeFileSync(path, 'these are my notes, please do not overwrite them. '.repeat(100));
      return path;
    },
    /is not an SQLite database: choose another DATABASE_PATH/,
  ],
  [
    'a database of another application',
    () => locked(join(temporaryFolder(), 'receiver.db'), 'CREATE TABLE customers (id)'),
    /belongs to another application: choose another DATABASE_PATH/,
  ],
  [
    'a database that another program has for itself',
    () => locked(aDatabase(), 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE'),
    /is locked by another program: close it and start again/,
  ],
  [
    'a database to which another program writes for long',
    () => locked(aDatabase(), 'BEGIN IMMEDIATE'),
    /is locked by another program: close it and start again/,
  ],
  [
    'a database that is damaged',
    () => {
      const path = aDatabase();
      damage(path, 4096);
      return path;
    },
    /is damaged: restore a backup/,
  ],
  [
    'a database that is damaged in its first page',
    () => {
      const path = aDatabase();
      damage(path, 100);
      return path;
    },
    /is damaged: restore a backup/,
  ],
  [
    'a database that was cut off',
    () => {
      const path = aDatabase();
      truncateSync(path, 8192);
      return path;
    },
    /is damaged: restore a backup/,
  ],
  [
    'a folder',
    () => {
      const path = join(temporaryFolder(), 'receiver.db');
      mkdirSync(path);
      return path;
    },
    /is a folder: put the name of a file after it/,
  ],
  [
    'a path through a file',
    () => {
      const file = join(temporaryFolder(), 'file');
      writeFileSync(file, '');
      return join(file, 'receiver.db');
    },
    /cannot be created, a part of its path is not a folder: choose another DATABASE_PATH/,
  ],
];

describe('what cannot be used is refused in one line that names it and says what to do', () => {
  test.each(UNUSABLE)('%s', (_, make, expected) => {
    const path = make();
    const message = refusalOf(path);
    expect(message).toMatch(expected);
    expect(message.startsWith(`${path} `)).toBe(true);
    expect(message).not.toContain('\n');
  });

  test('a file that may not be written', () => {
    const folder = temporaryFolder();
    const path = aDatabase(folder);
    chmodSync(folder, 0o777);
    chmodSync(`${path}.lock`, 0o666);
    chmodSync(path, 0o444);
    expect(withoutPrivileges(() => refusalOf(path))).toMatch(/receiver\.db may not be written: check the permissions/);
  });

  test('a file that may not be read', () => {
    const folder = temporaryFolder();
    const path = aDatabase(folder);
    chmodSync(folder, 0o777);
    chmodSync(`${path}.lock`, 0o666);
    chmodSync(path, 0);
    expect(withoutPrivileges(() => refusalOf(path))).toMatch(/receiver\.db cannot be opened.*read and written/);
  });

  test('a folder in which nothing may be created', () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o555);
    expect(withoutPrivileges(() => refusalOf(join(folder, 'receiver.db')))).toMatch(/receiver\.db cannot be opened/);
    expect(withoutPrivileges(() => refusalOf(join(folder, 'new', 'receiver.db')))).toMatch(
      /receiver\.db cannot be created: check the permissions of the folder above it/,
    );
  });
});

test('a file whose first start was cut short, at any of its commits, is made ready by the next start', () => {
  const path = join(temporaryFolder(), 'receiver.db');
  const cutShort = new Database(path);
  cutShort.pragma('journal_mode = WAL');
  cutShort.pragma('application_id = 1129861699');
  cutShort.close();
  openDatabase(path).close();
  const other = join(temporaryFolder(), 'receiver.db');
  const later = new Database(other);
  later.exec(`
    PRAGMA application_id = 1129861699;
    CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric);
  `);
  later.close();
  openDatabase(other).close();
});

test('a refused file is let go: once it is put right it opens', () => {
  const folder = temporaryFolder();
  const path = aDatabase(folder);
  const bytes = readFileSync(path);
  damage(path, 4096);
  refusalOf(path);
  writeFileSync(path, bytes);
  openDatabase(path).close();
});

test('a short write of another program is waited for', async () => {
  const path = aDatabase();
  const other = new Worker(SHORT_WRITE, { eval: true, workerData: { path, library: SQLITE } });
  await once(other, 'message');
  const database = openDatabase(path);
  expect(database.client.pragma('busy_timeout', { simple: true })).toBe(20);
  database.close();
});

test('damage that shows only when the store reads what it must know names the file too', () => {
  const path = aDatabase();
  const sql = new Database(path);
  const root = sql.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'audit_rows'").pluck().get() as number;
  sql.close();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xa5, (root - 1) * 4096, root * 4096));
  const open = () => createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal: () => {} });
  expect(open).toThrow(/receiver\.db is damaged: restore a backup/);
  // Not still held by the attempt.
  expect(open).toThrow(/is damaged/);
});

test.each(UNUSABLE.filter(([what]) => /no database|itself|cut off/.test(what)))(
  'npm start on %s: exit 1, nothing on stdout',
  async (_, make, expected) => {
    const env = {
      CXONE_BASE_URL: 'http://127.0.0.1:1',
      CXONE_CLIENT_ID: 'id',
      CXONE_CLIENT_SECRET: 'secret',
      PUBLIC_URL: 'http://127.0.0.1:1',
      PORT: '0',
      CALLBACK_SECRET: 'a-secret-for-processes-of-32-characters',
      APP_KEYS: 'shop:the-shop-key-0123456789',
      DATABASE_PATH: make(),
    };
    const { code, stdout, stderr } = await run(['start'], env, temporaryFolder()).finished;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(expected);
    expect(stderr.split('\n')).toHaveLength(2);
  },
);
