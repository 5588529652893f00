// Opens the database file: alone, migrated, and with every setting that a promise depends on read back.

import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { reasonOf } from '../../../lib/log.ts';
import { migrateSchema, schemaVersionOf } from './schema-version.ts';

/** "CXRC": marks a SQLite file as ours (PRAGMA application_id). */
export const APPLICATION_ID = 0x43585243;

/** PRAGMA user_version of a file that was given the tables of this version and not yet found to have kept everything. */
export const UNVERIFIED = 1;

/** A busy wait blocks the event loop, so it is short; the writer tries again by itself. */
const BUSY_TIMEOUT_MS = 20;
/** While opening there is nothing yet to be held up: another program is given time to finish its write. */
const OPENING_TIMEOUT_MS = 2_000;

/** The database cannot be used; the message names the file and what to do about it. */
export class DatabaseRefused extends Error {
  override readonly name = 'DatabaseRefused';
}

export interface OpenDatabase {
  readonly client: Database.Database;
  readonly orm: BetterSQLite3Database;
  close(): void;
}

/** A file that an older version wrote, before its tables are made those of this one. */
export interface Upgrade {
  readonly file: string;
  /** Which generation its tables are of. */
  readonly from: string;
  readonly client: Database.Database;
  readonly migrate: () => void;
}

/** What is done about a file that holds a trail and is not, or was not long ago, of this version. */
export interface UpgradeHooks {
  /** Migrates it, once that is safe. @throws {DatabaseRefused} */
  readonly upgrade: (upgrade: Upgrade) => void;
  /** It was migrated and is still UNEXAMINED. @throws {DatabaseRefused} */
  readonly verify: (upgraded: Pick<Upgrade, 'file' | 'client'>) => void;
}

const NO_CARE: UpgradeHooks = { upgrade: ({ migrate }) => migrate(), verify: () => {} };

/** @throws {DatabaseRefused} */
export function openDatabase(path: string, care: UpgradeHooks = NO_CARE): OpenDatabase {
  const file = resolve(path);
  const lock = withFileError(file, () => takeLock(file));
  let client: Database.Database | undefined;
  try {
    client = withFileError(file, () => new Database(file, { timeout: OPENING_TIMEOUT_MS }));
    const orm = withFileError(file, () => prepareDatabase(file, client as Database.Database, care));
    const opened = client;
    return {
      client: opened,
      orm,
      close: () => {
        if (!opened.open) return;
        tidy(opened);
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
export function takeLock(file: string): Database.Database {
  makeFolder(dirname(file));
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new DatabaseRefused(`${file} is a folder: put the name of a file after it in DATABASE_PATH`);
  }
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

/** SQLite makes the names in the folder durable; that of the folder itself, when it is new, is left to us. */
function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** What is not copied out of the WAL stays in it and is read from there: on a full disk too, stopping loses nothing. */
function tidy(client: Database.Database): void {
  try {
    client.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // Closing goes on.
  }
}

function prepareDatabase(file: string, client: Database.Database, care: UpgradeHooks): BetterSQLite3Database {
  const isNew = isEmpty(client);
  if (!isNew) refuseForeign(file, client);
  // SQLite opens a file that may not be written without a word, and tells at the first write.
  client.exec(`BEGIN IMMEDIATE; PRAGMA application_id = ${APPLICATION_ID}; ROLLBACK`);
  if (!isNew) refuseNewer(file, client);
  if (isNew) letShrink(client);
  setAndReadBack(client, 'journal_mode', 'WAL', 'wal');
  // Opening an existing WAL database leaves NORMAL, which loses acknowledged commits when the power fails.
  // promise: synchronous-full
  setAndReadBack(client, 'synchronous', 'FULL', 2);
  setAndReadBack(client, 'recursive_triggers', 'ON', 1);
  setAndReadBack(client, 'journal_size_limit', String(64 * 1024 * 1024), 64 * 1024 * 1024);
  // The migrator commits its own table before the first migration: killed in between, the file must be known as ours.
  if (applicationId(client) !== APPLICATION_ID) client.pragma(`application_id = ${APPLICATION_ID}`);
  const generation = schemaVersionOf(client);
  const migrate = () => migrateSchema(client);
  if (generation.age === 'older' && holdsTrail(client)) care.upgrade({ file, from: generation.name, client, migrate });
  else migrate();
  if (client.pragma('user_version', { simple: true }) === UNVERIFIED) care.verify({ file, client });
  client.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return drizzle(client);
}

/** Space that pruning frees can be given back to the disk. Of a file that has tables already only a copy can (compact). */
function letShrink(client: Database.Database): void {
  client.pragma('auto_vacuum = INCREMENTAL');
  client.exec('VACUUM');
}

function isEmpty(client: Database.Database): boolean {
  return client.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").pluck().get() === 0;
}

function refuseForeign(file: string, client: Database.Database): void {
  if (applicationId(client) !== APPLICATION_ID) {
    throw new DatabaseRefused(`${file} belongs to another application: choose another DATABASE_PATH`);
  }
}

function refuseNewer(file: string, client: Database.Database): void {
  if (schemaVersionOf(client).age === 'newer') {
    throw new DatabaseRefused(
      `${file} was written by a newer version of this receiver: run that version, or restore a backup`,
    );
  }
}

/** Every execution has an entry, or had one that was pruned. */
function holdsTrail(client: Database.Database): boolean {
  const pruned = 'SELECT 1 FROM audit_checkpoint WHERE pruned_through > 0';
  return client.prepare(`SELECT 1 FROM audit_events UNION ALL ${pruned} LIMIT 1`).get() !== undefined;
}

function applicationId(client: Database.Database): unknown {
  return client.pragma('application_id', { simple: true });
}

function setAndReadBack(client: Database.Database, name: string, value: string, expected: unknown): void {
  client.pragma(`${name} = ${value}`);
  const actual = client.pragma(name, { simple: true });
  if (actual !== expected) throw new DatabaseRefused(`PRAGMA ${name} is ${String(actual)}, it must be ${value}`);
}

/** By the beginning of the code; the first that fits counts. */
const ADVICE: readonly (readonly [code: string, advice: string])[] = [
  ['SQLITE_NOTADB', 'is no SQLite database: choose another DATABASE_PATH'],
  ['SQLITE_CANTOPEN', 'cannot be opened or created: check that it and its folder may be read and written'],
  ['SQLITE_READONLY', 'may not be written: check the permissions of the file and its folder'],
  ['SQLITE_BUSY', 'is locked by another program: close it and start again'],
  ['SQLITE_CORRUPT', 'is damaged: restore a backup'],
  ['SQLITE_FULL', 'cannot grow, the disk is full: make room and start again'],
  ['SQLITE_IOERR_SHMSIZE', 'cannot be opened, the disk is full: make room and start again'],
  ['SQLITE_IOERR', 'cannot be read or written, the disk fails: check it, and restore a backup on another one'],
  ['ENOSPC', 'cannot be created, the disk is full: make room and start again'],
  ['EACCES', 'cannot be created: check the permissions of the folder above it'],
  ['EROFS', 'cannot be created, the disk is mounted read-only: choose another DATABASE_PATH'],
  ['ENOTDIR', 'cannot be created, a part of its path is no folder: choose another DATABASE_PATH'],
  ['EEXIST', 'cannot be created, a part of its path is no folder: choose another DATABASE_PATH'],
];

/** @throws {DatabaseRefused} for whatever goes wrong: with the file's name and what to do. */
export function withFileError<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof DatabaseRefused) throw error;
    const { code = '' } = error as { code?: string };
    const advice = ADVICE.find(([prefix]) => code.startsWith(prefix))?.[1];
    throw new DatabaseRefused(`${file} ${advice ?? 'cannot be used'} (${reasonOf(error)})`, { cause: error });
  }
}
