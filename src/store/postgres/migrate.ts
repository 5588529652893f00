// Brings the schema of the database to this version: one receiver applies the migrations, and the others wait for it.

import type { Client } from 'pg';
import { type Log, reasonOf } from '../../lib/log.ts';
import { DatabaseRefused } from '../shared/database-refused.ts';
import { FIRST_SCHEMA, fenceOff, refuseLowSchema, refuseOlderReceivers } from './compatibility.ts';
import { codeOf, isDiskFull, isTransient, LOCKED, leavesInDoubt } from './connection/errors.ts';
import { type Migration, readMigrations } from './migrations.ts';

/**
 * How long a migration waits for a table that another session uses, in milliseconds, and how often, with a second in between. Whatever
 * receivers ask of the table waits behind it. A backup uses all tables for as long as it takes.
 */
const LOCK_MS = 200;
const ATTEMPTS = 120;
/** A receiver that has stopped in its turn loses its connection after this time, in milliseconds, as it does in a transaction. */
const STOPPED_MS = 10_000;
const TURN = "hashtext('migrations')";
/** An object of that name exists (duplicate_table, duplicate_function, duplicate_column, duplicate_object). */
const EXISTS = /^42(?:P07|723|701|710)$/;
/** The role lacks a right (insufficient_privilege). */
const NO_RIGHT = '42501';
/** Other programs that use tables at this moment. Receivers use them for moments only. */
const USERS = `SELECT string_agg(DISTINCT format('%s, process %s', nullif(a.application_name, ''), a.pid), '; ') AS names
  FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
  WHERE l.locktype = 'relation' AND l.granted AND l.database = a.datid AND a.datname = current_database()
    AND a.pid <> pg_backend_pid() AND NOT starts_with(a.application_name, 'cxone-callback-receiver ')`;

/**
 * Applies the migrations that the database lacks. Receivers of the version before continue meanwhile. After a failure, the end of the
 * connection lets the next receiver try.
 * @throws {DatabaseRefused} if the database belongs to another program, if a later version needs newer receivers, or if receivers run
 * that could not serve afterwards; it is then unchanged.
 */
export async function migrate(
  client: Client,
  wanted: readonly Migration[] = readMigrations(),
  log: Pick<Log, 'info' | 'warn'> | null = null,
): Promise<void> {
  await takeTurn(client, log);
  const applied = await appliedMigrations(client);
  refuseUnknown(applied, wanted);
  const missing = wanted.slice(applied.length);
  if (applied.length > 0) await refuseOlderReceivers(client, missing);
  await client.query(`SET lock_timeout = ${LOCK_MS}`);
  for (const migration of missing) await applyPatiently(client, migration, log);
  if (missing.length > 0) log?.info({ migrations: missing.map(({ name }) => name) }, 'the database has a new schema');
  await client.query(`SELECT pg_advisory_unlock(${TURN})`);
}

/** The others wait for as long as the migrations take. */
async function takeTurn(client: Client, log: Pick<Log, 'info'> | null): Promise<void> {
  // One may stop before it gets its turn, too.
  // promise: postgres/stopped-receiver-loses-its-turn
  await client.query(`SET idle_session_timeout = ${STOPPED_MS}`);
  const { rows } = await client.query<{ free: boolean }>(`SELECT pg_try_advisory_lock(${TURN}) AS free`);
  if (rows[0]?.free) return;
  log?.info({}, 'the schema of the database is being changed by another receiver: waiting for it');
  // promise: postgres/one-receiver-migrates
  await client.query(`SET lock_timeout = 0; SELECT pg_advisory_lock(${TURN})`);
}

/** Makes the tables in an empty database. Runs inside a transaction of the caller. */
export async function makeTables(client: Client): Promise<void> {
  await makeMigrationTable(client);
  for (const migration of readMigrations()) await run(client, migration);
}

/** Runs a statement and returns its rows. */
type Query = (text: string) => Promise<readonly object[]>;

/** Refuses a database whose tables are not those of this version, for what only reads. @throws {DatabaseRefused} */
export async function refuseOtherSchema(query: Query): Promise<void> {
  const state = await readSchemaState(query);
  if (state === 'empty') throw new DatabaseRefused(NEW);
  if (state === 'older') throw new DatabaseRefused(OLDER);
}

/** `newer`: a later version has added to it, and this one may serve, too. */
export type SchemaState = 'empty' | 'older' | 'current' | 'newer';

/**
 * Returns how the schema of the database relates to this version, without a change: `empty` before the first start.
 * @throws {DatabaseRefused} if the database belongs to another program, or to a later version beside which this one may not serve.
 */
export async function readSchemaState(query: Query): Promise<SchemaState> {
  const applied = await knownMigrations(query);
  if (applied === null) return 'empty';
  const wanted = readMigrations();
  refuseUnknown(applied, wanted);
  if (applied.length === wanted.length) return 'current';
  return applied.length < wanted.length ? 'older' : 'newer';
}

interface Found {
  /** True if the database has the table of migrations. */
  readonly ours: boolean;
  /** True if it has the table of changes, which a migration has made. */
  readonly states: boolean;
  /** True if it has the column that the same migration has made. */
  readonly whole: boolean;
  readonly tables: number;
  /** Another schema of the database that has tables of a receiver, unless DATABASE_URL itself names the schema. */
  readonly elsewhere: string | null;
}

type Applied = Pick<Migration, 'name' | 'sha256' | 'lowest'>;

const FOUND = `SELECT to_regclass('schema_migrations') IS NOT NULL AS ours, to_regclass('schema_changes') IS NOT NULL AS states,
  EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('receivers') AND attname = 'schema') AS whole,
  (SELECT count(*) FROM pg_tables WHERE schemaname = current_schema())::integer AS tables,
  (SELECT min(t.schemaname) FROM pg_tables AS t JOIN pg_tables AS r ON r.schemaname = t.schemaname AND r.tablename = 'receivers'
    JOIN pg_settings AS p ON p.name = 'search_path' AND p.source <> 'client'
    WHERE t.tablename = 'schema_migrations' AND t.schemaname IS DISTINCT FROM current_schema()) AS elsewhere`;
/** A row with such a name is the mark of a database whose content was moved to a file: earlier versions do not know the migration. */
const MARK = 'moved to ';
const IS_MARK = `starts_with(name, '${MARK}')`;

const FIRST = `SELECT name, sha256, NULL::integer AS lowest FROM schema_migrations WHERE NOT ${IS_MARK} ORDER BY name`;
const APPLIED = `SELECT coalesce(m.name, c.name) AS name, coalesce(m.sha256, c.sha256) AS sha256, c.lowest
  FROM (SELECT name, sha256 FROM schema_migrations WHERE NOT ${IS_MARK}) AS m FULL JOIN schema_changes AS c ON c.name = m.name
  ORDER BY 1`;
const MARKS = `SELECT name, (extract(epoch FROM applied_at) * 1000)::float8 AS at FROM schema_migrations WHERE ${IS_MARK}`;

const FOREIGN = 'the database of DATABASE_URL has tables of another program: create an empty database for the receiver';
const otherSchema = (name: string) =>
  `the database of DATABASE_URL has the tables of a receiver in the schema ${name}, in which this user does not look for them: connect as the user of before, or correct its search_path. For a receiver with tables of its own, add options=-c%20search_path%3DSCHEMA to DATABASE_URL`;
const WAITS = 'another session uses a table that a migration changes: waiting for it';
const NEW =
  'the database of DATABASE_URL has no tables: start the receiver on it once, or correct the name of the database';
const BESIDE =
  'a dump of an older version was restored beside what a newer one had added. Restore it into an empty database';
const OLDER = 'the database of DATABASE_URL is from an older version of this receiver: start this version on it once';

/** Marks the database, also one that has a mark: no receiver starts on it, because its content is in the file. */
export async function markMoved(client: Client, file: string, headHash: string): Promise<void> {
  await removeMoveMark(client);
  await client.query('INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)', [MARK + file, headHash]);
}

export async function removeMoveMark(client: Client): Promise<void> {
  await client.query(`DELETE FROM schema_migrations WHERE ${IS_MARK}`);
}

/** Returns null for a database that was not moved. */
async function readMoveMark(query: Query): Promise<{ readonly file: string; readonly at: string } | null> {
  const [mark] = (await query(MARKS)) as readonly { readonly name: string; readonly at: number }[];
  if (mark === undefined) return null;
  return { file: mark.name.slice(MARK.length), at: new Date(mark.at).toISOString() };
}

/** @throws {DatabaseRefused} if the content of the database was moved to another file, on which a receiver may run. */
export async function refuseMovedElsewhere(query: Query, file: string): Promise<void> {
  const mark = await readMoveMark(query);
  // promise: postgres/moved-database-is-moved-to-one-file
  if (mark === null || mark.file === file) return;
  throw new DatabaseRefused(
    `the PostgreSQL database was moved to ${mark.file} at ${mark.at}, and a receiver may run on that file: to move on, use the file. If that move was interrupted, run it again, or end it with "move --cancel", with --to ${mark.file}`,
  );
}

/** @throws {DatabaseRefused} if the content of the database was moved to a file. */
export async function refuseMoved(query: Query): Promise<void> {
  const mark = await readMoveMark(query);
  // promise: postgres/moved-database-runs-no-receiver
  if (mark === null) return;
  throw new DatabaseRefused(
    `the database of DATABASE_URL was moved to ${mark.file} at ${mark.at}: set DATABASE_PATH to that file and remove DATABASE_URL. If the move was interrupted, run it again, or end it with "move --cancel"`,
  );
}

/** Returns null for an empty database. @throws {DatabaseRefused} if it belongs to another program. */
async function knownMigrations(query: Query): Promise<readonly Applied[] | null> {
  const [found] = (await query(FOUND)) as readonly Found[];
  // promise: postgres/list-of-a-newer-version-is-refused
  if (found?.ours && found.states && !found.whole)
    throw new DatabaseRefused(`the database lists more than it has: ${BESIDE}`);
  if (found?.ours) return (await query(found.states ? APPLIED : FIRST)) as readonly Applied[];
  // promise: postgres/tables-in-another-schema
  if (found?.elsewhere) throw new DatabaseRefused(otherSchema(found.elsewhere));
  if (found?.tables === 0) return null;
  throw new DatabaseRefused(FOREIGN);
}

async function appliedMigrations(client: Client): Promise<readonly Applied[]> {
  const query: Query = async (text) => (await client.query(text)).rows;
  const known = await knownMigrations(query);
  if (known !== null) {
    await refuseMoved(query);
    return known;
  }
  await makeMigrationTable(client);
  return [];
}

async function makeMigrationTable(client: Client): Promise<void> {
  await client.query(
    `CREATE TABLE schema_migrations (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
}

function refuseUnknown(applied: readonly Applied[], wanted: readonly Migration[]): void {
  for (const { lowest } of applied) refuseLowSchema(lowest, wanted.at(-1)?.number);
  for (const [i, { name, sha256, lowest }] of applied.entries()) {
    const known = wanted[i];
    // A later version has added to the database, and states that this one may serve.
    // promise: postgres/neighbouring-version-serves
    if (known === undefined && lowest !== null) return;
    if (known?.name !== name) {
      throw new DatabaseRefused(
        `the database has the migration ${name}, which this version does not know: start a newer version`,
      );
    }
    if (known.sha256 !== sha256) {
      throw new DatabaseRefused(
        `the database was made with another text of the migration ${name}: start the version that made it, or move the database to a file with that version, and start this one on the file`,
      );
    }
  }
}

async function applyPatiently(client: Client, migration: Migration, log: Pick<Log, 'warn'> | null): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await apply(client, migration);
    } catch (error) {
      if (leavesInDoubt(error)) throw error;
      if (codeOf(error) !== LOCKED) throw refusal(migration, error);
      if (attempt === ATTEMPTS) throw lockedOut(migration, await usersOf(client), error);
      // promise: postgres/wait-of-a-migration-is-shown
      if (attempt === 1) log?.warn({ migration: migration.name, users: await usersOf(client) }, WAITS);
      await client.query('SELECT pg_sleep(1)');
    }
  }
}

async function usersOf(client: Client): Promise<string | null> {
  return (await client.query<{ names: string | null }>(USERS)).rows[0]?.names ?? null;
}

function lockedOut({ name }: Migration, users: string | null, error: unknown): DatabaseRefused {
  return new DatabaseRefused(
    `another session${users === null ? '' : ` (${users})`} has used a table for which the migration ${name} waits: start again when it has ended (a backup, for example)`,
    { cause: error },
  );
}

/** Returns why a migration that was rolled back cannot be applied, with the remedy. */
function refusal({ name }: Migration, error: unknown): DatabaseRefused {
  const [code, reason] = [codeOf(error), reasonOf(error)];
  const refused = (text: string) => new DatabaseRefused(text, { cause: error });
  // promise: postgres/leftovers-of-a-newer-version-are-refused
  if (EXISTS.test(code)) {
    return refused(
      `the database has a part of the migration ${name} already, and does not list it (${reason}): ${BESIDE}`,
    );
  }
  // promise: postgres/failed-migration-names-the-remedy
  if (code === NO_RIGHT) {
    return refused(
      `this user may not apply the migration ${name} (${reason}): connect as the role that owns all tables, views and functions of the receiver`,
    );
  }
  if (isTransient(error)) {
    const remedy = isDiskFull(error) ? 'make room, and start again' : 'start again';
    return refused(`the server has not applied the migration ${name} (${reason}): ${remedy}`);
  }
  return refused(
    `the migration ${name} cannot be applied, and nothing of it is done (${reason}): undo what has changed the tables or functions, or restore a backup`,
  );
}

async function apply(client: Client, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await run(client, migration);
    await client.query('COMMIT');
  } catch (error) {
    // The server has rolled back what was sent on a connection that is gone.
    // promise: postgres/lost-connection-keeps-its-reason
    if (!leavesInDoubt(error)) await client.query('ROLLBACK');
    throw error;
  }
}

async function run(client: Client, migration: Migration): Promise<void> {
  const { number, name, sha256, statements, lowest } = migration;
  for (const statement of statements) await client.query(statement);
  // Receivers of the first migrations know `schema_migrations` alone, and refuse what they do not know in it.
  if (lowest === null || lowest > FIRST_SCHEMA) {
    await client.query('INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)', [name, sha256]);
  }
  if (lowest === null) return;
  await client.query('INSERT INTO schema_changes (number, name, sha256, lowest) VALUES ($1, $2, $3, $4)', [
    ...[number, name, sha256, lowest],
  ]);
  await fenceOff(client, migration);
}
