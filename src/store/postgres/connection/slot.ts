// The slot of a receiver in the table `receivers`, and the lock of the one that is active.

import type { Client } from 'pg';

/** A receiver without a sign of life for this long is replaced, by the clock of the database. */
const STALE_SECONDS = 10;

/** Without a sign of life for this long, a receiver has ended. */
const ENDED_DAYS = 1;

/** How long the end of a connection is awaited, milliseconds. */
const END_MS = 2_000;

const ACTIVE_LOCK = "hashtext('active receiver')";

export interface Slot {
  readonly slot: number;
  readonly epoch: number;
}

/** Takes the lock of the active receiver, which its session holds. Returns false while another receiver has it. */
export async function takeActiveLock(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${ACTIVE_LOCK}) AS locked`);
  return rows[0]?.locked === true;
}

/** The rows of `pg_locks` with the lock of the active receiver. */
const ACTIVE_LOCK_IN_USE = `l.locktype = 'advisory' AND l.objid = (${ACTIVE_LOCK}::bigint & 4294967295)::oid AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Returns whether a receiver holds the lock. */
export async function isAnyActive(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ active: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM pg_locks AS l WHERE ${ACTIVE_LOCK_IN_USE}) AS active`,
  );
  return rows[0]?.active === true;
}

/** Ends an earlier connection of this receiver that still holds the lock. */
export async function endOwnConnection(client: Client, slot: number): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(l.pid, ${END_MS}) FROM pg_locks AS l JOIN receivers AS r ON r.pid = l.pid
    WHERE ${ACTIVE_LOCK_IN_USE} AND r.slot = $1`,
    [slot],
  );
}

/** Returns whether another receiver has become active since this one did: each takes a new slot, and the newest one is kept. */
export async function othersWereActive(client: Client, slot: number): Promise<boolean> {
  const { rows } = await client.query<{ others: boolean }>(
    'SELECT EXISTS (SELECT 1 FROM receivers WHERE slot > $1) AS others',
    [slot],
  );
  return rows[0]?.others === true;
}

/** Ends the connection of an active receiver that has stopped: while its process is stopped, its connection stays open. */
export async function endStoppedReceiver(client: Client): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(l.pid) FROM pg_locks AS l JOIN receivers AS r ON r.pid = l.pid
    WHERE ${ACTIVE_LOCK_IN_USE} AND r.beat_at < clock_timestamp() - make_interval(secs => $1)`,
    [STALE_SECONDS],
  );
}

/** Removes the slots of receivers that ended long ago, with what no connection of theirs can ask for any more. */
export async function removeEnded(client: Client, slot: number): Promise<void> {
  await client.query(
    `WITH ended AS (
      DELETE FROM receivers WHERE slot < $1 AND beat_at < clock_timestamp() - make_interval(days => ${ENDED_DAYS}) RETURNING slot
    ) DELETE FROM receipts WHERE slot IN (SELECT slot FROM ended)`,
    [slot],
  );
}

/** Takes a new slot, or raises the epoch of the slot. It waits for a batch of the earlier epoch that is being committed. */
export async function raiseEpoch(client: Client, slot: number | null, name: string): Promise<Slot> {
  const { rows } = await client.query<Slot>(
    slot === null
      ? `INSERT INTO receivers (epoch, name, pid, started_at, beat_at)
        VALUES (1, $1, pg_backend_pid(), clock_timestamp(), clock_timestamp()) RETURNING slot, epoch`
      : `UPDATE receivers SET epoch = epoch + 1, pid = pg_backend_pid(), beat_at = clock_timestamp()
        WHERE slot = $1 RETURNING slot, epoch`,
    [slot ?? name],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the slot of this receiver was deleted');
  return row;
}
