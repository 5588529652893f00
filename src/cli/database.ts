// Opens the database read-only, beside a running receiver or without one.

import type { Database } from 'better-sqlite3';
import { readVariable } from '../config/config.ts';
import { yieldToEventLoop } from '../lib/event-loop.ts';
import { DatabaseRefused } from '../store/sqlite/file/database-refused.ts';
import { openReadOnly, schemaAge } from '../store/sqlite/file/open-readonly.ts';
import type { CommandContext } from './context.ts';

/** Closes the database when the work settles. @param path DATABASE_PATH if undefined. @throws {DatabaseRefused} */
export async function withDatabase<T>(
  { env }: Pick<CommandContext, 'env'>,
  path: string | undefined,
  work: (client: Database) => T | Promise<T>,
): Promise<T> {
  const client = openReadOnly(path ?? readVariable(env(), 'DATABASE_PATH'));
  try {
    const age = schemaAge(client);
    if (age === 'newer') {
      throw new DatabaseRefused(`${client.name} is from a newer version of this receiver: use that version`);
    }
    if (age === 'older') {
      throw new DatabaseRefused(
        `${client.name} is from an older version of this receiver: start this version on it once`,
      );
    }
    return await work(client);
  } finally {
    client.close();
  }
}

/** Returns the first `limit` items that are found, and whether there are more. */
export async function firstOf<T>(
  batches: Iterable<{ readonly found: readonly T[] }>,
  limit: number,
): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const items: T[] = [];
  for (const { found } of batches) {
    items.push(...found);
    if (items.length > limit) break;
    await yieldToEventLoop();
  }
  return { items: items.slice(0, limit), more: items.length > limit };
}
