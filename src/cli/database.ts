// Opens the database read-only, beside a running receiver or without one.

import { readDatabase } from '../config/config.ts';
import { secretsInDatabaseUrl } from '../lib/database-url.ts';
import { yieldToEventLoop } from '../lib/event-loop.ts';
import { type DatabasePlace, openReader, openTrail } from '../store/open/open-reader.ts';
import type { Batches, StoreReader, TrailReader } from '../store/reader-port.ts';
import { type CommandContext, CommandError } from './context.ts';

type Environment = Pick<CommandContext, 'env'>;

/** Closes the database when the work settles. @param given the configured one if undefined. @throws {DatabaseRefused} */
export async function withDatabase<T>(
  context: Environment,
  given: string | undefined,
  work: (reader: StoreReader) => T | Promise<T>,
): Promise<T> {
  return closing(await openReader(placeOf(context, given)), work);
}

/** Does the same with a database that may be of an older version. @throws {DatabaseRefused} */
export async function withTrail<T>(
  context: Environment,
  given: string | undefined,
  work: (trail: TrailReader) => T | Promise<T>,
): Promise<T> {
  return closing(await openTrail(placeOf(context, given)), work);
}

async function closing<R extends TrailReader, T>(reader: R, work: (reader: R) => T | Promise<T>): Promise<T> {
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

function placeOf(context: Environment, given: string | undefined): DatabasePlace {
  if (given === undefined) {
    const { path, url } = readDatabase(context.env());
    return url === null ? { path } : { url };
  }
  return /^postgres(?:ql)?:/i.test(given) ? { url: checkedUrl(given) } : { path: given };
}

function checkedUrl(given: string): string {
  try {
    // promise: no-password-in-arguments
    if (secretsInDatabaseUrl(given).every((secret) => secret === given)) return given;
  } catch (error) {
    throw new CommandError(`The URL of the database ${(error as TypeError).message}`);
  }
  const remedy = 'set DATABASE_URL instead, or leave the password out and set PGPASSWORD';
  throw new CommandError(`Every user of this machine can read the password in the arguments of a command: ${remedy}.`);
}

/**
 * Returns the path of the file that a command changes or copies. @param remedy what to do with a PostgreSQL database instead.
 * @throws {CommandError} if the database is a PostgreSQL database.
 */
export function databaseFile({ env }: Environment, remedy: string): string {
  const { path, url } = readDatabase(env());
  // promise: file-commands-refuse-postgres
  if (url !== null) {
    throw new CommandError(
      `This command is for a SQLite file, and DATABASE_URL names a PostgreSQL database: ${remedy}.`,
    );
  }
  return path;
}

/** Returns the first `limit` items that are found, and whether there are more. */
export async function firstOf<T>(
  batches: Batches<T>,
  limit: number,
): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const items: T[] = [];
  for await (const { found } of batches) {
    items.push(...found);
    if (items.length > limit) break;
    await yieldToEventLoop();
  }
  return { items: items.slice(0, limit), more: items.length > limit };
}
