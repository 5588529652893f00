// Databases for tests on the PostgreSQL of the run.

import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import { migrate } from '../../../src/store/postgres/migrate.ts';
import type { Answer } from './global-setup.ts';

/** Null: this machine cannot run a PostgreSQL. */
async function askForServer(): Promise<string | null> {
  const answer = (await (await fetch(inject('postgres'))).json()) as Answer;
  return 'url' in answer ? answer.url : null;
}

/** The URL of the server; null if this machine cannot run one. Tests are skipped then, and the run says so in one line. */
export const serverUrl: string | null = await askForServer();

/** Returns a function that returns the URL of a database with the schema of the store, emptied before each use. */
export function createReusedDatabase(): () => Promise<string> {
  let url: string | null = null;
  return async () => {
    if (url !== null) {
      await withClient(url, empty);
      return url;
    }
    url = await newDatabase();
    await withClient(url, migrate);
    return url;
  };
}

/** A new database for each test costs a hundred times as much. */
async function empty(client: Client): Promise<void> {
  const { rows } = await client.query<{ tables: string }>(
    `SELECT string_agg(quote_ident(relname), ', ') AS tables FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      AND relname NOT IN ('schema_migrations', 'schema_changes', 'audit_event_names')`,
  );
  // The triggers that guard the trail refuse it.
  await client.query("SET session_replication_role = 'replica'");
  await client.query(`TRUNCATE ${rows[0]?.tables} RESTART IDENTITY`);
  await client.query(
    "INSERT INTO audit_checkpoint (id, pruned_through, hash, accepted, executions) VALUES (1, 0, repeat('0', 64), 0, 0)",
  );
}

/** Returns the URL of a new database. @param template the name of the database that is copied; default: one without tables */
export async function newDatabase(template = 'template1'): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await withClient(serverUrl ?? '', (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const url = new URL(serverUrl ?? '');
  url.pathname = name;
  return url.href;
}

let template: Promise<string> | null = null;

/** Returns the URL of a new database with the schema of the store: a copy of one that was migrated, which takes a tenth of the time. */
export async function newReceiverDatabase(): Promise<string> {
  template ??= migratedDatabase();
  return newDatabase(await template);
}

/** Returns the name. */
async function migratedDatabase(): Promise<string> {
  const url = await newDatabase();
  await withClient(url, migrate);
  return new URL(url).pathname.slice(1);
}

/** Runs work on a connection of its own. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
