// Opens the database for commands that only look: read only, while a receiver runs or is down.

import type { Database } from 'better-sqlite3';
import { readVariable } from '../config/config.ts';
import { yieldToEventLoop } from '../lib/event-loop.ts';
import { DatabaseRefused } from '../store/sqlite/file/open.ts';
import { openReadOnly, schemaAge } from '../store/sqlite/file/open-readonly.ts';
import type { CommandContext } from './context.ts';

/** How commands that look say where: DATABASE_PATH unless this is given. */
export const DATABASE_FLAG = { database: { type: 'string' } } as const;

/** Lets the database go when the work is done, however it ends. @throws {DatabaseRefused} */
export async function withDatabase<T>(
  { env }: Pick<CommandContext, 'env'>,
  path: string | undefined,
  work: (client: Database) => T | Promise<T>,
): Promise<T> {
  const client = openReadOnly(path ?? readVariable(env(), 'DATABASE_PATH'));
  try {
    const age = schemaAge(client);
    if (age === 'newer')
      throw new DatabaseRefused(`${client.name} is of a newer version of this receiver: use that one`);
    if (age === 'older') {
      throw new DatabaseRefused(`${client.name} is of an older version of this receiver: start this one on it once`);
    }
    return await work(client);
  } finally {
    client.close();
  }
}

/** The first ones that are found; one more is looked for, to know whether there are more. */
export async function firstOf<T>(
  stretches: Iterable<{ readonly found: readonly T[] }>,
  limit: number,
): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const items: T[] = [];
  for (const { found } of stretches) {
    items.push(...found);
    if (items.length > limit) break;
    await yieldToEventLoop();
  }
  return { items: items.slice(0, limit), more: items.length > limit };
}
