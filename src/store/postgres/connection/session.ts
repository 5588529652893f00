// The writing session: holds a slot of the table `receivers`, sends batches, and resolves a batch whose response was lost.
//
// The slot has an epoch, which each new connection raises. A batch of an earlier connection is then refused, so that its receipt
// decides whether it was committed: nothing can commit it afterwards.

import type { Client, QueryResultRow } from 'pg';
import type { DatabaseAddress } from '../../../lib/database-url.ts';
import { type Log, reasonOf } from '../../../lib/log.ts';
import type { World } from '../../../lib/world.ts';
import { StoreUnavailable } from '../../port.ts';
import { storableJson } from '../storable-json.ts';
import { createTurns } from '../turns.ts';
import { connectWritable, WRITER_SETTINGS } from './connect.ts';
import { codeOf, FENCED, isTransient, leavesInDoubt, READ_ONLY } from './errors.ts';
import { RECONNECT_MS, resolveReceipt } from './resolve-receipt.ts';
import {
  endOwnConnection,
  endStoppedReceiver,
  othersWereActive,
  raiseEpoch,
  removeEnded,
  takeActiveLock,
} from './slot.ts';

/** Receipts of a slot after which the older ones are deleted. */
const MAX_RECEIPTS = 1_000;
/** Well below the time after which a receiver without a sign of life is replaced. */
const BEAT_MS = 2_500;
/** How long the last sign of life proves that no other receiver is active: less than the time after which it is replaced. */
const PROVEN_MS = 8_000;

export interface SessionOptions {
  readonly addresses: readonly DatabaseAddress[];
  readonly world: Pick<World, 'sleep' | 'elapsed'>;
  readonly log: Log;
  /** Names this receiver in the table `receivers`. */
  readonly name: string;
  /** True: only one receiver is active, and others stand by. */
  readonly isExclusive: boolean;
  /** Called when another receiver has become active since this one was. The session then stays inactive. */
  readonly onReplaced?: () => void;
}

/** What apply_batch returns. */
export interface BatchResult {
  /** Ids of the new executions; null for a stale one. */
  readonly added: readonly (number | null)[] | null;
  /** Numbers of the stale parts. */
  readonly stale: readonly number[] | null;
  /** Id of the first entry. */
  readonly first: number | null;
  readonly head: number | null;
  readonly hash: string | null;
}

export type SessionState = 'active' | 'standby' | 'down' | 'closed';

export interface Session {
  state(): SessionState;
  /** Returns whether no other receiver can be active now, by signs of life that are measured with a clock that cannot be set. */
  isAlone(): boolean;
  /** Why it is not active, for messages. */
  reason(): string;
  /** Resolves when the session is active, or has been tried once and is not. */
  opened(): Promise<void>;
  /** Reads on the writing connection. @throws {StoreUnavailable} unless it is active. */
  all<Row extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[]>;
  /**
   * Commits a batch. After a lost connection it resolves once the database shows whether the batch was committed.
   * @throws {StoreUnavailable} when it was not.
   */
  apply(isAllOrNothing: boolean, knownHead: number, values: readonly unknown[]): Promise<BatchResult>;
  /**
   * Runs a statement once that changes something besides executions, and returns its one JSON value. `values` are its `$1`, as JSON.
   * A lost connection is resolved as for a batch. @throws {StoreUnavailable} when it was not committed.
   */
  write<T>(statement: string, values: object): Promise<T>;
  /** Notes that this receiver runs, and removes receipts that are no longer needed. */
  beat(): Promise<void>;
  close(): Promise<void>;
}

interface Active {
  readonly client: Client;
  readonly epoch: number;
  /** A connection runs one statement at a time. */
  readonly inTurn: ReturnType<typeof createTurns>;
}

const BEAT = 'UPDATE receivers SET beat_at = clock_timestamp() WHERE slot = $1 AND epoch = $2 RETURNING slot';

const REMOVE_RECEIPTS =
  'DELETE FROM receipts WHERE slot = $1 AND (epoch < $2::bigint - 10 OR epoch = $2 AND sequence < $3)';

async function rowsOf<Row extends QueryResultRow>(
  { client, inTurn }: Active,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  return (await inTurn(() => client.query<Row>({ text, values: [...values] }))).rows;
}

const APPLY = `SELECT apply_batch($1::integer, $2::bigint, $3::bigint, $4::boolean, $5::bigint, $6::json, $7::bigint[], $8::integer[],
  $9::json, $10::json, $11::json, $12::json, $13::json, $14::json, $15::integer[], $16::json, $17::json, $18::json, $19::json,
  $20::json, $21::integer[], $22::json, $23::json) AS result`;

const WRITE = 'SELECT write_once($1::integer, $2::bigint, $3::bigint, $4::text, $5::json) AS result';

// One function because its parts share the one connection and its state.
export function createSession(options: SessionOptions, onActive: (all: Session['all']) => Promise<void>): Session {
  const { addresses, world, log, name, isExclusive } = options;
  const closing = new AbortController();
  let active: Active | null = null;
  let state: SessionState = 'down';
  let reason = 'the database is not connected yet';
  let sequence = 0;
  /** When the last sign of life that the database has stored was given, by `elapsed`. */
  let provenAt = Number.NEGATIVE_INFINITY;
  let slot: number | null = null;
  let connecting: Promise<void> | null = null;

  /** Connects until the session is active. */
  async function connect(): Promise<void> {
    while (!closing.signal.aborted) {
      if (await tryOnce()) return;
      await world.sleep(RECONNECT_MS, closing.signal);
    }
  }

  async function tryOnce(): Promise<boolean> {
    let client: Client | null = null;
    try {
      client = (await connectWritable({ addresses, log, applicationName: name, settings: WRITER_SETTINGS })).client;
      if (isExclusive && !(await becomeAlone(client))) {
        await client.end();
        // What this process knows is outdated: it must open the store again.
        if (slot !== null) options.onReplaced?.();
        return slot !== null;
      }
      const asked = world.elapsed();
      const taken = await raiseEpoch(client, slot, name);
      provenAt = asked;
      slot = taken.slot;
      await removeEnded(client, slot);
      const own: Active = { client, epoch: taken.epoch, inTurn: createTurns() };
      client.on('end', () => lose(own, 'the connection to the database was closed'));
      active = own;
      await onActive((text, values) => rowsOf(own, text, values));
      if (active !== own) throw new Error('the connection to the database was closed at once');
      become('active', '');
      void keepBeating(own);
      return true;
    } catch (error) {
      active = null;
      become('down', reasonOf(error));
      await client?.end().catch(() => {});
      return false;
    }
  }

  /** Returns whether this receiver holds the lock of the active one, and none was active since it last did. */
  async function becomeAlone(client: Client): Promise<boolean> {
    // The server may not have noticed that the earlier connection of this receiver is gone.
    if (slot !== null) await endOwnConnection(client, slot);
    if (!(await takeActiveLock(client))) {
      become('standby', 'another receiver is active on this database');
      await endStoppedReceiver(client);
      return false;
    }
    if (slot === null || !(await othersWereActive(client, slot))) return true;
    become('standby', 'another receiver was active on this database in between');
    return false;
  }

  async function keepBeating(own: Active): Promise<void> {
    for (;;) {
      await world.sleep(BEAT_MS, closing.signal);
      if (active !== own || closing.signal.aborted) return;
      const answered = new AbortController();
      const giveUp = AbortSignal.any([closing.signal, answered.signal]);
      const beating = beat(own).catch((error: unknown) => {
        log.debug(() => ({ reason: reasonOf(error) }), 'a sign of life was not stored');
      });
      await Promise.race([beating.finally(() => answered.abort()), world.sleep(PROVEN_MS - BEAT_MS, giveUp)]);
      // A host that is gone closes no connection.
      if (active === own && !isProven()) lose(own, 'the database does not respond');
    }
  }

  async function beat(own: Active): Promise<void> {
    const asked = world.elapsed();
    const [beaten] = await rowsOf(own, BEAT, [slot, own.epoch]);
    if (beaten === undefined) return lose(own, 'another receiver has taken over');
    provenAt = asked;
    await rowsOf(own, REMOVE_RECEIPTS, [slot, own.epoch, sequence - MAX_RECEIPTS]);
  }

  function isProven(): boolean {
    // promise: sign-of-life-expires
    return world.elapsed() - provenAt < PROVEN_MS;
  }

  function become(next: SessionState, why: string): void {
    if (closing.signal.aborted) return;
    reason = why;
    if (state === next) return;
    state = next;
    if (next === 'active') log.info({ receiver: name, slot }, 'this receiver is active on the database');
    else if (next === 'standby')
      log.debug(() => ({ receiver: name, reason: why }), 'the database has another receiver');
    else log.warn({ reason: why }, 'the database is not available');
  }

  function lose(lost: Active, why: string): void {
    if (active !== lost || closing.signal.aborted) return;
    active = null;
    become('down', why);
    void lost.client.end().catch(() => {});
    void reconnect();
  }

  function reconnect(): Promise<void> {
    connecting ??= connect().finally(() => {
      connecting = null;
    });
    return connecting;
  }

  function current(): Active {
    if (active === null || state !== 'active') throw new StoreUnavailable(reason || 'the database is not connected');
    return active;
  }

  /** Runs one of the SQL functions that leave a receipt. */
  async function once<T>(name: string, text: string, values: readonly unknown[]): Promise<T> {
    const own = current();
    sequence += 1;
    const receipt = { epoch: own.epoch, sequence };
    const query = { name, text, values: [slot, receipt.epoch, receipt.sequence, ...values] };
    try {
      const { rows } = await own.inTurn(() => own.client.query<{ result: T }>(query));
      return (rows[0] as { result: T }).result;
    } catch (error) {
      if (codeOf(error) === FENCED) {
        lose(own, 'another receiver has taken over');
        throw new StoreUnavailable('another receiver has taken over', { cause: error });
      }
      // Another host may accept writes by now.
      if (codeOf(error) === READ_ONLY) lose(own, reasonOf(error));
      if (!leavesInDoubt(error)) throw error;
      lose(own, reasonOf(error));
      // promise: postgres/lost-commit-is-resolved
      return await resolveReceipt<T>({ ...options, slot, signal: closing.signal }, receipt, error);
    }
  }

  return {
    state: () => state,
    isAlone: () => !isExclusive || (state === 'active' && isProven()),
    reason: () => reason,
    opened: () => tryFirst(),
    all: async (text, values) => {
      const own = current();
      try {
        return await rowsOf(own, text, values);
      } catch (error) {
        if (!leavesInDoubt(error)) throw error;
        lose(own, reasonOf(error));
        throw new StoreUnavailable(`the database cannot be read: ${reasonOf(error)}`, { cause: error });
      }
    },
    apply: (isAllOrNothing, knownHead, values) =>
      once<BatchResult>('apply_batch', APPLY, [isAllOrNothing, knownHead, ...values]),
    write: async <T>(statement: string, values: object) => {
      try {
        return await once<T>('write_once', WRITE, [statement, storableJson(values)]);
      } catch (error) {
        if (!isTransient(error)) throw error;
        throw new StoreUnavailable(`the database does not take writes: ${reasonOf(error)}`, { cause: error });
      }
    },
    beat: () => beat(current()),
    close: async () => {
      closing.abort();
      state = 'closed';
      reason = 'the store is closed';
      await connecting;
      const own = active;
      active = null;
      await own?.client.end().catch(() => {});
    },
  };

  async function tryFirst(): Promise<void> {
    if (!(await tryOnce())) void reconnect();
  }
}
