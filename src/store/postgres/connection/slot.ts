// The slot of a receiver in the table `receivers`, whose epoch fences off what its earlier connections still send.

import type { Client } from 'pg';
import type { RemoteClock } from '../../../lib/remote-clock.ts';
import { LOWEST, lowSchemaProblem } from '../compatibility.ts';
import { SCHEMA } from '../migrations.ts';
import { RESTORED, TABLES } from './identity.ts';
import { UNGUARDED, unguardedProblem } from './unique-indexes.ts';

/** Without a sign of life for this long, a receiver has ended. */
const ENDED_DAYS = 1;

export interface Slot {
  readonly slot: number;
  readonly epoch: number;
}

/** Removes the slots of receivers that ended long ago, with what no connection of theirs can ask for any more. */
export async function removeEnded(client: Client, slot: number): Promise<void> {
  // promise: postgres/slot-of-a-running-receiver
  await client.query(
    `WITH ended AS (
      DELETE FROM receivers WHERE slot <> $1 AND beat_at < clock_timestamp() - make_interval(days => ${ENDED_DAYS}) RETURNING slot
    ) DELETE FROM receipts WHERE slot IN (SELECT slot FROM ended)`,
    [slot],
  );
}

/**
 * Raises the epoch of the slot, which waits for a batch of the earlier epoch that is being committed. Takes a new slot without one,
 * or if the slot was removed.
 */
export async function raiseEpoch(client: Client, slot: number | null, name: string): Promise<Slot> {
  // A database that has lost its last commits may have given the slot to another receiver since.
  // promise: postgres/slot-of-another-receiver
  const { rows } = await client.query<Slot>(
    `UPDATE receivers SET epoch = epoch + 1, pid = pg_backend_pid(), beat_at = clock_timestamp(), schema = $2
    WHERE slot = $1 AND name = $3 RETURNING slot, epoch`,
    [slot, SCHEMA, name],
  );
  const [kept] = rows;
  if (kept !== undefined) return kept;
  const { rows: taken } = await client.query<Slot>(
    `INSERT INTO receivers (epoch, name, pid, started_at, beat_at, schema)
    VALUES (1, $1, pg_backend_pid(), clock_timestamp(), clock_timestamp(), $2) RETURNING slot, epoch`,
    [name, SCHEMA],
  );
  return taken[0] as Slot;
}

interface Sign {
  readonly now: number;
  readonly lowest: number | null;
  readonly tables: string;
  readonly unguarded: string | null;
}

/** The fractional part of a millisecond is below what a network delays. */
const BEAT = `UPDATE receivers SET beat_at = clock_timestamp() WHERE slot = $1 AND epoch = $2
  RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now, (${LOWEST}) AS lowest, ${TABLES} AS tables,
  (${UNGUARDED}) AS unguarded`;

/**
 * Gives a sign of life, and reads the clock of the server. Returns why this receiver may not continue on the connection: its epoch was
 * raised, a newer version has changed the database in a way that this one cannot serve, or a unique index is gone. Returns null if it may.
 */
export async function giveSign(
  client: Client,
  { slot, epoch }: Slot,
  { tables, clock }: { readonly tables: string; readonly clock?: Pick<RemoteClock, 'ask'> },
): Promise<string | null> {
  const take = clock?.ask();
  const { rows } = await client.query<Sign>(BEAT, [slot, epoch]);
  const [row] = rows;
  if (row === undefined) return 'another receiver has taken over';
  // promise: postgres/restored-tables-are-noticed
  if (!tables.endsWith(`/${row.tables}`)) return RESTORED;
  take?.(row.now);
  return lowSchemaProblem(row.lowest) ?? unguardedProblem(row.unguarded);
}
