// A PostgreSQL database to which a file is moved, in one transaction: it has everything or nothing of it, whatever happens.

import type { Client } from 'pg';
import { addressesIn } from '../../../lib/database-url.ts';
import { type Log, reasonOf } from '../../../lib/log.ts';
import type { AuditHead } from '../../port.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { leavesInDoubt } from '../connection/errors.ts';
import { noteIdentity } from '../connection/identity.ts';
import { connected, refuseSharedSessions } from '../connection/prepare.ts';
import { verifySettings } from '../connection/verify-settings.ts';
import { makeTables, readSchemaState, type SchemaState } from '../migrate.ts';
import { readHead } from '../queries/audit.ts';
import { verifyTrail } from '../reader/verify.ts';
import { createBulkInsert } from './bulk-insert.ts';
import { hasEntry, holdsRows, keepReceiversOut } from './vacancy.ts';

/** The columns that number rows by themselves, with the tables that a move fills. */
const NUMBERED = {
  execution_rows: 'id',
  notification_rows: 'sequence',
  operator_activity_rows: 'id',
  incident_events: 'id',
  sending_pauses: 'id',
} as const;

/** Tables that have rows before the first execution. */
const PREPARED = ['audit_checkpoint', 'heartbeat', 'rollup_rows', 'unknown_status_word_rows'];

export type MoveTarget = ReturnType<typeof targetOn>;

/** The connection was lost during the commit. */
export class CommitInDoubt extends Error {
  override readonly name = 'CommitInDoubt';
}

/** @throws {DatabaseRefused} with the remedy; the database is then unchanged. */
export async function openMoveTarget(url: string, log: Log) {
  const applicationName = 'cxone-callback-receiver move';
  // The transaction is open for as long as the move takes, and waits for the disk of the file.
  const settings = { idle_in_transaction_session_timeout: '0', plan_cache_mode: 'auto' };
  const options = { addresses: addressesIn(url), log, applicationName, settings };
  const { client } = await connected(options);
  try {
    const choices = await verifySettings(client);
    await refuseSharedSessions(client, { ...options, applicationName: 'cxone-callback-receiver command' });
    return targetOn(client, choices);
  } catch (error) {
    await client.end();
    throw refusal(error);
  }
}

function targetOn(client: Client, choices: readonly string[]) {
  const insert = createBulkInsert(client);
  const all = async (text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await client.query(text, [...values])).rows;
  const first = async (text: string, values?: readonly unknown[]) => (await all(text, values))[0] as never;
  return {
    /** What the settings of the server weaken, each with its consequence. */
    choices,
    all,
    /** Returns whether the database holds the trail through this entry: a move that was interrupted behind its commit. */
    holds: async (head: AuditHead) => (await readSchemaState(all)) === 'current' && (await hasEntry(client, head)),
    /** Makes the tables. @throws {DatabaseRefused} unless the database is empty and no receiver uses it. */
    begin: async () => {
      await client.query('BEGIN');
      await takeMigrationLock(client);
      await prepare(client, await readSchemaState(all));
    },
    write: insert.add,
    /** Writes the rows that wait, and continues the numbers of the rows. */
    finish: async () => {
      await insert.flush();
      for (const [table, column] of Object.entries(NUMBERED)) {
        const newest = `SELECT max(${column}) FROM ${table}`;
        await client.query(
          `SELECT setval(pg_get_serial_sequence('${table}', '${column}'), m.max) FROM (${newest}) AS m WHERE m.max IS NOT NULL`,
        );
      }
      await noteIdentity(client);
      await client.query('ANALYZE');
    },
    head: () => readHead({ first }),
    verify: (progress: (done: number, total: number) => void) => {
      // All of it is read in the transaction of the move.
      const session = { all, first, snapshot: <T>(work: () => Promise<T>) => work(), close: async () => {} };
      return verifyTrail(session as Parameters<typeof verifyTrail>[0], { progress });
    },
    /** @throws {CommitInDoubt} if the connection was lost, and another error if nothing was committed. */
    commit: async () => {
      try {
        await client.query('COMMIT');
      } catch (error) {
        if (!leavesInDoubt(error)) throw error;
        throw new CommitInDoubt(reasonOf(error), { cause: error });
      }
    },
    /** Ends the connection. What was not committed is gone. */
    close: () => client.end(),
  };
}

/** A receiver that starts meanwhile waits for the end of the transaction. */
async function takeMigrationLock(client: Client): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>(
    "SELECT pg_try_advisory_xact_lock(hashtext('migrations')) AS locked",
  );
  if (rows[0]?.locked) return;
  throw new DatabaseRefused('a receiver starts on the PostgreSQL database, or another move to it runs: end that first');
}

async function prepare(client: Client, state: SchemaState): Promise<void> {
  if (state === 'older' || state === 'newer') {
    throw new DatabaseRefused(
      `the PostgreSQL database is of a${state === 'older' ? 'n older' : ' newer'} version: move to an empty database`,
    );
  }
  if (state === 'empty') await makeTables(client);
  else await refuseUsed(client);
  for (const table of PREPARED) await client.query(`DELETE FROM ${table}`);
}

/** The first start of a receiver has made the tables. */
async function refuseUsed(client: Client): Promise<void> {
  await keepReceiversOut(client);
  if (await holdsRows(client)) {
    throw new DatabaseRefused('the PostgreSQL database is not empty: create an empty database for the move');
  }
}

function refusal(error: unknown): unknown {
  if (error instanceof DatabaseRefused) return error;
  return new DatabaseRefused(`the PostgreSQL database cannot be used: ${reasonOf(error)}`, { cause: error });
}
