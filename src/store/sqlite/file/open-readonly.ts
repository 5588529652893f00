// Opens a database read-only, without the lock of the receiver, while a receiver may be writing.

import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { withFileError } from './database-refused.ts';
import { refuseForeignWal } from './foreign-wal.ts';
import { realDatabasePath, refuseFolder } from './lock.ts';
import { APPLICATION_ID } from './open.ts';
import { schemaVersionOf } from './schema-version.ts';

/** Time to wait while a receiver recovers or resets its WAL. */
const BUSY_TIMEOUT_MS = 5_000;

const UNFINISHED =
  'is in the middle of its upgrade: start the receiver, which continues it, and wait until it is ready';

/**
 * Opens a database that this process does not have open. The caller closes the connection.
 * @throws {DatabaseRefused} when the file is missing or belongs to another application.
 */
export function openReadOnly(path: string): Database.Database {
  const file = withFileError(path, () => realDatabasePath(path));
  // The note of the lock is not read: a receiver may hold it.
  if (existsSync(file)) withFileError(file, () => refuseForeignWal(file, null));
  return openReadOnlyAgain(file);
}

/**
 * Opens a database that this process may have open, on any of its threads, by its real path. Only SQLite may open the file then:
 * a process that closes any descriptor of a file loses its locks on it (POSIX), and the next program to close the database would
 * remove the write-ahead log.
 * @throws {DatabaseRefused} as `openReadOnly`
 */
export function openReadOnlyAgain(file: string): Database.Database {
  if (!existsSync(file)) {
    throw new DatabaseRefused(
      `${file} does not exist: check the path; the first start of a receiver makes its database at DATABASE_PATH`,
    );
  }
  refuseFolder(file);
  return withFileError(file, () => {
    const client = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
    try {
      if (client.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
        throw new DatabaseRefused(`${file} is not a database of this receiver`);
      }
      // promise: unfinished-upgrade-is-not-read
      if (schemaVersionOf(client).age === 'unfinished') {
        throw new DatabaseRefused(`${file} ${UNFINISHED}`);
      }
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  });
}

/** Returns whether the tables are of this version of the receiver, or of an older or a newer one. */
export function schemaAge(client: Database.Database): 'current' | 'older' | 'newer' {
  const { age } = schemaVersionOf(client);
  // A start completes a migration that was begun.
  return age === 'new' || age === 'unfinished' ? 'older' : age;
}
