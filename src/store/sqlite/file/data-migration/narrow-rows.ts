// How migration 0005 moves the rows of the wide tables to the narrow ones.

import type { TableMove } from './move-rows.ts';

const STATUSES = {
  ...{ QUEUED: 1, UNCONFIRMED: 2, PENDING: 3, COMPLETED: 4, FAILED: 5 },
  ...{ REJECTED: 6, NOT_FOUND: 7, TIMEOUT: 8, CANCELLED: 9 },
};
const RESOLVERS = { callback: 1, poll: 2, submit: 3, deadline: 4, cancel: 5 };

/** A text without a code stays as it is. */
function code(column: string, codes: Readonly<Record<string, number>>): string {
  const cases = Object.entries(codes).map(([text, number]) => `WHEN '${text}' THEN ${number}`);
  return `CASE ${column} ${cases.join(' ')} ELSE ${column} END`;
}

function milliseconds(column: string): string {
  return `CAST(round(unixepoch(${column}, 'subsec') * 1000) AS INTEGER)`;
}

/** A text that is not the hash that it should be stays as it is. */
function hashBytes(column: string): string {
  return `CASE WHEN length(${column}) = 64 AND ${column} = lower(${column}) THEN coalesce(unhex(${column}), ${column}) ELSE ${column} END`;
}

const UUID_BYTES = `CASE WHEN reference LIKE '________-____-____-____-____________' AND reference = lower(reference)
    THEN coalesce(unhex(reference, '-'), reference) ELSE reference END`;

/** Each column of execution_rows, and its value in a row of the wide table. */
const EXECUTION_COLUMNS = {
  // The order of submission.
  id: 'rowid',
  status: code('status', STATUSES),
  resolved_by: code('resolved_by', RESOLVERS),
  reference: UUID_BYTES,
  ...same('correlation_id', 'app', 'action_id', 'execution_id', 'hearsay'),
  ...times('submitted_at', 'sent_at', 'resolved_at', 'poll_after', 'deadline', 'dispatch_at', 'poll_at', 'expire_at'),
  ...times('not_found_at', 'found_at', 'held_at', 'erased_at'),
  ...same('latency_ms', 'poll_count', 'attempts', 'timeout_seconds', 'grace_seconds', 'retry_uncertain', 'priority'),
  outcome: 'CASE WHEN coalesce(result, error, late_result) IS NOT NULL THEN rowid END',
  // 0: it was pruned, and a later result is stored.
  payload_pruned_at: `CASE WHEN payload_sha256 IS NULL THEN ${milliseconds('payload_pruned_at')}
    ELSE coalesce(${milliseconds('payload_pruned_at')}, 0) END`,
  fingerprint: hashBytes('fingerprint'),
  ...same('notify_url', 'idempotency_key', 'traceparent', 'tracestate', 'execution_id_problem', 'poll_url', 'cookies'),
  ...same('unknown_word'),
};

function same(...columns: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(columns.map((column) => [column, column]));
}

function times(...columns: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(columns.map((column) => [column, milliseconds(column)]));
}

const EXECUTIONS_IN_SLICE = 'FROM executions_0004 WHERE reference > @after AND reference <= @through';

const EXECUTIONS: TableMove = {
  from: 'executions_0004',
  to: 'executions',
  order: 'reference',
  lowest: '',
  key: 'correlation_id',
  content: ['inputs', 'context', 'result', 'error', 'late_result'],
  write: [
    `INSERT INTO execution_rows (${Object.keys(EXECUTION_COLUMNS).join(', ')})
      SELECT ${Object.values(EXECUTION_COLUMNS).join(', ')} ${EXECUTIONS_IN_SLICE} ORDER BY rowid`,
    // The view shows {} for what is pruned.
    `INSERT INTO payload_rows (id, inputs, context) SELECT rowid, inputs, context ${EXECUTIONS_IN_SLICE}
      AND NOT (payload_pruned_at IS NOT NULL AND payload_sha256 IS NOT NULL AND inputs = '{}' AND context = '{}')
      ORDER BY rowid`,
    `INSERT INTO payload_hashes (id, sha256) SELECT rowid, payload_sha256 ${EXECUTIONS_IN_SLICE}
      AND payload_sha256 IS NOT NULL ORDER BY rowid`,
    `INSERT INTO outcome_rows (id, result, error, late_result) SELECT rowid, result, error, late_result ${EXECUTIONS_IN_SLICE}
      AND coalesce(result, error, late_result) IS NOT NULL ORDER BY rowid`,
  ],
};

const ENTRIES_IN_SLICE = 'a.id > @after AND a.id <= @through';

const AUDIT_EVENTS: TableMove = {
  from: 'audit_events_0004',
  to: 'audit_events',
  order: 'id',
  lowest: Number.MIN_SAFE_INTEGER,
  key: 'id',
  content: ['detail'],
  write: [
    // Names what entries are about whose execution is gone.
    `INSERT INTO execution_rows (status, correlation_id, app, action_id, submitted_at, fingerprint, hearsay, poll_count, attempts,
        timeout_seconds, grace_seconds, retry_uncertain, priority)
      SELECT 0, correlation_id, app, action_id, submitted_at, '', 0, 0, 0, 0, 0, 0, 4 FROM (
        SELECT a.correlation_id, a.app, a.action_id, ${milliseconds('a.timestamp')} AS submitted_at, min(a.id) AS first
        FROM audit_events_0004 AS a
        WHERE ${ENTRIES_IN_SLICE} AND NOT EXISTS (SELECT 1 FROM execution_rows AS e WHERE e.correlation_id = a.correlation_id)
        GROUP BY a.correlation_id
      ) ORDER BY first`,
    `INSERT INTO audit_rows (id, execution, at, event, execution_id, latency_ms, http_status, hash, app, action_id, detail)
      SELECT a.id, e.id, ${milliseconds('a.timestamp')}, coalesce(n.code, a.event),
        CASE WHEN a.execution_id = e.execution_id THEN 1 ELSE a.execution_id END, a.latency_ms, a.http_status,
        ${hashBytes('a.hash')}, nullif(a.app, e.app), nullif(a.action_id, e.action_id),
        CASE WHEN a.event <> 'ACCEPTED' OR a.detail <> '{"timeoutSeconds":' || e.timeout_seconds || ',"graceSeconds":' || e.grace_seconds
          || ',"retryUncertain":' || iif(e.retry_uncertain, 'true', 'false') || '}' THEN a.detail END
      FROM audit_events_0004 AS a CROSS JOIN execution_rows AS e ON e.correlation_id = a.correlation_id
        LEFT JOIN audit_event_names AS n ON n.name = a.event
      WHERE ${ENTRIES_IN_SLICE} ORDER BY a.id`,
  ],
};

/** Executions come first, because entries refer to them. */
export const NARROW_ROWS: readonly TableMove[] = [EXECUTIONS, AUDIT_EVENTS];
