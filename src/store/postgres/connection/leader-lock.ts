// The lock of the leader: one of the receivers on a database has it, for as long as its writing connection lasts.

import type { Client } from 'pg';
import type { Slot } from './slot.ts';

/** A leader without a sign of life for this long is replaced, by the clock of the database. */
const STALE_SECONDS = 10;

/** How long the end of a connection is awaited, milliseconds. */
const END_MS = 2_000;

const LEADER_LOCK = "hashtext('active receiver')";

/** The rows of `pg_locks` with the lock of the leader. */
const LOCK_IN_USE = `l.locktype = 'advisory' AND l.objid = (${LEADER_LOCK}::bigint & 4294967295)::oid AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** The receiver whose connection has the lock: the server gives the number of a process again, so that an ended one may have had it. */
// promise: postgres/ended-receiver-ends-no-connection
const HOLDER = `FROM pg_locks AS l JOIN LATERAL
    (SELECT slot, beat_at FROM receivers WHERE pid = l.pid ORDER BY beat_at DESC LIMIT 1) AS r ON true
  WHERE ${LOCK_IN_USE}`;

/**
 * With the lock comes a sign of life: the last one may be old. The term is raised only when another receiver led before. None has led
 * before the first term: it begins as if one had handed over that has sent nothing.
 */
// promise: postgres/term-ends-with-another-leader
const BEGIN_TERM = `WITH beaten AS (
    UPDATE receivers SET beat_at = clock_timestamp() WHERE slot = $1 AND epoch = $2 RETURNING slot
  ) INSERT INTO leadership AS l (id, term, slot, since, handed_over_term) SELECT 1, 1, slot, clock_timestamp(), 0 FROM beaten
  ON CONFLICT (id) DO UPDATE SET term = l.term + CASE WHEN l.slot = excluded.slot THEN 0 ELSE 1 END, slot = excluded.slot,
    since = CASE WHEN l.slot = excluded.slot THEN l.since ELSE excluded.since END
  RETURNING term`;

/** Receivers of versions up to schema 6 wait a second otherwise. */
const HAND_OVER = 'UPDATE leadership SET handed_over_term = term WHERE id = 1 AND slot = $1';

/** Returns whether a receiver leads. */
export async function isAnyLeading(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ leads: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM pg_locks AS l WHERE ${LOCK_IN_USE}) AS leads`,
  );
  return rows[0]?.leads === true;
}

/** Returns the term of this receiver if it leads from now on; null while another one leads, which ends if it has stopped. */
export async function takeLead(client: Client, { slot, epoch }: Slot): Promise<number | null> {
  const { rows: locks } = await client.query<{ locked: boolean }>(
    `SELECT pg_try_advisory_lock(${LEADER_LOCK}) AS locked`,
  );
  if (locks[0]?.locked !== true) {
    // promise: postgres/stopped-leader-is-replaced
    await endStoppedLeader(client);
    return null;
  }
  const { rows: terms } = await client.query<{ term: number }>(BEGIN_TERM, [slot, epoch]);
  return terms[0]?.term ?? null;
}

/** Notes that the leader has sent to CXone all that it sends, and has published what the next one continues with. */
export async function noteHandOver(client: Client, { slot }: Slot): Promise<void> {
  await client.query(HAND_OVER, [slot]);
}

/** Gives up the lock, which nothing else on this connection needs. */
export async function giveUpLead(client: Client): Promise<void> {
  await client.query(`SELECT pg_advisory_unlock(${LEADER_LOCK})`);
}

/** Ends the connection of a leader that has stopped: while its process is stopped, its connection stays open. */
async function endStoppedLeader(client: Client): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(l.pid) ${HOLDER} AND r.beat_at < clock_timestamp() - make_interval(secs => $1)`,
    [STALE_SECONDS],
  );
}

/** Ends an earlier connection of this receiver that still holds the lock: the server may not have noticed that it is gone. */
export async function endOwnConnection(client: Client, slot: number): Promise<void> {
  await client.query(`SELECT pg_terminate_backend(l.pid, ${END_MS}) ${HOLDER} AND r.slot = $1`, [slot]);
}
