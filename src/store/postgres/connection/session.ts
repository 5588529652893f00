// The writing session: holds a slot of the table `receivers`, sends batches, and resolves a batch whose response was lost.
//
// The slot has an epoch, which each new connection raises. A batch of an earlier connection is then refused, so that its receipt
// decides whether it was committed: nothing can commit it afterwards. One session also holds the lock of the leader. What only the
// leader may write goes through the connection with that lock, so that nothing of an earlier leader is committed.

import type { Client } from 'pg';
import { reasonOf } from '../../../lib/log.ts';
import type { RemoteClock } from '../../../lib/remote-clock.ts';
import type { World } from '../../../lib/world.ts';
import { StoreUnavailable } from '../../port.ts';
import { refuseLowSchemaOn, TOO_OLD } from '../compatibility.ts';
import { storableJson } from '../storable-json.ts';
import { createTurns } from '../turns.ts';
import { type Active, rowsOf } from './active.ts';
import { connectWritable, WRITER_SETTINGS } from './connect.ts';
import { isUnavailable, leavesInDoubt, NotLeading } from './errors.ts';
import { RESTORED } from './identity.ts';
import { createKeptPlans } from './kept-plans.ts';
import { endOwnConnection, giveUpLead, noteHandOver, takeLead } from './leader-lock.ts';
import { createReceipted, type ReceiptedCall } from './receipted.ts';
import { RECONNECT_MS, type ResolveOptions } from './resolve-receipt.ts';
import { createSignsOfLife } from './signs-of-life.ts';
import { giveSign, raiseEpoch, removeEnded } from './slot.ts';
import { type BatchResult, REMOVE_RECEIPTS, WRITE } from './statements.ts';
import type { Terms } from './terms.ts';

/** Time limit of a statement, in milliseconds: another sign of life comes before the last one expires. */
const STATEMENT_MS = 7_000;
/** How often a receiver that does not lead tries to, without a hint. */
const TRY_LEAD_MS = 500;

export interface SessionOptions extends Pick<ResolveOptions, 'connecting'> {
  readonly world: Pick<World, 'sleep' | 'elapsed'>;
  readonly clock?: Pick<RemoteClock, 'ask'>;
  /** Called when the host does not respond any more: nothing else that was sent to it has a response either. */
  readonly unresponsive?: () => void;
}

export type SessionState = 'active' | 'down' | 'closed';

export interface Session {
  state(): SessionState;
  /** Returns whether no other receiver can lead now, by signs of life that are measured with a clock that cannot be set. */
  leads(): boolean;
  /** Why it is not active, for messages. */
  reason(): string;
  /** Resolves when the session is active, or has been tried once and is not. */
  opened(): Promise<void>;
  /**
   * Reads on the writing connection. With a name the plan of the statement is kept. @throws {StoreUnavailable} unless it is active.
   */
  all<Row>(text: string, values: readonly unknown[], name?: string): Promise<Row[]>;
  /**
   * Commits a batch. After a lost connection it resolves once the database shows whether it was committed.
   * @throws {StoreUnavailable} when it was not; {NotLeading} if it is one of the leader, and this receiver does not lead.
   */
  apply(call: ReceiptedCall, asLeader: boolean): Promise<BatchResult>;
  /**
   * Runs a statement once that changes something besides executions, and returns its one JSON value. `values` are its `$1`, as JSON.
   * A lost connection is resolved as for a batch. @throws {StoreUnavailable} when it was not committed.
   */
  write<T>(statement: string, values: object): Promise<T>;
  /** Does the same for what only the leader may change. @throws {NotLeading} if this receiver does not lead. */
  writeAsLeader<T>(statement: string, values: object): Promise<T>;
  /** Tries to lead now, because the leader has handed over. */
  tryToLead(): void;
  /**
   * Gives up the lock of the leader for good: this receiver sends nothing to CXone any more. @param last runs before that, if it leads
   */
  handOver(last: () => Promise<void>): Promise<void>;
  /** Notes that this receiver runs, and removes receipts that are no longer needed. */
  beat(): Promise<void>;
  close(): Promise<void>;
}

// One function because its parts share the one connection and its state.
/** @param reload reads again what this receiver keeps in memory, on each new connection and before it leads */
export function createSession(
  options: SessionOptions,
  terms: Pick<Terms, 'become'>,
  reload: (all: Session['all']) => Promise<void>,
): Session {
  const { connecting: target, world } = options;
  const { log, applicationName: name } = target;
  const closing = new AbortController();
  const signs = createSignsOfLife(world, log, closing.signal);
  let active: Active | null = null;
  let state: SessionState = 'down';
  let reason = 'the database is not connected yet';
  let slot: number | null = null;
  let connecting: Promise<void> | null = null;
  let hasHandedOver = false;
  /** Ends the wait before the next attempt to lead. */
  let waiting = new AbortController();
  const receipted = createReceipted({ ...options, signal: closing.signal }, lose);

  async function connect(): Promise<void> {
    while (!closing.signal.aborted) {
      if (await tryOnce()) return;
      await world.sleep(RECONNECT_MS, closing.signal);
    }
  }

  async function tryOnce(): Promise<boolean> {
    let client: Client | null = null;
    try {
      client = (await connectWritable({ ...target, settings: WRITER_SETTINGS, limitMs: STATEMENT_MS })).client;
      await refuseLowSchemaOn(client);
      if (slot !== null) await endOwnConnection(client, slot);
      const asked = world.elapsed();
      const taken = await raiseEpoch(client, slot, name);
      slot = taken.slot;
      await removeEnded(client, slot);
      const term = hasHandedOver ? null : await takeLead(client, taken);
      const problem = await giveSign(client, taken, { ...target, ...options });
      if (problem !== null) throw new Error(problem);
      signs.stored(asked);
      const own: Active = {
        ...taken,
        client,
        leads: term !== null && !hasHandedOver,
        inTurn: createTurns(),
        keptPlan: createKeptPlans(),
      };
      client.on('end', () => lose(own, 'the connection to the database was closed'));
      active = own;
      await reload((text, values) => rowsOf(own, text, values));
      if (active !== own) throw new Error('the connection to the database was closed at once');
      become('active', '');
      terms.become(own.leads ? term : null);
      void keepBeating(own);
      void tryToLead(own);
      return true;
    } catch (error) {
      active = null;
      become('down', reasonOf(error));
      await client?.end().catch(() => {});
      return false;
    }
  }

  /** Leads as soon as no other receiver does. */
  async function tryToLead(own: Active): Promise<void> {
    while (!own.leads) {
      waiting = new AbortController();
      await world.sleep(TRY_LEAD_MS, AbortSignal.any([closing.signal, waiting.signal]));
      if (!mayLead(own)) return;
      try {
        await lead(own);
      } catch (error) {
        log.debug(() => ({ reason: reasonOf(error) }), 'this receiver could not try to lead');
      }
    }
  }

  const mayLead = (own: Active) => active === own && !closing.signal.aborted && !hasHandedOver;

  async function lead(own: Active): Promise<void> {
    const asked = world.elapsed();
    const term = await own.inTurn(() => takeLead(own.client, own));
    if (term === null) return;
    // Others have written since: what is in memory must be as new as the lock.
    await reload((text, values) => rowsOf(own, text, values));
    if (!mayLead(own)) return;
    signs.stored(asked);
    own.leads = true;
    terms.become(term);
  }

  async function keepBeating(own: Active): Promise<void> {
    if (
      !(await signs.keepGiving(
        () => beat(own),
        () => active === own,
      ))
    )
      return;
    lose(own, 'the database does not respond');
    options.unresponsive?.();
  }

  async function beat(own: Active): Promise<void> {
    const asked = world.elapsed();
    const problem = await own.inTurn(() => giveSign(own.client, own, { ...target, ...options }));
    if (problem !== null) {
      lose(own, problem);
      throw new StoreUnavailable(problem);
    }
    signs.stored(asked);
    await rowsOf(own, REMOVE_RECEIPTS, [own.slot, own.epoch, receipted.oldestKept()]);
  }

  function become(next: SessionState, why: string): void {
    if (closing.signal.aborted) return;
    const isNews = state !== next || (why !== reason && [TOO_OLD, RESTORED].some((text) => why.includes(text)));
    reason = why;
    if (!isNews) return;
    state = next;
    if (next === 'active') log.info({ receiver: name, slot }, 'this receiver is connected to the database');
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

  function current(asLeader = false): Active {
    if (active === null || state !== 'active') throw new StoreUnavailable(reason || 'the database is not connected');
    // promise: postgres/leader-alone-claims
    if (asLeader && !active.leads) throw new NotLeading();
    return active;
  }

  async function write<T>(statement: string, values: object, asLeader: boolean): Promise<T> {
    try {
      const call = { name: 'write_once', text: WRITE, values: [statement, storableJson(values)] };
      return await receipted.call<T>(current(asLeader), call);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      throw new StoreUnavailable(`the database does not take writes: ${reasonOf(error)}`, { cause: error });
    }
  }

  return {
    state: () => state,
    leads: () => state === 'active' && active?.leads === true && signs.prove(),
    reason: () => reason,
    opened: async () => {
      if (!(await tryOnce())) void reconnect();
    },
    all: async (text, values, name) => {
      const own = current();
      try {
        return await rowsOf(own, text, values, name);
      } catch (error) {
        if (!leavesInDoubt(error)) throw error;
        lose(own, reasonOf(error));
        throw new StoreUnavailable(`the database cannot be read: ${reasonOf(error)}`, { cause: error });
      }
    },
    apply: async (call, asLeader) => receipted.call(current(asLeader), call),
    write: (statement, values) => write(statement, values, false),
    writeAsLeader: (statement, values) => write(statement, values, true),
    tryToLead: () => waiting.abort('the leader has handed over'),
    handOver: async (last) => {
      hasHandedOver = true;
      const own = active;
      if (own === null) return;
      const led = own.leads;
      own.leads = false;
      if (led) {
        await last();
        await own.inTurn(() => noteHandOver(own.client, own));
      }
      await own.inTurn(() => giveUpLead(own.client));
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
}
