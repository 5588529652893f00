// Lets a test write to the views `executions` and `audit_events`, as if they were tables, through triggers of its own connection.

import type { Database } from 'better-sqlite3';
import { EVENT_CODES, RESOLVED_BY_CODES, STATUS_CODES } from '../../src/store/shared/codes.ts';

const GUARDS = [
  ...['audit_rows_no_update', 'audit_rows_no_delete', 'audit_rows_no_replace'],
  ...['execution_rows_terminal_stays', 'execution_rows_shared_stays', 'execution_rows_no_delete'],
  'execution_rows_no_replace',
];
const GUARDS_OF_VIEWS = ['audit_events_no_update', 'audit_events_no_delete', 'audit_events_no_insert'];

const TIMES = [
  ...['submitted_at', 'sent_at', 'resolved_at', 'poll_after', 'deadline', 'dispatch_at', 'poll_at', 'expire_at'],
  ...['not_found_at', 'found_at', 'held_at', 'erased_at'],
];
const SAME = [
  ...['correlation_id', 'app', 'action_id', 'execution_id', 'hearsay', 'latency_ms', 'poll_count', 'attempts'],
  ...[
    'timeout_seconds',
    'grace_seconds',
    'retry_uncertain',
    'notify_url',
    'idempotency_key',
    'traceparent',
    'tracestate',
  ],
  ...['execution_id_problem', 'poll_url', 'cookies', 'unknown_word', 'resubmission_of', 'resubmitted_as'],
];

const code = (value: string, codes: Readonly<Record<string, number>>) =>
  `CASE ${value} ${Object.entries(codes)
    .map(([word, number]) => `WHEN '${word}' THEN ${number}`)
    .join(' ')} ELSE ${value} END`;
const milliseconds = (value: string) => `CAST(round(unixepoch(${value}, 'subsec') * 1000) AS INTEGER)`;
const bytes = (value: string, length: number) =>
  `CASE WHEN length(unhex(${value}, '-')) = ${length} AND ${value} = lower(${value}) THEN unhex(${value}, '-') ELSE ${value} END`;

const EXECUTION: Readonly<Record<string, string>> = {
  status: code('NEW.status', STATUS_CODES),
  resolved_by: code('NEW.resolved_by', RESOLVED_BY_CODES),
  reference: bytes('NEW.reference', 16),
  fingerprint: bytes('NEW.fingerprint', 32),
  priority: 'coalesce(NEW.priority, 4)',
  other_execution_id: 'NULL',
  payload_pruned_at: `CASE WHEN NEW.payload_sha256 IS NOT NULL THEN coalesce(${milliseconds('NEW.payload_pruned_at')}, 0) END`,
  ...Object.fromEntries(TIMES.map((name) => [name, milliseconds(`NEW.${name}`)])),
  ...Object.fromEntries(SAME.map((name) => [name, `NEW.${name}`])),
};

const ID = '(SELECT id FROM execution_rows WHERE correlation_id = NEW.correlation_id)';
const HAS_OUTCOME = 'coalesce(NEW.result, NEW.error, NEW.late_result) IS NOT NULL';

const REST_OF_EXECUTION = `
  DELETE FROM payload_hashes WHERE id = ${ID};
  INSERT INTO payload_hashes SELECT ${ID}, NEW.payload_sha256 WHERE NEW.payload_sha256 IS NOT NULL;
  DELETE FROM payload_rows WHERE id = ${ID};
  INSERT INTO payload_rows SELECT ${ID}, NEW.inputs, NEW.context
    WHERE NEW.payload_sha256 IS NULL OR NEW.inputs <> '{}' OR NEW.context <> '{}';
  DELETE FROM outcome_rows WHERE id = (SELECT outcome FROM execution_rows WHERE id = ${ID});
  INSERT INTO outcome_rows (result, error, late_result) SELECT NEW.result, NEW.error, NEW.late_result WHERE ${HAS_OUTCOME};
  UPDATE execution_rows SET outcome = CASE WHEN ${HAS_OUTCOME} THEN (SELECT max(id) FROM outcome_rows) END WHERE id = ${ID};`;

const ENTRY: Readonly<Record<string, string>> = {
  ...{ id: 'NEW.id', execution: ID, at: milliseconds('NEW.timestamp'), event: code('NEW.event', EVENT_CODES) },
  ...{ execution_id: 'NEW.execution_id', latency_ms: 'NEW.latency_ms', http_status: 'NEW.http_status' },
  ...{ hash: bytes('NEW.hash', 32), app: 'NEW.app', action_id: 'NEW.action_id', detail: 'NEW.detail' },
};

const NAME_EXECUTION = `
  INSERT INTO execution_rows (status, correlation_id, app, action_id, hearsay, submitted_at, poll_count, attempts,
    timeout_seconds, grace_seconds, retry_uncertain, priority, fingerprint)
  SELECT 0, NEW.correlation_id, NEW.app, NEW.action_id, 0, 0, 0, 0, 0, 0, 0, 0, '' WHERE ${ID} IS NULL;`;

const assignments = (columns: Readonly<Record<string, string>>) =>
  Object.entries(columns)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');
const inserted = (columns: Readonly<Record<string, string>>) =>
  `(${Object.keys(columns).join(', ')}) SELECT ${Object.values(columns).join(', ')}`;

const TRIGGERS: Readonly<Record<string, string>> = {
  'INSERT ON main.executions': `INSERT INTO execution_rows ${inserted(EXECUTION)}; ${REST_OF_EXECUTION}`,
  'UPDATE ON main.executions': `UPDATE execution_rows SET ${assignments(EXECUTION)} WHERE correlation_id = OLD.correlation_id;
    ${REST_OF_EXECUTION}`,
  // What its entries show of it stays.
  'DELETE ON main.executions': `UPDATE execution_rows SET status = 0, reference = NULL, idempotency_key = NULL, dispatch_at = NULL,
    poll_at = NULL, expire_at = NULL WHERE correlation_id = OLD.correlation_id;`,
  'INSERT ON main.audit_events': `${NAME_EXECUTION} INSERT INTO audit_rows ${inserted(ENTRY)};`,
  'UPDATE ON main.audit_events': `${NAME_EXECUTION} UPDATE audit_rows SET ${assignments(ENTRY)} WHERE id = OLD.id;`,
  'DELETE ON main.audit_events': 'DELETE FROM audit_rows WHERE id = OLD.id;',
};

/** Makes the views writable on this connection. */
export function makeViewsWritable(sql: Database): void {
  for (const name of GUARDS_OF_VIEWS) sql.exec(`DROP TRIGGER ${name}`);
  for (const [index, [event, body]] of Object.entries(TRIGGERS).entries()) {
    sql.exec(`CREATE TEMP TRIGGER write_${index} INSTEAD OF ${event} BEGIN ${body} END`);
  }
}

/** Does what somebody with a database shell can do: drops the triggers that guard the trail, and writes. */
export function dropGuards(sql: Database): void {
  for (const name of GUARDS) sql.exec(`DROP TRIGGER ${name}`);
  makeViewsWritable(sql);
}
