// Reads a file row by row in the form in which it is moved: times in milliseconds, codes, whole audit entries.

import type { Database } from 'better-sqlite3';
import { readMembers } from '../../../../execution/json-members.ts';
import { fromIso } from '../../../../lib/time.ts';
import type { MovedRow, MovedTable } from '../../../moved-rows.ts';
import { EVENT_CODES } from '../../../shared/codes.ts';
import { MAX_LISTED_REPEATS } from '../../../shared/counted-repeats.ts';
import { auditRow, SELECT_ENTRIES } from '../../audit/entry-rows.ts';
import type { Values } from '../../executions/execution-row.ts';
import { uuidText } from '../../rows.ts';
import { nameInFile, withTimes } from './tables.ts';

const { CALLBACK_HINT, CALLBACK_DUPLICATE, CALLBACK_CONFLICT, CALLBACK_LATE, POLL_COMPLETED } = EVENT_CODES;

const EXECUTIONS = `SELECT id, reference, submitted_at, timeout_seconds, grace_seconds, retry_uncertain, priority, correlation_id, app,
    action_id, fingerprint, notify_url, idempotency_key, traceparent, tracestate, resubmission_of, status, resolved_by,
    CASE WHEN other_execution_id IS NULL THEN execution_id ELSE nullif(other_execution_id, 0) END AS execution_id,
    hearsay AS execution_id_unverified, sent_at, resolved_at, poll_after, deadline, dispatch_at, poll_at, expire_at, not_found_at,
    found_at, latency_ms, poll_count, attempts, execution_id_problem, poll_url, cookies, unknown_word, payload_pruned_at, held_at,
    erased_at, resubmitted_as
  FROM execution_rows ORDER BY id`;

/** The detail of an acceptance is not stored where its execution states it. */
const ACCEPTANCE_BYTES = 80;

/** What the trail of an execution shows besides its outcome. Repeats are looked up only where there are many entries. */
const FACTS = `SELECT max(count(*), CASE WHEN EXISTS (SELECT 1 FROM audit_repeats WHERE correlation_id = @correlationId)
      THEN ${MAX_LISTED_REPEATS} ELSE 0 END) AS entries,
    coalesce(sum(octet_length(coalesce(a.detail, '')) + ${ACCEPTANCE_BYTES}
      + coalesce((SELECT octet_length(b.body) FROM callback_bodies AS b WHERE b.audit_id = a.id), 0)), 0) AS entry_bytes,
    max(a.at) FILTER (WHERE a.event = ${CALLBACK_HINT} AND a.at <= coalesce(@resolvedAt, a.at)) AS hinted_at,
    min(a.at) FILTER (WHERE a.event IN (${CALLBACK_DUPLICATE}, ${CALLBACK_CONFLICT}, ${CALLBACK_LATE})) AS called_back_at,
    min(a.at) FILTER (WHERE a.event = ${POLL_COMPLETED}) AS poll_completed_at
  FROM audit_rows AS a WHERE a.execution = @id`;

const OUTCOMES = `SELECT e.id, o.result, o.error, o.late_result FROM execution_rows AS e JOIN outcome_rows AS o ON o.id = e.outcome
  ORDER BY e.id`;

const BODIES = `SELECT b.audit_id, a.execution, b.content_type, b.body, b.pruned_at
  FROM callback_bodies AS b JOIN audit_rows AS a ON a.id = b.audit_id ORDER BY b.audit_id`;

const REPEATS = `SELECT e.id AS execution, r.event, r.count, r.since, r.until, r.detail
  FROM audit_repeats AS r JOIN execution_rows AS e ON e.correlation_id = r.correlation_id`;

/** The three roll-ups in one table, as PostgreSQL has them. */
const ROLLUPS = `SELECT 1 AS kind, hour, app, action_id, kind AS a, '' AS b, 0 AS c, 0 AS d, 0 AS e, count FROM rollup_submitted
  UNION ALL SELECT 2, hour, app, action_id, status, resolved_by, sent, late, ms, count FROM rollup_outcomes
  UNION ALL SELECT 3, hour, '', action_id, channel, CAST(has_skew AS TEXT), missed, called_back_later, skew_ms, count FROM rollup_ended`;

/** Tables that have the same columns in both stores. */
const SAME = ['payload_rows', 'payload_hashes', 'idempotency_keys', 'audit_checkpoint', 'incidents'];
const SAME_TOO = ['incident_events', 'incident_deliveries', 'endpoint_pauses', 'sending_pauses'];

type Stored = Record<string, unknown>;

/** Returns the tables in the order in which they are written. */
export function tablesOfFile(client: Database): readonly MovedTable[] {
  const facts = client.prepare<[object], Stored>(FACTS);
  const count = (counted: string) => client.prepare<[], number>(`SELECT count(*) FROM ${counted}`).pluck().get() ?? 0;
  const table = (name: string, select: string, convert = (row: Stored) => row): MovedTable => ({
    name,
    rows: function* () {
      const rows = client.prepare<[], Stored>(select).iterate();
      for (const row of rows) yield withTimes<string>(name, convert(row), fromIso);
    },
    count: () => count(nameInFile(name)),
  });
  const same = (name: string, order = '') => table(name, `SELECT * FROM ${nameInFile(name)} ${order}`);

  const execution = (row: Stored): Stored => ({
    ...row,
    ...facts.get({ id: row['id'], resolvedAt: row['resolved_at'], correlationId: row['correlation_id'] }),
    reference: uuidText(row['reference']),
    fingerprint: bytesOf(row['fingerprint']),
  });

  return [
    table('execution_rows', EXECUTIONS, execution),
    table('outcome_rows', OUTCOMES, outcome),
    { name: 'audit_rows', rows: () => entries(client), count: () => count('audit_rows') },
    table('callback_bodies', BODIES),
    table('audit_repeats', REPEATS, repeat),
    same('notification_rows', 'ORDER BY sequence'),
    ...SAME.map((name) => same(name)),
    table('incident_executions', 'SELECT * FROM incident_executions', referenced),
    ...SAME_TOO.map((name) => same(name)),
    same('operator_activity_rows', 'ORDER BY id'),
    same('unknown_status_word_rows'),
    same('heartbeat'),
    { ...table('rollup_rows', ROLLUPS), count: () => count(`(${ROLLUPS})`) },
  ];
}

function* entries(client: Database): Generator<MovedRow> {
  const executionOf = client.prepare<[number], number>('SELECT execution FROM audit_rows WHERE id = ?').pluck();
  for (const values of client.prepare<[], Values>(`${SELECT_ENTRIES} ORDER BY a.id`).raw().iterate()) {
    const { id, timestamp, event, executionId, latencyMs, httpStatus, detail, hash } = auditRow(values);
    yield {
      ...{
        id,
        execution: executionOf.get(id),
        at: Date.parse(timestamp),
        event: codeOf(event),
        execution_id: executionId,
      },
      ...{ latency_ms: latencyMs, http_status: httpStatus, detail, hash: Buffer.from(hash, 'hex') },
    };
  }
}

function codeOf(event: string): number | undefined {
  return EVENT_CODES[event as keyof typeof EVENT_CODES];
}

function bytesOf(stored: unknown): Buffer {
  return Buffer.isBuffer(stored) ? stored : Buffer.from(String(stored));
}

function outcome(row: Stored): Stored {
  const late = row['late_result'];
  return { ...row, late_at: typeof late === 'string' ? readMembers(late)['receivedAt'] : null };
}

function repeat(row: Stored): Stored {
  return { ...row, event: codeOf(String(row['event'])) };
}

function referenced(row: Stored): Stored {
  return { ...row, reference: uuidText(row['reference']) };
}
