// Recognises a database that was restored from a dump: its queued executions may have been sent since the dump was made.

import type { Client } from 'pg';

/** The role of a receiver may lack the right to read the identifier of the server; the id of the database is then all. */
const MAY_READ = "SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AS may";

const DATABASE = '(SELECT oid::text FROM pg_database WHERE datname = current_database())';
const SERVER = '(SELECT system_identifier::text FROM pg_control_system())';

async function identityOf(client: Client): Promise<string> {
  const { rows: rights } = await client.query<{ may: boolean }>(MAY_READ);
  const text = rights[0]?.may ? `${SERVER} || '/' || ${DATABASE}` : DATABASE;
  const { rows } = await client.query<{ identity: string }>(`SELECT ${text} AS identity`);
  return rows[0]?.identity ?? '';
}

/** Returns whether the data was written in another database, from which this one is a copy. A new database notes what it is. */
export async function isCopy(client: Client): Promise<boolean> {
  const own = await identityOf(client);
  const { rows } = await client.query<{ identity: string }>('SELECT identity FROM database_identity');
  const [noted] = rows;
  if (noted === undefined) await noteIdentity(client);
  // promise: restored-dump-holds-its-queue
  return noted !== undefined && noted.identity !== own;
}

/** Notes that the data belongs to this database. */
export async function noteIdentity(client: Client): Promise<void> {
  await client.query(
    `INSERT INTO database_identity (id, identity) VALUES (1, $1)
    ON CONFLICT (id) DO UPDATE SET identity = excluded.identity`,
    [await identityOf(client)],
  );
}
