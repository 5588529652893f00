// A connection for commands: it reads beside a running receiver, and the database refuses each write.

import { Client, DatabaseError } from 'pg';
import { addressesIn, type DatabaseAddress } from '../../../lib/database-url.ts';
import { reasonOf } from '../../../lib/log.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { type Reads, readsThrough } from '../../shared/reads.ts';
import { FIXED_SETTINGS, SET_CONFIG, TYPES } from '../connection/connect.ts';
import { refuseOtherSchema } from '../migrate.ts';
import { comparable } from '../storable-json.ts';

const CONNECT_MS = 5_000;
const STATEMENT_SECONDS = 60;

const SETTINGS = {
  ...FIXED_SETTINGS,
  // promise: postgres/commands-read-only
  default_transaction_read_only: 'on',
  statement_timeout: `${STATEMENT_SECONDS}s`,
  lock_timeout: '5s',
  idle_in_transaction_session_timeout: '60s',
} as const;

/** What the server reports, by its code (PostgreSQL, appendix A), and the remedy. */
const REMEDIES: Readonly<Record<string, string>> = {
  '28P01': 'correct the password',
  '28000': 'allow this user in pg_hba.conf',
  '3D000': 'create the database, or correct its name',
  '42501': 'grant SELECT on all tables in its schema to the user, as docs/sql.md shows',
  '53300': 'close connections, or raise max_connections',
  '57014': `it took longer than ${STATEMENT_SECONDS} s, or a standby had to continue: try again, with a shorter period`,
  '40001': 'a standby had to continue: try again, or read from the primary',
};

export interface ReadSession extends Reads {
  /** Runs reads that see one state of the database. */
  snapshot<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Connects to the host that accepts writes, since a standby may lag behind it; without such a host, to the first standby.
 * @throws {DatabaseRefused} with the remedy, also when the tables are of another version.
 */
export async function openReadSession(url: string): Promise<ReadSession> {
  const client = await connect(addressesIn(url));
  const query = async (text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> => {
    try {
      return (await client.query({ text, values: comparable(values) })).rows;
    } catch (error) {
      throw refusal(error);
    }
  };
  try {
    await query(SET_CONFIG, [Object.keys(SETTINGS), Object.values(SETTINGS)]);
    await refuseOtherSchema(query);
  } catch (error) {
    await client.end();
    throw error;
  }
  return {
    ...readsThrough(query),
    snapshot: async (work) => {
      await query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      try {
        // Before the first read, which takes the snapshot: a partition that is dropped later may have entries that it shows.
        // promise: postgres/snapshot-keeps-partitions
        await query('LOCK TABLE ONLY audit_rows_all IN ACCESS SHARE MODE');
        return await work();
      } finally {
        await query('COMMIT');
      }
    },
    close: () => client.end(),
  };
}

async function connect(addresses: readonly DatabaseAddress[]): Promise<Client> {
  const reasons: string[] = [];
  let standby: Client | null = null;
  for (const { host, url } of addresses) {
    let client: Client | null = null;
    try {
      // Reads the files that the URL names.
      client = new Client({
        ...{ connectionString: url, connectionTimeoutMillis: CONNECT_MS, types: TYPES },
        application_name: 'cxone-callback-receiver command',
      });
      // An error of an idle connection is an event; the next query reports it.
      client.on('error', () => {});
      await client.connect();
      const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
      if (rows[0]?.standby !== true) {
        await standby?.end();
        return client;
      }
      if (standby === null) standby = client;
      else await client.end();
    } catch (error) {
      await client?.end().catch(() => {});
      reasons.push(`${host}: ${reasonOf(refusal(error))}`);
    }
  }
  if (standby !== null) return standby;
  throw new DatabaseRefused(`The PostgreSQL database cannot be read (${reasons.join('; ')}).`);
}

function refusal(error: unknown): DatabaseRefused {
  if (error instanceof DatabaseRefused) return error;
  const code = error instanceof DatabaseError ? (error.code ?? '') : '';
  const remedy = REMEDIES[code] ?? (code === '' ? 'check DATABASE_URL, and that the server runs' : null);
  const message = `PostgreSQL: ${reasonOf(error)}${remedy === null ? '' : `; ${remedy}`}`;
  return new DatabaseRefused(message, { cause: error });
}
