// Prepares the database at the start: verifies its settings and brings its schema to this version.

import type { Client } from 'pg';
import { reasonOf } from '../../../lib/log.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { migrate } from '../migrate.ts';
import { readMigrations } from '../migrations.ts';
import { type Connected, type ConnectOptions, connectWritable, NoWritableHost } from './connect.ts';
import { leavesInDoubt } from './errors.ts';
import { isCopy, noteIdentity, tablesOf } from './identity.ts';
import { verifySettings } from './verify-settings.ts';

const LOST = 'the connection to the database was lost during the start';
const REMEDY = 'check DATABASE_URL, and that the server runs';

const CHOICE = 'the database is set up to keep less than a receiver promises';

export interface Prepared {
  /** The newest time that a receiver wrote, milliseconds; null if none did. */
  readonly newestTime: number | null;
  /** True for a database that was restored from a dump. */
  readonly isCopy: boolean;
  /** See `ConnectOptions`. */
  readonly tables: string;
}

/** @throws {DatabaseRefused} with the remedy; the database is then unchanged. */
export async function prepareDatabase(options: ConnectOptions): Promise<Prepared> {
  const { client, address } = await connected(options);
  try {
    for (const choice of await verifySettings(client)) options.log.warn({ host: address.host, choice }, CHOICE);
    await refuseSharedSessions(client, options);
    await migrate(client, readMigrations(), options.log);
    const { rows } = await client.query<{ at: number }>('SELECT at FROM heartbeat WHERE id = 1');
    return { newestTime: rows[0]?.at ?? null, isCopy: await isCopy(client), tables: await tablesOf(client) };
  } catch (error) {
    // promise: postgres/connection-lost-at-the-start
    if (error instanceof DatabaseRefused || !leavesInDoubt(error)) throw error;
    throw new DatabaseRefused(`${LOST} (${address.host}: ${reasonOf(error)}): ${REMEDY}`, { cause: error });
  } finally {
    await client.end();
  }
}

/**
 * A pooler in transaction mode runs the statements of several connections in one session of the server, so that settings, locks and
 * prepared statements of a connection are those of another one. @throws {DatabaseRefused}
 */
export async function refuseSharedSessions(client: Client, options: ConnectOptions): Promise<void> {
  const other = await connected(options);
  try {
    const mark = `SELECT set_config('cxone_receiver.connection', $1, false)`;
    await client.query(mark, ['first']);
    await other.client.query(mark, ['second']);
    const { rows } = await client.query<{ mark: string }>(
      "SELECT current_setting('cxone_receiver.connection', true) AS mark",
    );
    // promise: postgres/pooler-in-transaction-mode
    if (rows[0]?.mark !== 'first') throw new DatabaseRefused(SHARED);
  } finally {
    await other.client.end();
  }
}

const SHARED =
  'the connections of DATABASE_URL share sessions of the server: connect without the pooler, or set its pool_mode to session';

/** @throws {DatabaseRefused} with the reason of each host. */
export async function connected(options: ConnectOptions): Promise<Connected> {
  try {
    return await connectWritable(options);
  } catch (error) {
    if (!(error instanceof NoWritableHost)) throw error;
    throw new DatabaseRefused(`${error.message}: ${REMEDY}`, { cause: error });
  }
}

/** Does what a restored dump requires, and notes it. Of several receivers one does; the others wait for it, and return 0. */
export async function adoptCopy(options: ConnectOptions, adopt: () => Promise<number>): Promise<number> {
  const { client } = await connectWritable(options);
  try {
    await client.query("SET lock_timeout = 0; SELECT pg_advisory_lock(hashtext('restored copy'))");
    if (!(await isCopy(client))) return 0;
    const count = await adopt();
    await noteIdentity(client);
    return count;
  } finally {
    await client.end();
  }
}
