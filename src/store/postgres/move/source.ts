// Opens a PostgreSQL database whose content is to be moved to a file: no receiver uses it, and it is of this version.

import type { Client } from 'pg';
import { addressesIn } from '../../../lib/database-url.ts';
import type { Log } from '../../../lib/log.ts';
import type { MovedRow } from '../../moved-rows.ts';
import type { AuditHead } from '../../port.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { readsThrough } from '../../shared/reads.ts';
import { isCopy } from '../connection/identity.ts';
import { connected } from '../connection/prepare.ts';
import { markMoved, readSchemaState, refuseMovedElsewhere, removeMoveMark } from '../migrate.ts';
import { readHead } from '../queries/audit.ts';
import { keepReceiversOut } from './vacancy.ts';

/** Characters that one read may return, by the lengths of the rows before: a single row may be as long as a callback. */
const READ_CHARS = 2 * 1024 * 1024;
const MAX_ROWS = 500;

const EXECUTIONS = `SELECT id, reference, submitted_at, timeout_seconds, grace_seconds, retry_uncertain, priority, correlation_id, app,
    action_id, fingerprint, notify_url, idempotency_key, traceparent, tracestate, resubmission_of, status, resolved_by, execution_id,
    execution_id_unverified, sent_at, resolved_at, poll_after, deadline, dispatch_at, poll_at, expire_at, not_found_at, found_at,
    latency_ms, poll_count, attempts, execution_id_problem, poll_url, cookies, unknown_word, payload_pruned_at, held_at, erased_at,
    resubmitted_as, EXISTS (SELECT 1 FROM outcome_rows AS o WHERE o.id = r.id) AS has_outcome
  FROM execution_rows AS r ORDER BY id`;

const ENTRIES = `SELECT a.id, a.execution, a.at, a.event, a.execution_id, a.latency_ms, a.http_status, a.hash, a.detail,
    r.execution_id AS present_execution_id
  FROM audit_rows AS a JOIN execution_rows AS r ON r.id = a.execution ORDER BY a.id`;

const REPEATS = `SELECT r.correlation_id, a.event, a.count, a.since, a.until, a.detail
  FROM audit_repeats AS a JOIN execution_rows AS r ON r.id = a.execution`;

/** In the order in which they are written. */
const TABLES: Readonly<Record<string, string>> = {
  execution_rows: EXECUTIONS,
  idempotency_keys: 'SELECT * FROM idempotency_keys',
  payload_rows: 'SELECT * FROM payload_rows ORDER BY id',
  outcome_rows: 'SELECT id, result, error, late_result FROM outcome_rows ORDER BY id',
  payload_hashes: 'SELECT * FROM payload_hashes ORDER BY id',
  audit_rows: ENTRIES,
  callback_bodies: 'SELECT audit_id, content_type, body, pruned_at FROM callback_bodies ORDER BY audit_id',
  audit_repeats: REPEATS,
  audit_checkpoint: 'SELECT * FROM audit_checkpoint',
  notification_rows: 'SELECT * FROM notification_rows ORDER BY sequence',
  incidents: 'SELECT * FROM incidents',
  incident_events: 'SELECT * FROM incident_events ORDER BY id',
  incident_executions: 'SELECT * FROM incident_executions',
  incident_deliveries: 'SELECT * FROM incident_deliveries',
  endpoint_pauses: 'SELECT * FROM endpoint_pauses',
  sending_pauses: 'SELECT * FROM sending_pauses',
  operator_activity_rows: 'SELECT * FROM operator_activity_rows ORDER BY id',
  unknown_status_word_rows: 'SELECT * FROM unknown_status_word_rows',
  // Without what a step of the clock has left: a file moves all in one commit.
  heartbeat: 'SELECT * FROM heartbeat WHERE id <= 3',
};

export type ServerSource = Awaited<ReturnType<typeof openServerSource>>;

/**
 * Keeps receivers out until it is closed.
 * @param file the real path to which the content is moved
 * @throws {DatabaseRefused} with the remedy; the database is then unchanged.
 */
export async function openServerSource(url: string, file: string, log: Log) {
  const applicationName = 'cxone-callback-receiver move';
  const settings = { idle_in_transaction_session_timeout: '0', plan_cache_mode: 'auto' };
  const { client } = await connected({ addresses: addressesIn(url), log, applicationName, settings });
  const all = async (text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await client.query(text, [...values])).rows;
  try {
    await client.query("BEGIN; SELECT pg_advisory_xact_lock(hashtext('migrations'))");
    const state = await readSchemaState(all);
    if (state === 'empty') throw new DatabaseRefused('the PostgreSQL database is empty: there is nothing to move');
    if (state === 'older') {
      throw new DatabaseRefused('the PostgreSQL database is of an older version: start this version on it once');
    }
    if (state === 'newer') {
      throw new DatabaseRefused('the PostgreSQL database is of a newer version: move it with that version');
    }
    await refuseMovedElsewhere(all, file);
    await keepReceiversOut(client);
    if (await isCopy(client)) {
      throw new DatabaseRefused(
        'the PostgreSQL database was restored from a dump, so that its queue may have been sent: start the receiver on it once, stop it, and move it then',
      );
    }
  } catch (error) {
    await client.end();
    throw error;
  }
  return {
    all,
    tables: Object.entries(TABLES).map(([name, select]) => ({
      name,
      count: async () => Number((await all(`SELECT count(*) AS rows FROM ${name}`))[0]?.['rows']),
      rows: () => rowsOf(client, select),
    })),
    head: (): Promise<AuditHead> => readHead(readsThrough(all)),
    /** Commits that no receiver starts on the database any more, because its content is in the file. */
    commitMark: async (file: string, head: AuditHead): Promise<void> => {
      await markMoved(client, file, head.hash);
      await client.query('COMMIT');
    },
    /** Commits that receivers start on the database again. */
    commitWithoutMark: async (): Promise<void> => {
      await removeMoveMark(client);
      await client.query('COMMIT');
    },
    close: (): Promise<void> => client.end(),
  };
}

/** Reads in steps whose sizes follow from the lengths of the rows. */
async function* rowsOf(client: Client, select: string): AsyncGenerator<MovedRow> {
  await client.query(`DECLARE moved NO SCROLL CURSOR FOR ${select}`);
  for (let size = 1; ; ) {
    const { rows } = await client.query<Record<string, unknown>>(`FETCH ${size} FROM moved`);
    if (rows.length === 0) break;
    yield* rows;
    const longest = Math.max(...rows.map(lengthOf));
    size = Math.max(1, Math.min(MAX_ROWS, 2 * size, Math.floor(READ_CHARS / longest)));
  }
  await client.query('CLOSE moved');
}

function lengthOf(row: MovedRow): number {
  return Object.values(row).reduce<number>((sum, value) => {
    if (typeof value === 'string' || Buffer.isBuffer(value)) return sum + value.length;
    return sum + 8;
  }, 0);
}
