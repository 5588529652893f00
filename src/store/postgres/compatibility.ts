// Receivers of neighbouring versions on one database: which of them may serve, and which may bring it to a newer schema.

import type { Client } from 'pg';
import { many } from '../../lib/figures.ts';
import { DatabaseRefused } from '../shared/database-refused.ts';
import { type Migration, SCHEMA } from './migrations.ts';

/** The schema of the last receivers that do not state theirs, and refuse all migrations that they do not know. */
export const FIRST_SCHEMA = 4;

/** The lowest schema that may serve. Every later version keeps this table and this column. */
export const LOWEST = 'SELECT max(lowest) FROM schema_changes';

/**
 * Receivers with a lower schema whose connection is open, also when their process is stopped. The column `schema` is missing before
 * the migration that adds it.
 */
const OLDER = `SELECT r.name FROM receivers AS r JOIN pg_stat_activity AS a ON a.pid = r.pid AND a.datname = current_database()
    AND starts_with(r.name, a.application_name) AND a.application_name <> ''
  WHERE coalesce((to_jsonb(r) ->> 'schema')::integer, ${FIRST_SCHEMA}) < $1 ORDER BY r.slot`;

/** How each message of `lowSchemaProblem` begins. */
export const TOO_OLD = 'the database needs a receiver with schema';

/** Returns why this version may not serve, with the remedy, if a newer one has changed the database so; null if it may. */
export function lowSchemaProblem(lowest: number | null, own: number = SCHEMA): string | null {
  // promise: postgres/older-receiver-stops
  if (lowest === null || lowest <= own) return null;
  return `${TOO_OLD} ${lowest} or newer, and this version has schema ${own}: start a newer version`;
}

/** @throws {DatabaseRefused} if this version may not serve. */
export function refuseLowSchema(lowest: number | null, own: number = SCHEMA): void {
  const problem = lowSchemaProblem(lowest, own);
  if (problem !== null) throw new DatabaseRefused(problem);
}

/** Does the same on a connection. */
export async function refuseLowSchemaOn(client: Client): Promise<void> {
  const { rows } = await client.query<{ lowest: number | null }>(`SELECT (${LOWEST}) AS lowest`);
  refuseLowSchema(rows[0]?.lowest ?? null);
}

/** @throws {DatabaseRefused} if receivers run that could not serve after these migrations; the database is then unchanged. */
export async function refuseOlderReceivers(client: Client, migrations: readonly Migration[]): Promise<void> {
  const lowest = lowestOf(migrations);
  if (lowest === 0) return;
  const { rows } = await client.query<{ name: string }>(OLDER, [lowest]);
  // promise: postgres/migration-waits-for-older-receivers
  if (rows.length === 0) return;
  throw new DatabaseRefused(
    `this version changes the database so that ${many(rows.length, 'receiver')} with a schema below ${lowest} could not serve, and runs (${rows.map(({ name }) => name).join(', ')}): stop them first, or upgrade them to a version in between`,
  );
}

/** Fences off what receivers that cannot serve any more still send: each has to connect again, and is refused then. */
export async function fenceOff(client: Client, { lowest }: Migration): Promise<void> {
  if (lowest === null) return;
  await client.query('UPDATE receivers SET epoch = epoch + 1 WHERE schema < $1', [lowest]);
}

function lowestOf(migrations: readonly Migration[]): number {
  return Math.max(0, ...migrations.map(({ lowest }) => lowest ?? 0));
}
