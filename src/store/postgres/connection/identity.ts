// Recognises data that was restored from a dump: its queued executions may have been sent since the dump was made.

import type { Client } from 'pg';

/** The role of a receiver may lack the right to read the identifier of the server; the id of the database is then all. */
const MAY_READ = "SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AS may";

const DATABASE = '(SELECT oid::text FROM pg_database WHERE datname = current_database())';
const SERVER = '(SELECT system_identifier::text FROM pg_control_system())';
/** A dump that is restored creates the tables again, also in the database of which it was made. */
export const TABLES = "coalesce(to_regclass('execution_rows')::oid::text, 'none')";

/**
 * Whether a dump of an earlier version, which does not state its tables, was restored here and no receiver has run since: a restore
 * creates tables in the order of their names, and keys after the rows. A receiver first creates the table of its migrations.
 */
const UNTOUCHED_RESTORE = `SELECT to_regclass('schema_migrations')::oid::bigint > to_regclass('execution_rows')::oid::bigint
    AND coalesce(age(h.xmin) >= age(c.xmin), true) AS untouched
  FROM pg_constraint AS c LEFT JOIN heartbeat AS h ON h.id = 1 WHERE c.conrelid = to_regclass('heartbeat') AND c.contype = 'p'`;

/** The reason of a receiver that runs while its database is restored: what is queued there may have been sent since. */
export const RESTORED =
  'not the database of the start: it was restored, or replaced by another one; stop all receivers and start them again';

interface Identity {
  /** Server and database. */
  readonly identity: string;
  /** The same, and the tables. */
  readonly tables: string;
}

async function identityOf(client: Client): Promise<Identity> {
  const { rows: rights } = await client.query<{ may: boolean }>(MAY_READ);
  const text = rights[0]?.may ? `${SERVER} || '/' || ${DATABASE}` : DATABASE;
  const { rows } = await client.query<Identity>(
    `SELECT i.identity, i.identity || '/' || ${TABLES} AS tables FROM (SELECT ${text} AS identity) AS i`,
  );
  return rows[0] ?? { identity: '', tables: '' };
}

/** Returns a text that another server, another database and tables that were created again do not have. */
export async function tablesOf(client: Client): Promise<string> {
  return (await identityOf(client)).tables;
}

/** Returns whether the data was written in other tables, from which these are a copy. A new database notes what it is. */
export async function isCopy(client: Client): Promise<boolean> {
  const own = await identityOf(client);
  const { rows } = await client.query<{ identity: string; tables: string | null }>(
    'SELECT identity, tables FROM database_identity',
  );
  const [noted] = rows;
  // promise: restored-dump-holds-its-queue
  if (noted !== undefined && noted.identity !== own.identity) return true;
  // A receiver of an earlier version notes the database alone.
  const tables = noted?.tables?.startsWith(`${noted.identity}/`) ? noted.tables : null;
  // promise: postgres/dump-restored-in-place-holds-its-queue
  if (tables !== null) return tables !== own.tables;
  // promise: postgres/older-dump-restored-in-place-holds-its-queue
  if (await isUntouchedRestore(client)) return true;
  await noteIdentity(client);
  return false;
}

async function isUntouchedRestore(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ untouched: boolean }>(UNTOUCHED_RESTORE);
  return rows[0]?.untouched === true;
}

/** Notes that the data belongs to these tables. */
export async function noteIdentity(client: Client): Promise<void> {
  const { identity, tables } = await identityOf(client);
  await client.query(
    `INSERT INTO database_identity (id, identity, tables) VALUES (1, $1, $2)
    ON CONFLICT (id) DO UPDATE SET identity = excluded.identity, tables = excluded.tables`,
    [identity, tables],
  );
}
