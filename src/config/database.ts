// The variables for the database: a file, or a PostgreSQL database on a server.

import * as v from 'valibot';
import { addressesIn } from '../lib/database-url.ts';
import { checked, databasePath, fileMode, secret, text } from './fields.ts';

const databaseUrl = v.pipe(
  text,
  checked((value) => {
    try {
      addressesIn(value);
      return null;
    } catch (error) {
      return (error as TypeError).message;
    }
  }),
);

/** Defaults are written as in the environment. */
export const DATABASE_VARIABLES = {
  DATABASE_PATH: v.optional(databasePath, 'data/receiver.db'),
  DATABASE_URL: v.optional(secret(databaseUrl)),
  DATABASE_MODE: v.optional(fileMode, '0600'),
};

const BOTH =
  'is set together with DATABASE_PATH; remove DATABASE_URL for the SQLite file, or DATABASE_PATH for PostgreSQL (an empty value counts as removed)';

/** Returns the mistake of two databases. The path has a default, so that its schema cannot show whether it was given. */
export function databaseProblem({
  DATABASE_URL: url,
  DATABASE_PATH: path,
}: Readonly<Record<string, string | undefined>>): [string, string][] {
  // promise: one-database
  return url === undefined || path === undefined ? [] : [['DATABASE_URL', BOTH]];
}
