// An execution with everything that a decision about it reads, as one query loads it.

import type { AuditEvent } from '../../../execution/event.ts';
import type { Execution, LateResult } from '../../../execution/execution.ts';
import { readMembers } from '../../../execution/json-members.ts';
import type { Notification } from '../../../notification/notification.ts';
import type { ListedNotification } from '../../outbox-port.ts';
import { eventOf, resolverOf, statusOf } from '../../shared/codes.ts';
import { fromJson } from '../../shared/columns.ts';
import { selectNotifications, withoutSequence } from '../../shared/notification-list.ts';
import type { SnakeCase } from '../../shared/snake-case.ts';
import type { Session } from '../connection/session.ts';
import { isReference } from '../executions/uuid-bounds.ts';

export interface Aggregate {
  readonly id: number;
  /** Raised by each change. A decision that was made on another version is not applied. */
  readonly version: number;
  readonly execution: Execution;
  /** In the order of their creation. */
  readonly notifications: readonly Notification[];
  /** Repeats that are counted and not yet in the trail. */
  readonly repeats: readonly Repeat[];
  /** Numbers of entries by event; null while the execution has too few entries for a repeat to be counted. */
  readonly listed: ReadonlyMap<AuditEvent, number> | null;
  /** Bytes of the entries and of their bodies. */
  readonly entryBytes: number;
  /** When its payload was pruned, milliseconds; 0 if a later result is stored; null while it is stored. */
  readonly payloadPrunedAt: number | null;
  /** JSON: the hashes of a pruned payload. */
  readonly payloadSha256: string | null;
  readonly arrival: ArrivalFacts;
}

/** What the trail of an execution shows about callbacks and polls besides its outcome. Milliseconds; null for none. */
export interface ArrivalFacts {
  /** The last hint before the end. */
  readonly hintedAt: number | null;
  /** The first callback that repeated, contradicted or followed the outcome. */
  readonly calledBackAt: number | null;
  /** The first poll that reported an outcome. */
  readonly pollCompletedAt: number | null;
}

export interface Repeat {
  readonly event: AuditEvent;
  readonly count: number;
  /** When the first and the last of them came, milliseconds. */
  readonly since: number;
  readonly until: number;
  /** JSON. */
  readonly detail: string;
}

type Text = string | null;

/** The members that a row has in another form. */
type Converted = 'status' | 'resolvedBy' | 'result' | 'error' | 'lateResult';

/** A row of EXECUTION. */
export interface StoredRow extends SnakeCase<Omit<Execution, Converted> & ArrivalFacts> {
  readonly id: number;
  readonly version: number;
  readonly status: number;
  readonly resolved_by: number | null;
  readonly entry_bytes: number;
  readonly payload_pruned_at: number | null;
  readonly result: Text;
  readonly error: Text;
  readonly late_result: Text;
  readonly sha256: Text;
}

/** A row of AGGREGATE. */
export interface AggregateRow extends StoredRow {
  readonly notifications: readonly ListedNotification[] | null;
  readonly repeats: readonly (Omit<Repeat, 'event'> & { readonly event: number })[] | null;
  readonly listed: readonly (readonly [event: number, count: number])[] | null;
}

/** Columns of `r` and `h` in TABLES. */
export const COLUMNS = `r.id, r.version, r.reference, r.status, r.resolved_by, r.correlation_id, r.app, r.action_id, r.execution_id,
  r.execution_id_unverified, r.submitted_at, r.sent_at, r.resolved_at, r.poll_after, r.deadline, r.dispatch_at, r.poll_at,
  r.expire_at, r.not_found_at, r.found_at, r.latency_ms, r.poll_count, r.attempts, r.entry_bytes, r.timeout_seconds,
  r.grace_seconds, r.retry_uncertain, r.priority, r.notify_url, r.idempotency_key, r.traceparent, r.tracestate,
  r.execution_id_problem, r.poll_url, r.cookies, r.unknown_word, r.payload_pruned_at, r.held_at, r.erased_at,
  r.hinted_at, r.called_back_at, r.poll_completed_at, r.resubmission_of, r.resubmitted_as, h.sha256`;

const OUTCOME = 'o.result, o.error, o.late_result';

const NOTIFICATIONS = selectNotifications('notification_rows');

export const TABLES = `execution_rows AS r LEFT JOIN outcome_rows AS o ON o.id = r.id
  LEFT JOIN payload_hashes AS h ON h.id = r.id AND r.payload_pruned_at IS NOT NULL`;

/** A WHERE clause on `r` follows. */
export const SELECT_EXECUTION = `SELECT ${COLUMNS}, ${OUTCOME} FROM ${TABLES}`;

/** The same without result, error and late result, which may be long. */
// promise: postgres/repeat-reads-no-outcome
export const SELECT_WITHOUT_OUTCOME = `SELECT ${COLUMNS}, NULL::text AS result, NULL::text AS error, NULL::text AS late_result
  FROM ${TABLES}`;

/** The tables besides `r`. With OFFSET 0 each row is looked up by itself, also if the tables were small when a kept plan was made. */
const LOOKED_UP = `LEFT JOIN LATERAL (SELECT * FROM outcome_rows WHERE id = r.id OFFSET 0) AS o ON true
  LEFT JOIN LATERAL (SELECT * FROM payload_hashes WHERE id = r.id AND r.payload_pruned_at IS NOT NULL OFFSET 0) AS h ON true`;

/**
 * Parameters: the number of entries from which on repeats may be counted, and the reference, or an array of them. Notifications and
 * repeats are looked up only for executions that may have them. The plans are kept.
 */
const SELECT_AGGREGATE = `SELECT ${COLUMNS}, ${OUTCOME},
  CASE WHEN r.notify_url IS NOT NULL THEN
    (SELECT json_agg(n ORDER BY n.sequence) FROM (${NOTIFICATIONS} WHERE reference = r.reference) AS n) END AS notifications,
  CASE WHEN r.entries >= $1 THEN repeats_of(r.id) END AS repeats, CASE WHEN r.entries >= $1 THEN listed_of(r.id) END AS listed
FROM`;
const SELECT_ONE = `${SELECT_AGGREGATE} (SELECT * FROM execution_rows WHERE reference = $2::uuid OFFSET 0) AS r ${LOOKED_UP}`;
const SELECT_MANY = `${SELECT_AGGREGATE} unnest($2::uuid[]) AS g(reference)
  CROSS JOIN LATERAL (SELECT * FROM execution_rows WHERE reference = g.reference OFFSET 0) AS r ${LOOKED_UP}`;

/** The same for one execution by its correlation id, with the bytes of what is left out. */
export const SELECT_BRIEF = `SELECT ${COLUMNS}, NULL::text AS result, NULL::text AS error, NULL::text AS late_result,
  coalesce(octet_length(o.result), 0) + coalesce(octet_length(o.error), 0) + coalesce(octet_length(o.late_result), 0) AS outcome_bytes
  FROM (SELECT * FROM execution_rows WHERE correlation_id = $1 OFFSET 0) AS r ${LOOKED_UP}`;

/** One statement for each column. Parameter: its value. The plan is kept, too. */
export const selectExecutionBy = (column: 'correlation_id' | 'reference') =>
  `SELECT ${COLUMNS}, ${OUTCOME} FROM (SELECT * FROM execution_rows WHERE ${column} = $1 OFFSET 0) AS r ${LOOKED_UP}`;

export function toExecution(row: StoredRow): Execution {
  return {
    correlationId: row.correlation_id,
    reference: row.reference,
    app: row.app,
    actionId: row.action_id,
    executionId: row.execution_id,
    executionIdUnverified: row.execution_id_unverified,
    executionIdProblem: row.execution_id_problem,
    pollUrl: row.poll_url,
    cookies: row.cookies,
    unknownWord: row.unknown_word,
    notFoundAt: row.not_found_at,
    foundAt: row.found_at,
    heldAt: row.held_at,
    erasedAt: row.erased_at,
    resubmissionOf: row.resubmission_of,
    resubmittedAs: row.resubmitted_as,
    status: statusOf(row.status),
    resolvedBy: resolverOf(row.resolved_by),
    result: fromJson(row.result),
    error: fromJson(row.error),
    lateResult: row.late_result === null ? null : (readMembers(row.late_result) as unknown as LateResult),
    submittedAt: row.submitted_at,
    sentAt: row.sent_at,
    resolvedAt: row.resolved_at,
    pollAfter: row.poll_after,
    deadline: row.deadline,
    latencyMs: row.latency_ms,
    pollCount: row.poll_count,
    attempts: row.attempts,
    timeoutSeconds: row.timeout_seconds,
    graceSeconds: row.grace_seconds,
    retryUncertain: row.retry_uncertain,
    notifyUrl: row.notify_url,
    priority: row.priority,
    idempotencyKey: row.idempotency_key,
    traceparent: row.traceparent,
    tracestate: row.tracestate,
    dispatchAt: row.dispatch_at,
    pollAt: row.poll_at,
    expireAt: row.expire_at,
  };
}

function toAggregate(row: AggregateRow): Aggregate {
  return {
    id: row.id,
    version: row.version,
    execution: toExecution(row),
    notifications: (row.notifications ?? []).map(withoutSequence),
    repeats: (row.repeats ?? []).map((repeat) => ({ ...repeat, event: eventOf(repeat.event) })),
    listed: row.listed === null ? null : new Map(row.listed.map(([event, count]) => [eventOf(event), count])),
    entryBytes: row.entry_bytes,
    payloadPrunedAt: row.payload_pruned_at,
    payloadSha256: row.sha256,
    arrival: arrivalFactsIn(row),
  };
}

export function arrivalFactsIn(
  row: Pick<StoredRow, 'hinted_at' | 'called_back_at' | 'poll_completed_at'>,
): ArrivalFacts {
  return { hintedAt: row.hinted_at, calledBackAt: row.called_back_at, pollCompletedAt: row.poll_completed_at };
}

/** Loads what the decisions of a batch read. @param references one for each decision */
export async function loadAggregates(
  session: Pick<Session, 'all'>,
  references: readonly string[],
  listedRepeats: number,
): Promise<ReadonlyMap<string, Aggregate>> {
  const distinct = [...new Set(references)].filter(isReference);
  if (distinct.length === 0) return new Map();
  // Several decisions about one execution may reach the number of listed entries within the batch.
  const mayCountFrom = listedRepeats - (references.length - distinct.length + 1);
  const [reference] = distinct;
  const rows =
    distinct.length === 1
      ? await session.all<AggregateRow>(SELECT_ONE, [mayCountFrom, reference], 'load_aggregate')
      : await session.all<AggregateRow>(SELECT_MANY, [mayCountFrom, distinct], 'load_aggregates');
  return new Map(rows.map((row) => [row.reference, toAggregate(row)]));
}
