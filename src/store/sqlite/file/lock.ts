// The lock that gives one receiver a database file, and the note in it of the start that last wrote the file.

import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { makeFolders } from '../../../lib/make-folders.ts';
import { syncToDiskSync } from '../../../lib/sync-to-disk.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { createWithMode } from './file-mode.ts';

/** What the lock knows of the file that it stands for. */
export interface LockNote {
  /** The texts that `database_file.run` may have in the main file: of the last complete start, and of later ones that were cut off. */
  readonly runs: readonly string[];
  /** The texts that the database itself may have, read with its log; left out by an earlier version, whose texts are `runs`. */
  readonly own?: readonly string[];
  /** The texts of files that a command put in place and that were started on since; left out by an earlier version. */
  readonly placed?: readonly string[];
  /** Inode of the database. */
  readonly inode: string;
  /** Inode of the lock, which differs when the folder was copied as a whole. */
  readonly lockInode: string;
  /** The page of the main file that has the text, counted from 1. */
  readonly page: number;
  readonly pageBytes: number;
}

export type DatabaseLock = ReturnType<typeof takeLock>;

/**
 * Returns the place of a database: of the file itself, not of a symbolic link to it. The file may be missing.
 * @throws {NodeJS.ErrnoException} for example ELOOP
 */
export function realDatabasePath(path: string): string {
  const file = resolve(path);
  try {
    return realpathSync(file);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) {
      return realDatabasePath(resolve(dirname(file), readlinkSync(file)));
    }
    const folder = dirname(file);
    return folder === file ? file : join(realDatabasePath(folder), basename(file));
  }
}

/** @throws {DatabaseRefused} if the path leads to a folder, for which SQLite reports a failing disk. */
export function refuseFolder(file: string): void {
  if (!statSync(file, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new DatabaseRefused(`${file} is a folder: put the name of a file after it`);
}

/**
 * Takes the lock of a file: it is held on a file beside it, by the operating system, and ends with the process.
 * @param file a real path. @throws {DatabaseRefused}
 */
export function takeLock(file: string, mode: number) {
  makeFolder(dirname(file));
  refuseFolder(file);
  const path = `${file}.lock`;
  createWithMode(path, mode);
  const client = lockedExclusively(path, file);
  const inode = String(statSync(path).ino);
  return {
    path,
    /** Null before the first start of a version that writes notes. */
    note: readNote(client),
    write: (note: Omit<LockNote, 'lockInode'>): void => {
      client.exec('CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT');
      const value = JSON.stringify({ ...note, lockInode: inode } satisfies LockNote);
      client.prepare('INSERT OR REPLACE INTO note (id, value) VALUES (1, ?)').run(value);
      client.exec('COMMIT; BEGIN EXCLUSIVE');
    },
    close: (): void => void client.close(),
  };
}

/** Refuses a file that a receiver has open under another name: a hard link, or a mount of the file alone. */
export function refuseOtherName(file: string, otherLock: string): void {
  if (statSync(otherLock, { throwIfNoEntry: false }) === undefined) return;
  lockedExclusively(otherLock, file).close();
}

/** The exclusive locking mode keeps the lock when a transaction ends. */
function lockedExclusively(path: string, file: string): Database.Database {
  const client = new Database(path, { timeout: 0 });
  try {
    client.pragma('locking_mode = EXCLUSIVE');
    client.pragma('synchronous = FULL');
    client.exec('BEGIN EXCLUSIVE');
    return client;
  } catch (error) {
    client.close();
    if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
    const held = path === `${file}.lock` ? '' : ` under another name (its lock is ${path})`;
    throw new DatabaseRefused(
      `${file} is in use by another receiver${held}: stop it first, or choose another DATABASE_PATH`,
    );
  }
}

function readNote(client: Database.Database): LockNote | null {
  const table = client.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'note'").get();
  if (table === undefined) return null;
  const value = client.prepare<[], string>('SELECT value FROM note WHERE id = 1').pluck().get();
  return value === undefined ? null : (JSON.parse(value) as LockNote);
}

/** SQLite makes the names in the folder durable; the name of a new folder is synced here. */
function makeFolder(folder: string): void {
  const first = makeFolders(folder);
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) syncToDiskSync(dirname(made));
}
