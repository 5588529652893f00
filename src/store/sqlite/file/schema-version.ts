// Which migrations a file has had, and what makes the tables those of this version.

import { fileURLToPath } from 'node:url';
import type { Database } from 'better-sqlite3';
import { isMoveBegun } from './data-migration/data-migration.ts';
import { drizzle, migrate, readMigrationFiles } from './drizzle.ts';

export const MIGRATIONS = fileURLToPath(new URL('../../../../migrations', import.meta.url));

/** Names in files are four digits, so that they sort. */
export type SchemaVersion =
  | { readonly age: 'new' }
  | { readonly age: 'older'; readonly name: string }
  /** This version, or one before it, has given it its tables, and rows are still to be moved to them. */
  | { readonly age: 'unfinished' }
  | { readonly age: 'current' }
  | { readonly age: 'newer' };

/** The first migration as it was before it was given one more column. Files that had it are brought to where it is today. */
const DRAFT = 1795354059552;

export function schemaVersionOf(client: Database): SchemaVersion {
  const newest = newestOf(client);
  if (newest === null) return { age: 'new' };
  if (newest === DRAFT) return { age: 'older', name: '0000-draft' };
  const known = knownMigrations();
  const index = known.indexOf(newest);
  if (index === -1) return { age: 'newer' };
  const isOlder = index < known.length - 1;
  const whole: SchemaVersion = isOlder ? { age: 'older', name: String(index).padStart(4, '0') } : { age: 'current' };
  // promise: unfinished-upgrade-is-recognised
  return isMoveBegun(client) ? { age: 'unfinished' } : whole;
}

/** In transactions: killed at any moment, the file opens. */
export function migrateSchema(client: Database): void {
  // promise: first-draft-opens
  if (newestOf(client) === DRAFT) client.transaction(finishDraft)(client);
  migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
}

function finishDraft(client: Database): void {
  client.exec('ALTER TABLE executions ADD hearsay integer DEFAULT 0 NOT NULL');
  client.prepare('UPDATE __drizzle_migrations SET created_at = ?').run(knownMigrations()[0]);
}

/** Null before the first one: the migrator commits its own table before. */
function newestOf(client: Database): number | null {
  const table = "SELECT 1 FROM sqlite_schema WHERE name = '__drizzle_migrations'";
  if (client.prepare(table).get() === undefined) return null;
  return client.prepare<[], number | null>('SELECT max(created_at) FROM __drizzle_migrations').pluck().get() ?? null;
}

function knownMigrations(): readonly number[] {
  return readMigrationFiles({ migrationsFolder: MIGRATIONS }).map(({ folderMillis }) => folderMillis);
}
