// Opens connections: finds the host that accepts writes, and gives each session the settings that the store relies on.

import { Client, type CustomTypesConfig, types } from 'pg';
import type { DatabaseAddress } from '../../../lib/database-url.ts';
import { type Log, reasonOf } from '../../../lib/log.ts';
import { RESTORED, tablesOf } from './identity.ts';

/** Time limit for connecting to a host, in milliseconds. A host that is gone delays the next one by as much. */
const CONNECT_MS = 3_000;

/** How long the server has to end a statement at its time limit, in milliseconds. Then the connection counts as lost. */
const LATE_MS = 1_000;

/** Idle time of a connection after which this machine asks whether the other one is still there, in milliseconds. */
const KEEP_ALIVE_MS = 5_000;

/** A bigint is an id, a count or a time in milliseconds: below 2^53. */
const INT8 = 20;

export const TYPES: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === INT8 ? Number : types.getTypeParser(oid, format)) as CustomTypesConfig['getTypeParser'],
};

/**
 * What the role or the database may set otherwise, and statements rely on: how texts and values are read and written, and that no session or
 * transaction ends by its age. A version of PostgreSQL may lack some.
 */
export const FIXED_SETTINGS = {
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  idle_session_timeout: '0',
  transaction_timeout: '0',
} as const;

/** Sets them for the session. Parameters: the names and the values. */
export const SET_CONFIG = `SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS s(name, value)
  WHERE current_setting(name, true) IS NOT NULL`;

/**
 * Settings of each session. The hash chain needs `read committed`: a statement that has waited for the chain sees the newest entry.
 * Generic plans spare the planning of each batch. The planner would compile the queries of a writer, which avoids plans by their costs:
 * that takes longer than any query runs. The keep-alives notice within 15 seconds that a host has gone.
 */
const SETTINGS = {
  ...FIXED_SETTINGS,
  default_transaction_isolation: 'read committed',
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
  lock_timeout: '5s',
  idle_in_transaction_session_timeout: '10s',
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '3',
  tcp_keepalives_count: '3',
} as const;

/**
 * For sessions that change rows by ids in a JSON document, of which the planner does not know that it is short. A plan is kept, also when
 * it was made for tables that were almost empty: without `enable_material` it looks up each row by its id.
 */
export const WRITER_SETTINGS = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
} as const;

export interface ConnectOptions {
  readonly addresses: readonly DatabaseAddress[];
  readonly log: Log;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Time limit of each statement, in milliseconds. Default: none, whatever the role or the database sets. */
  readonly limitMs?: number;
  /** What `tablesOf` returned at the start. Default: any database is right. */
  readonly tables?: string;
}

export interface Connected {
  readonly client: Client;
  readonly address: DatabaseAddress;
}

/** No host accepts writes now. */
export class NoWritableHost extends Error {
  override readonly name = 'NoWritableHost';
}

/** Connects to the first host that accepts writes. @throws {NoWritableHost} with the reason of each host. */
export async function connectWritable(options: ConnectOptions): Promise<Connected> {
  const { limitMs } = options;
  const reasons: string[] = [];
  for (const address of options.addresses) {
    let client: Client | null = null;
    try {
      // Reads the files that the URL names.
      client = new Client({
        connectionString: address.url,
        connectionTimeoutMillis: CONNECT_MS,
        // A host that is gone closes no connection.
        ...(limitMs === undefined ? {} : { query_timeout: limitMs + LATE_MS }),
        application_name: options.applicationName,
        // The server's keep-alives end at a pooler or a proxy.
        // promise: postgres/idle-connections-are-kept-alive
        ...{ keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS },
        types: TYPES,
      });
      // An error of an idle connection is an event; the next query reports it.
      client.on('error', (error) => options.log.debug(() => ({ reason: reasonOf(error) }), 'a connection was lost'));
      await client.connect();
      const problem = (await readOnlyReason(client)) ?? (await replacedReason(client, options.tables));
      if (problem === null) {
        // promise: postgres/statements-have-a-limit
        await applySettings(client, { ...SETTINGS, statement_timeout: `${limitMs ?? 0}`, ...options.settings });
        return { client, address };
      }
      reasons.push(`${address.host}: ${problem}`);
    } catch (error) {
      reasons.push(`${address.host}: ${reasonOf(error)}`);
    }
    await client?.end().catch(() => {});
  }
  throw new NoWritableHost(`no host of DATABASE_URL accepts writes (${reasons.join('; ')})`);
}

async function readOnlyReason(client: Client): Promise<string | null> {
  const { rows } = await client.query<{ standby: boolean; readonly: string }>(
    "SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') AS readonly",
  );
  if (rows[0]?.standby) return 'a standby';
  return rows[0]?.readonly === 'on' ? 'read-only' : null;
}

async function replacedReason(client: Client, tables: string | undefined): Promise<string | null> {
  // promise: postgres/replaced-database-is-left
  if (tables === undefined || (await tablesOf(client)) === tables) return null;
  return RESTORED;
}

async function applySettings(client: Client, settings: Readonly<Record<string, string>>): Promise<void> {
  await client.query(SET_CONFIG, [Object.keys(settings), Object.values(settings)]);
}
