// Whether a database can be moved: what it holds, and whether a receiver uses it.

import type { Client } from 'pg';
import type { AuditHead } from '../../port.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { isAnyLeading } from '../connection/leader-lock.ts';

const HOLDS_ROWS = `SELECT EXISTS (SELECT 1 FROM execution_rows) OR EXISTS (SELECT 1 FROM audit_rows)
  OR EXISTS (SELECT 1 FROM operator_activity_rows) OR EXISTS (SELECT 1 FROM incidents) OR EXISTS (SELECT 1 FROM sending_pauses)
  OR EXISTS (SELECT 1 FROM endpoint_pauses) OR EXISTS (SELECT 1 FROM audit_checkpoint WHERE pruned_through > 0) AS holds`;

/** Commands only read. */
const SESSIONS = `SELECT count(*)::integer AS count FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'cxone-callback-receiver %'
    AND application_name NOT IN ('cxone-callback-receiver command', 'cxone-callback-receiver doctor')`;

const HAS_ENTRY = `SELECT EXISTS (SELECT 1 FROM audit_rows WHERE id = $1 AND encode(hash, 'hex') = $2)
  OR EXISTS (SELECT 1 FROM audit_checkpoint WHERE pruned_through > $1 OR pruned_through = $1 AND hash = $2) AS has`;

export async function holdsRows(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ holds: boolean }>(HOLDS_ROWS);
  return rows[0]?.holds === true;
}

/** Returns whether the trail of the database has this entry, or had it before it was pruned. */
export async function hasEntry(client: Client, { id, hash }: AuditHead): Promise<boolean> {
  const { rows } = await client.query<{ has: boolean }>(HAS_ENTRY, [id, hash]);
  return rows[0]?.has === true;
}

/** Keeps receivers out until the transaction ends. @throws {DatabaseRefused} if one uses the database. */
export async function keepReceiversOut(client: Client): Promise<void> {
  // A batch locks the row of its receiver, and a receiver that starts adds one.
  await client.query('LOCK TABLE receivers IN EXCLUSIVE MODE');
  const { rows } = await client.query<{ count: number }>(SESSIONS);
  // promise: postgres/running-receiver-is-not-moved
  if ((rows[0]?.count ?? 0) > 0 || (await isAnyLeading(client))) {
    throw new DatabaseRefused('a receiver uses the PostgreSQL database: stop all receivers first');
  }
}
