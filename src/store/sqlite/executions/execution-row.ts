// Reads executions from their narrow rows: values by position, because a row is read before each change.

import type { Execution, LateResult } from '../../../execution/execution.ts';
import { readMembers } from '../../../execution/json-members.ts';
import { resolverOf, statusOf } from '../../shared/codes.ts';
import { fromJson } from '../../shared/columns.ts';
import { uuidText } from '../rows.ts';

/** An execution with what its row has besides. */
export interface ExecutionRow {
  readonly id: number;
  readonly execution: Execution;
  /** The executionId for which entries have a short form. */
  readonly firstExecutionId: string | null;
  /** The row of its result, error and late result; null while there is none. */
  readonly outcome: number | null;
  /** When its payload was pruned, in milliseconds; 0 if a later result is stored; null while it is stored. */
  readonly payloadPrunedAt: number | null;
  /** JSON: the hashes of a pruned payload. */
  readonly payloadSha256: string | null;
}

/** The values of one row, in the order of the columns that a statement names. */
export type Values = readonly unknown[];

/** @param outcome the column of outcome_rows with this name, or NULL. */
function columns(reference: string, outcome: (column: string) => string): string {
  return `execution_rows.id, ${reference}, status, resolved_by, correlation_id, app, action_id, execution_id, other_execution_id,
    hearsay, submitted_at, sent_at, resolved_at, poll_after, deadline, dispatch_at, poll_at, expire_at,
    not_found_at, found_at, latency_ms, poll_count, attempts, timeout_seconds, grace_seconds, retry_uncertain,
    priority, outcome, payload_pruned_at, held_at, erased_at, notify_url, idempotency_key, traceparent, tracestate,
    resubmission_of, resubmitted_as, execution_id_problem, poll_url, cookies, unknown_word, ${['result', 'error', 'late_result'].map(outcome).join(', ')},
    CASE WHEN payload_pruned_at IS NOT NULL THEN (SELECT sha256 FROM payload_hashes WHERE id = execution_rows.id) END`;
}

/** Measured by one row at a time, a LEFT JOIN took four times as long as all the rest. */
const OUTCOME = (column: string) => `(SELECT ${column} FROM outcome_rows WHERE id = outcome)`;

type Time = number | null;
type Text = string | null;

// biome-ignore format: the order of the columns above, line by line
type StateValues = readonly [
  number, unknown, unknown, unknown, string, string, string, Text, unknown,
  number, number, Time, Time, Time, Time, Time, Time, Time,
  Time, Time, Time, number, number, number, number, number,
  number, Time, Time, Time, Time, Text, Text, Text, Text,
  Text, Text, Text, Text, Text, Text, Text, Text, Text,
  Text,
];

/** A WHERE clause follows. `status <> 0` is a part of it, unless no row that is only named can match. */
export const SELECT_STORED = `SELECT ${columns('reference', OUTCOME)} FROM execution_rows`;

/** The same without result, error and late result, which may be long. */
export const SELECT_WITHOUT_OUTCOME = `SELECT ${columns('reference', () => 'NULL')} FROM execution_rows`;

/** The same with inputs and context as the last two values, as JSON. */
export const SELECT_WITH_PAYLOAD = `SELECT ${columns('reference', OUTCOME)}, coalesce(inputs, '{}'), coalesce(context, '{}')
  FROM execution_rows LEFT JOIN payload_rows ON payload_rows.id = execution_rows.id`;

/**
 * The same for one execution, without what a caller knows or rarely needs: the bytes of the reference, and the outcome, which
 * SELECT_OUTCOME reads.
 */
export const SELECT_STORED_BY_REFERENCE = `SELECT ${columns('NULL', () => 'NULL')} FROM execution_rows WHERE reference = ?`;

/** Result, error and late result, as JSON. */
export const SELECT_OUTCOME = 'SELECT result, error, late_result FROM outcome_rows WHERE id = ?';

/** @param reference its text, if the statement did not read it. */
export function executionRow(values: Values, reference?: string): ExecutionRow {
  // biome-ignore format: the order of the columns above, line by line
  const [
    id, bytes, status, resolvedBy, correlationId, app, actionId, executionId, otherExecutionId,
    hearsay, submittedAt, sentAt, resolvedAt, pollAfter, deadline, dispatchAt, pollAt, expireAt,
    notFoundAt, foundAt, latencyMs, pollCount, attempts, timeoutSeconds, graceSeconds, retryUncertain,
    priority, outcome, payloadPrunedAt, heldAt, erasedAt, notifyUrl, idempotencyKey, traceparent, tracestate,
    resubmissionOf, resubmittedAs, executionIdProblem, pollUrl, cookies, unknownWord, result, error, late,
    payloadSha256,
  ] = values as StateValues;
  const execution: Execution = {
    correlationId,
    reference: reference ?? uuidText(bytes),
    app,
    actionId,
    executionId: presentExecutionId(executionId, otherExecutionId),
    executionIdUnverified: hearsay === 1,
    executionIdProblem,
    pollUrl,
    cookies,
    unknownWord,
    notFoundAt,
    foundAt,
    heldAt,
    erasedAt,
    resubmissionOf,
    resubmittedAs,
    status: statusOf(status),
    resolvedBy: resolverOf(resolvedBy),
    result: fromJson(result),
    error: fromJson(error),
    lateResult: lateResultOf(late),
    submittedAt,
    sentAt,
    resolvedAt,
    pollAfter,
    deadline,
    latencyMs,
    pollCount,
    attempts,
    timeoutSeconds,
    graceSeconds,
    retryUncertain: retryUncertain === 1,
    notifyUrl,
    priority,
    idempotencyKey,
    traceparent,
    tracestate,
    dispatchAt,
    pollAt,
    expireAt,
  };
  return { id, execution, firstExecutionId: executionId, outcome, payloadPrunedAt, payloadSha256 };
}

function lateResultOf(text: string | null): LateResult | null {
  return text === null ? null : (readMembers(text) as unknown as LateResult);
}

function presentExecutionId(first: string | null, other: unknown): string | null {
  if (other === null) return first;
  return other === 0 ? null : (other as string);
}

/** Returns the row with its outcome, which SELECT_OUTCOME read. */
export function withOutcome(row: ExecutionRow, [result, error, late]: Values): ExecutionRow {
  const outcome = { result: fromJson(result as Text), error: fromJson(error as Text) };
  return {
    ...row,
    execution: { ...row.execution, ...outcome, lateResult: lateResultOf(late as Text) },
  };
}

export function referenceOf(values: Values): string {
  return uuidText(values[1]);
}

/** Returns the length of result, error and late result. */
export function outcomeChars(values: Values): number {
  return values.slice(-4, -1).reduce<number>((sum, text) => sum + ((text as Text)?.length ?? 0), 0);
}
