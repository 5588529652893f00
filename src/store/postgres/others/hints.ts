// Looks for what other receivers have committed: regularly, and at once when one of them gives a hint with NOTIFY.
//
// Hints may be lost, and are sent after the commit on a connection of their own: within the transaction, NOTIFY would take a lock of
// the whole server with each commit. The regular look finds everything without them.

import type { Client } from 'pg';
import { type Log, reasonOf } from '../../../lib/log.ts';
import type { World } from '../../../lib/world.ts';
import { type ConnectOptions, connectWritable, WRITER_SETTINGS } from '../connection/connect.ts';
import { createKeptPlans, keptUnder } from '../connection/kept-plans.ts';

/** The interval of looks without hints, milliseconds. */
const LOOK_MS = 250;
/** The least interval of looks and of hints, milliseconds: what comes in between is one. */
const MIN_LOOK_MS = 10;
const MIN_HINT_MS = 5;

/** Time limit of a statement, in milliseconds. */
const STATEMENT_MS = 10_000;

const CHANNEL = 'cxone_receiver';

/** A hint needs no commit record on disk. */
const SETTINGS = { ...WRITER_SETTINGS, synchronous_commit: 'off' } as const;

const NOTIFY = 'SELECT pg_notify($1, hint) FROM unnest($2::text[]) AS h(hint)';

/** Receivers that gave a sign of life shortly before, by the clock of the database. One alone needs no hints. */
const ARE_SEVERAL = `SELECT count(*) > 1 AS several FROM receivers WHERE beat_at > clock_timestamp() - interval '15 seconds'`;

/**
 * `entries`: audit entries were added. `orders`: something else was changed, for example a pause. `lead`: the leader has handed over.
 * A receiver takes a hint of another version that it does not know for `entries`.
 */
export type Hint = 'entries' | 'orders' | 'lead';

/** `name`: of a statement of which the plan is kept. */
export type Query = <Row>(text: string, values?: readonly unknown[], name?: string) => Promise<Row[]>;

export interface HintsOptions {
  readonly connecting: ConnectOptions;
  readonly world: Pick<World, 'elapsed' | 'sleep'>;
  readonly log: Log;
  /** Reads the new entries: called for each look. */
  readonly look: (query: Query) => Promise<void>;
  /** Reads what else this receiver keeps in memory: called regularly, and after a hint. */
  readonly refresh: (query: Query) => Promise<void>;
  /** Called after `refresh` when something besides entries has changed, or may have while there was no connection. */
  readonly changed: () => void;
  /** Returns whether what others have committed is needed at once. Otherwise the regular look finds it. */
  readonly isAwaited: () => boolean;
  /** Called when the leader may have handed over. */
  readonly handedOver: () => void;
}

// One function because its parts share the connection.
export function createHints({ connecting, world, log, look, refresh, ...events }: HintsOptions) {
  const closing = new AbortController();
  const own = connecting.applicationName.replaceAll(' ', '_');
  const toGive = new Set<Hint>();
  let connection: Promise<Client> | null = null;
  let keptPlan = createKeptPlans();
  let asleep: AbortController | null = null;
  let isWoken = false;
  let isHinted = false;
  let areSeveral = true;
  let refreshedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> = Promise.resolve();
  let giving: Promise<void> | null = null;

  function wake(): void {
    isWoken = true;
    asleep?.abort('woken');
  }

  async function connect(): Promise<Client> {
    const { client } = await connectWritable({ ...connecting, settings: SETTINGS, limitMs: STATEMENT_MS });
    keptPlan = createKeptPlans();
    client.on('notification', ({ payload = '' }) => {
      const [from, hint] = payload.split(' ');
      if (from === own) return;
      isHinted ||= hint === 'orders';
      if (hint === 'lead') events.handedOver();
      if (hint === 'orders' || events.isAwaited()) wake();
    });
    await client.query(`LISTEN ${CHANNEL}`);
    // Hints may have been lost.
    isHinted = true;
    return client;
  }

  function connected(): Promise<Client> {
    if (connection !== null) return connection;
    const connecting = connect();
    const drop = () => {
      if (connection === connecting) connection = null;
    };
    connection = connecting;
    connecting.then((client) => client.on('end', drop), drop);
    return connecting;
  }

  const query: Query = async (text, values = [], name) => {
    const client = await connected();
    return (await client.query({ text, values: [...values], ...keptUnder(name, keptPlan) })).rows;
  };

  async function lookOnce(): Promise<void> {
    // promise: postgres/others-are-seen-without-hints
    await look(query);
    const isDue = world.elapsed() - refreshedAt >= LOOK_MS;
    if (!isDue && !isHinted) return;
    refreshedAt = world.elapsed();
    const hinted = isHinted;
    isHinted = false;
    await refresh(query);
    areSeveral = (await query<{ several: boolean }>(ARE_SEVERAL, [], 'are_several'))[0]?.several === true;
    if (hinted) events.changed();
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      const began = world.elapsed();
      isWoken = false;
      try {
        await lookOnce();
      } catch (error) {
        log.debug(() => ({ reason: reasonOf(error) }), 'the commits of other receivers could not be read');
        await endConnection();
      }
      await rest(began);
    }
  }

  async function rest(began: number): Promise<void> {
    if (!isWoken) {
      asleep = new AbortController();
      await world.sleep(LOOK_MS, AbortSignal.any([asleep.signal, closing.signal]));
      asleep = null;
    }
    const soonest = began + MIN_LOOK_MS - world.elapsed();
    if (soonest > 0) await world.sleep(soonest, closing.signal);
  }

  async function giveAll(): Promise<void> {
    while (toGive.size > 0 && !closing.signal.aborted) {
      // A receiver that reads orders reads entries, too.
      if (toGive.has('orders')) toGive.delete('entries');
      const given = [...toGive].map((hint) => `${own} ${hint}`);
      toGive.clear();
      try {
        await query(NOTIFY, [CHANNEL, given], 'notify');
      } catch (error) {
        // The others find it without the hint.
        log.debug(() => ({ reason: reasonOf(error) }), 'other receivers got no hint');
      }
      await world.sleep(MIN_HINT_MS, closing.signal);
    }
  }

  async function endConnection(): Promise<void> {
    const ended = connection;
    connection = null;
    try {
      await (await ended)?.end();
    } catch (error) {
      log.debug(() => ({ reason: reasonOf(error) }), 'the connection for hints did not end cleanly');
    }
  }

  return {
    start: (): void => {
      looking = run();
    },
    /** Looks soon. */
    wake,
    /** Gives the other receivers a hint. */
    give: (hint: Hint): void => {
      // It is the last hint of this receiver, which may not have noticed yet that it is not alone.
      if (!areSeveral && hint !== 'lead') return;
      toGive.add(hint);
      giving ??= giveAll().finally(() => {
        giving = null;
      });
    },
    /** Gives up the connection, because its host does not respond. */
    reset: (): void => void endConnection(),
    close: async (): Promise<void> => {
      closing.abort();
      await endConnection();
      await Promise.all([looking, giving]);
      await endConnection();
    },
  };
}
