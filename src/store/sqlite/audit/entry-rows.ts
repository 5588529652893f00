// Reads and writes audit entries in their narrow rows: what an entry shares with its execution is stored with the execution.

import type { Execution } from '../../../execution/execution.ts';
import { isoTime } from '../../../lib/time.ts';
import type { AuditRow } from '../../shared/audit-rows.ts';
import { EVENT_CODES, eventOf } from '../../shared/codes.ts';
import type { AppendedRows } from '../executions/appended-rows.ts';
import type { ExecutionRow, Values } from '../executions/execution-row.ts';
import { hashText } from '../rows.ts';

/** Conditions on `a`, the entry, and `e`, its execution, follow. */
export const SELECT_ENTRIES = `SELECT a.id, a.at, a.event, a.execution_id, a.latency_ms, a.http_status, a.hash, a.app, a.action_id, a.detail,
    e.correlation_id, e.app, e.action_id, e.execution_id, e.timeout_seconds, e.grace_seconds, e.retry_uncertain
  FROM audit_rows AS a LEFT JOIN execution_rows AS e ON e.id = a.execution`;

type Text = string | null;
type EntryValues = readonly [
  ...[id: number, at: number, event: unknown, executionId: unknown, latencyMs: number | null],
  ...[httpStatus: number | null, hash: unknown, ownApp: Text, ownActionId: Text, detail: Text],
  ...[correlationId: string, app: string, actionId: string, firstExecutionId: Text],
  ...[timeoutSeconds: number, graceSeconds: number, retryUncertain: number],
];

/** The short form of the executionId of an entry: the first one of its execution. */
const FIRST = 1n;

export function auditRow(values: Values): AuditRow {
  const [id, at, event, executionId, latencyMs, httpStatus, hash, ownApp, ownActionId, detail, ...shared] =
    values as EntryValues;
  const [correlationId, app, actionId, firstExecutionId, timeoutSeconds, graceSeconds, retryUncertain] = shared;
  return {
    id,
    timestamp: isoTime(at),
    event: eventOf(event),
    actionId: ownActionId ?? actionId,
    correlationId,
    executionId: executionId === 1 ? firstExecutionId : (executionId as Text),
    latencyMs,
    httpStatus,
    app: ownApp ?? app,
    detail: detail ?? acceptedDetail({ timeoutSeconds, graceSeconds, retryUncertain: retryUncertain === 1 }),
    hash: hashText(hash),
  };
}

type Accepted = Pick<Execution, 'timeoutSeconds' | 'graceSeconds' | 'retryUncertain'>;

/** Returns the detail of the entry of an acceptance, as the view `audit_events` makes it. */
function acceptedDetail({ timeoutSeconds, graceSeconds, retryUncertain }: Accepted): string {
  return JSON.stringify({ timeoutSeconds, graceSeconds, retryUncertain });
}

/** Returns a function that appends an entry of the execution. */
export function createEntryInsertion(rows: AppendedRows): (entry: AuditRow, at: number, stored: ExecutionRow) => void {
  const entries = rows.table(
    'audit_rows',
    '(id, execution, at, event, execution_id, latency_ms, http_status, hash, detail)',
    '(?, ?, ?, CAST(? AS INTEGER), ?, ?, ?, ?, ?)',
  );
  return (entry, at, { id, execution, firstExecutionId }) => {
    const { executionId } = entry;
    const isImplied = entry.event === 'ACCEPTED' && entry.detail === acceptedDetail(execution);
    entries.add([
      entry.id,
      id,
      at,
      EVENT_CODES[entry.event as keyof typeof EVENT_CODES],
      executionId !== null && executionId === firstExecutionId ? FIRST : executionId,
      entry.latencyMs,
      entry.httpStatus,
      Buffer.from(entry.hash, 'hex'),
      isImplied ? null : entry.detail,
    ]);
  };
}
