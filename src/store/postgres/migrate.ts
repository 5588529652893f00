// Brings the schema of the database to this version: one receiver applies the migrations, and the others wait for it.

import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Client } from 'pg';
import { DatabaseRefused } from '../shared/database-refused.ts';

const FOLDER = join(import.meta.dirname, '../../../migrations/postgres');
const BREAKPOINT = '--> statement-breakpoint';

interface Migration {
  readonly name: string;
  readonly sha256: string;
  readonly statements: readonly string[];
}

/** @throws {DatabaseRefused} if the database belongs to another program or to a later version; it is then unchanged. */
export async function migrate(client: Client): Promise<void> {
  // The others wait for as long as the migrations take.
  await client.query("SET lock_timeout = 0; SELECT pg_advisory_lock(hashtext('migrations'))");
  try {
    const applied = await appliedMigrations(client);
    const wanted = readMigrations();
    refuseUnknown(applied, wanted);
    for (const migration of wanted.slice(applied.length)) await apply(client, migration);
  } finally {
    await client.query("SELECT pg_advisory_unlock(hashtext('migrations'))");
  }
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
  if (state !== 'current') throw new DatabaseRefused(state === 'empty' ? NEW : OLDER);
}

/**
 * Returns how the schema of the database relates to this version, without a change: `empty` before the first start.
 * @throws {DatabaseRefused} if the database belongs to another program or to a later version.
 */
export async function readSchemaState(query: Query): Promise<'empty' | 'older' | 'current'> {
  const applied = await knownMigrations(query);
  if (applied === null) return 'empty';
  const wanted = readMigrations();
  refuseUnknown(applied, wanted);
  return applied.length < wanted.length ? 'older' : 'current';
}

interface Found {
  /** True if the database has the table of migrations. */
  readonly ours: boolean;
  readonly tables: number;
}

interface Applied {
  readonly name: string;
  readonly sha256: string;
}

const FOUND = `SELECT to_regclass('schema_migrations') IS NOT NULL AS ours,
  (SELECT count(*) FROM pg_tables WHERE schemaname = current_schema())::integer AS tables`;
/** A row with such a name is the mark of a database whose content was moved to a file: earlier versions do not know the migration. */
const MARK = 'moved to ';
const IS_MARK = `starts_with(name, '${MARK}')`;

const APPLIED = `SELECT name, sha256 FROM schema_migrations WHERE NOT ${IS_MARK} ORDER BY name`;
const MARKS = `SELECT name, applied_at::text AS at FROM schema_migrations WHERE ${IS_MARK}`;

const FOREIGN = 'the database of DATABASE_URL has tables of another program: create an empty database for the receiver';
const NEW =
  'the database of DATABASE_URL has no tables: start the receiver on it once, or correct the name of the database';
const OLDER = 'the database of DATABASE_URL is from an older version of this receiver: start this version on it once';

/** Marks the database, also one that has a mark: no receiver starts on it, because its content is in the file. */
export async function markMoved(client: Client, file: string, headHash: string): Promise<void> {
  await removeMoveMark(client);
  await client.query('INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)', [MARK + file, headHash]);
}

export async function removeMoveMark(client: Client): Promise<void> {
  await client.query(`DELETE FROM schema_migrations WHERE ${IS_MARK}`);
}

/** @throws {DatabaseRefused} if the content of the database was moved to a file. */
export async function refuseMoved(query: Query): Promise<void> {
  const [mark] = (await query(MARKS)) as readonly { readonly name: string; readonly at: string }[];
  // promise: postgres/moved-database-runs-no-receiver
  if (mark === undefined) return;
  throw new DatabaseRefused(
    `the database of DATABASE_URL was ${mark.name} at ${mark.at}: set DATABASE_PATH to that file and remove DATABASE_URL. If the move was interrupted, run it again, or end it with "move --cancel"`,
  );
}

/** Returns null for an empty database. @throws {DatabaseRefused} if it belongs to another program. */
async function knownMigrations(query: Query): Promise<readonly Applied[] | null> {
  const [found] = (await query(FOUND)) as readonly Found[];
  if (found?.ours) return (await query(APPLIED)) as readonly Applied[];
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
  for (const [i, { name, sha256 }] of applied.entries()) {
    const known = wanted[i];
    if (known === undefined || known.name !== name) {
      throw new DatabaseRefused(
        `the database has the migration ${name}, which this version does not know: start a newer version`,
      );
    }
    if (known.sha256 !== sha256) {
      throw new DatabaseRefused(
        `the database was made with another text of the migration ${name}: start the version that made it`,
      );
    }
  }
}

async function apply(client: Client, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await run(client, migration);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

async function run(client: Client, { name, sha256, statements }: Migration): Promise<void> {
  for (const statement of statements) await client.query(statement);
  await client.query('INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)', [name, sha256]);
}

function readMigrations(): Migration[] {
  return globSync('*.sql', { cwd: FOLDER })
    .toSorted()
    .map((file) => {
      const text = readFileSync(join(FOLDER, file), 'utf8');
      const sha256 = createHash('sha256').update(text).digest('hex');
      return { name: basename(file, '.sql'), sha256, statements: text.split(BREAKPOINT) };
    });
}
