// Opens the database file: alone, migrated, and with every setting that a promise depends on read back.

import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { reasonOf } from '../../log.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../migrations', import.meta.url));

/** "CXRC": marks a SQLite file as ours (PRAGMA application_id). */
const APPLICATION_ID = 0x43585243;

/** A busy wait blocks the event loop, so it is short; the writer tries again by itself. */
const BUSY_TIMEOUT_MS = 20;

/** The database cannot be used; the message names the file and what to do about it. */
export class DatabaseRefused extends Error {
  override readonly name = 'DatabaseRefused';
}

export interface OpenDatabase {
  readonly client: Database.Database;
  readonly orm: BetterSQLite3Database;
  close(): void;
}

/** @throws {DatabaseRefused} */
export function openDatabase(path: string): OpenDatabase {
  const file = resolve(path);
  const lock = explain(file, () => takeLock(file));
  let client: Database.Database | undefined;
  try {
    client = explain(file, () => new Database(file, { timeout: BUSY_TIMEOUT_MS }));
    const orm = explain(file, () => prepareDatabase(file, client as Database.Database));
    const opened = client;
    return {
      client: opened,
      orm,
      close: () => {
        if (!opened.open) return;
        opened.pragma('wal_checkpoint(TRUNCATE)');
        opened.close();
        lock.close();
      },
    };
  } catch (error) {
    client?.close();
    lock.close();
    throw error;
  }
}

/** One receiver a file: the lock is held on a file beside it, by the operating system, and ends with the process. */
function takeLock(file: string): Database.Database {
  mkdirSync(dirname(file), { recursive: true });
  const lock = new Database(`${file}.lock`, { timeout: 0 });
  try {
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') {
      throw new DatabaseRefused(
        `${file} is in use by another receiver: stop it first, or choose another DATABASE_PATH`,
      );
    }
    throw error;
  }
}

function prepareDatabase(file: string, client: Database.Database): BetterSQLite3Database {
  refuseForeign(file, client);
  setAndReadBack(client, 'journal_mode', 'WAL', 'wal');
  // Opening an existing WAL database leaves NORMAL, which loses acknowledged commits when the power fails.
  setAndReadBack(client, 'synchronous', 'FULL', 2);
  setAndReadBack(client, 'recursive_triggers', 'ON', 1);
  setAndReadBack(client, 'journal_size_limit', String(64 * 1024 * 1024), 64 * 1024 * 1024);
  const orm = drizzle(client);
  migrate(orm, { migrationsFolder: MIGRATIONS });
  return orm;
}

function refuseForeign(file: string, client: Database.Database): void {
  const tables = client.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").pluck().get() as number;
  if (tables === 0) return;
  if (client.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new DatabaseRefused(`${file} belongs to another application: choose another DATABASE_PATH`);
  }
  const newest = client.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get() as number;
  const known = readMigrationFiles({ migrationsFolder: MIGRATIONS }).map((migration) => migration.folderMillis);
  if (!known.includes(newest)) {
    throw new DatabaseRefused(
      `${file} was written by a newer version of this receiver: run that version, or restore a backup`,
    );
  }
}

function setAndReadBack(client: Database.Database, name: string, value: string, expected: unknown): void {
  client.pragma(`${name} = ${value}`);
  const actual = client.pragma(name, { simple: true });
  if (actual !== expected) throw new DatabaseRefused(`PRAGMA ${name} is ${String(actual)}, it must be ${value}`);
}

const ADVICE: Record<string, string> = {
  SQLITE_NOTADB: 'is no SQLite database: choose another DATABASE_PATH',
  SQLITE_CANTOPEN: 'cannot be opened or created: check that the folder exists and may be written',
  SQLITE_READONLY: 'may not be written: check the permissions of the file and its folder',
  SQLITE_BUSY: 'is locked by another program: close it and start again',
  SQLITE_CORRUPT: 'is damaged: restore a backup',
  SQLITE_FULL: 'cannot grow: the disk is full',
};

function explain<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof DatabaseRefused) throw error;
    const { code = '' } = error as { code?: string };
    const advice = Object.entries(ADVICE).find(([prefix]) => code.startsWith(prefix))?.[1];
    throw new DatabaseRefused(`${file} ${advice ?? 'cannot be used'} (${reasonOf(error)})`, { cause: error });
  }
}
