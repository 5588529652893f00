// Opens a database to look at it: read only, without the receiver's lock, while a receiver may be writing.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import Database from 'better-sqlite3';
import { APPLICATION_ID, DatabaseRefused, withFileError } from './open.ts';
import { schemaVersionOf } from './schema-version.ts';

/** How long to wait while a receiver recovers or resets its WAL. */
const BUSY_TIMEOUT_MS = 5_000;

/** The caller closes it. @throws {DatabaseRefused} when there is no such file, or it is not ours. */
export function openReadOnly(path: string): Database.Database {
  const file = resolve(path);
  if (!existsSync(file)) throw new DatabaseRefused(`${file} does not exist`);
  return withFileError(file, () => {
    const client = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
    try {
      if (client.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
        throw new DatabaseRefused(`${file} is no database of this receiver`);
      }
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  });
}

/** Whether this version of the receiver has written the tables, or an older or a newer one. */
export function schemaAge(client: Database.Database): 'current' | 'older' | 'newer' {
  const { age } = schemaVersionOf(client);
  // What was begun and not finished is finished by a start.
  return age === 'new' ? 'older' : age;
}
