// The advice for what SQLite and the system report about a database file.

import { reasonOf } from '../../../lib/log.ts';
import { Interrupted, type Steps } from '../../../lib/steps.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { codeOf } from './result-codes.ts';

/** By the beginning of the code; the first match counts. */
const ADVICE: readonly (readonly [code: string, advice: string])[] = [
  ['SQLITE_NOTADB', 'is not an SQLite database: choose another DATABASE_PATH'],
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
  ['ENOENT', 'cannot be created, its file system has no place for it: choose another DATABASE_PATH'],
  ['ENOTDIR', 'cannot be created, a part of its path is not a folder: choose another DATABASE_PATH'],
  ['EEXIST', 'cannot be created, a part of its path is not a folder: choose another DATABASE_PATH'],
  ['ELOOP', 'is a symbolic link that leads to itself: choose another DATABASE_PATH'],
];

/** SQLite undoes a transaction by itself on a full disk, and what the migrator then says hides that error. */
const UNDONE = 'cannot rollback - no transaction is active';
const NO_ROOM = 'cannot get its tables, as on a full disk: make room and start again';

/** @throws {DatabaseRefused} for every failure, with the name of the file and the remedy. */
export function withFileError<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw refusal(file, error);
  }
}

/** Work in steps can also be interrupted, on purpose. @throws {DatabaseRefused | Interrupted} */
export function* stepsWithFileError<T>(file: string, steps: Steps<T>): Steps<T> {
  try {
    return yield* steps;
  } catch (error) {
    throw error instanceof Interrupted ? error : refusal(file, error);
  }
}

/** Returns the refusal with the name of the file and the remedy. */
export function refusal(file: string, error: unknown): DatabaseRefused {
  if (error instanceof DatabaseRefused) return error;
  const { cause } = error as { cause?: unknown };
  // The migrator hands on the error of SQLite as a cause.
  const code = codeOf(error) || codeOf(cause);
  const isUndone = cause instanceof Error && cause.message.includes(UNDONE);
  const advice = isUndone ? NO_ROOM : ADVICE.find(([prefix]) => code.startsWith(prefix))?.[1];
  return new DatabaseRefused(`${file} ${advice ?? 'cannot be used'} (${reasonOf(error)})`, { cause: error });
}
