// Converts executions and audit entries to rows and back: times to ISO 8601 text, structures to JSON text.

import type { AuditDraft, AuditEntry, AuditEvent } from '../../execution/event.ts';
import {
  type Dispatchable,
  type Execution,
  type LateResult,
  type ResolvedBy,
  type Status,
  totalLatencyMs,
} from '../../execution/execution.ts';
import { type Json, type JsonObject, LargeJson, readJson, writeJson } from '../../execution/json.ts';
import { readMembers } from '../../execution/json-members.ts';
import { isoTime } from '../../lib/time.ts';
import type { AcceptedSubmission } from '../port.ts';
import type { auditEvents, executions } from './schema.ts';

export type ExecutionRow = typeof executions.$inferSelect;
export type StateRow = Omit<ExecutionRow, 'inputs' | 'context' | 'fingerprint'>;
export type AuditRow = typeof auditEvents.$inferSelect;

export function toExecution(row: StateRow): Execution {
  return {
    correlationId: row.correlationId,
    reference: row.reference,
    app: row.app,
    actionId: row.actionId,
    executionId: row.executionId,
    executionIdUnverified: row.hearsay === 1,
    executionIdProblem: row.executionIdProblem,
    pollUrl: row.pollUrl,
    cookies: row.cookies,
    unknownWord: row.unknownWord,
    notFoundAt: fromIso(row.notFoundAt),
    foundAt: fromIso(row.foundAt),
    heldAt: fromIso(row.heldAt),
    erasedAt: fromIso(row.erasedAt),
    status: row.status as Status,
    resolvedBy: row.resolvedBy as ResolvedBy | null,
    result: fromJson(row.result),
    error: fromJson(row.error),
    lateResult: row.lateResult === null ? null : (readMembers(row.lateResult) as unknown as LateResult),
    submittedAt: Date.parse(row.submittedAt),
    sentAt: fromIso(row.sentAt),
    resolvedAt: fromIso(row.resolvedAt),
    pollAfter: fromIso(row.pollAfter),
    deadline: fromIso(row.deadline),
    latencyMs: row.latencyMs,
    pollCount: row.pollCount,
    attempts: row.attempts,
    timeoutSeconds: row.timeoutSeconds,
    graceSeconds: row.graceSeconds,
    retryUncertain: row.retryUncertain === 1,
    notifyUrl: row.notifyUrl,
    priority: row.priority,
    idempotencyKey: row.idempotencyKey,
    traceparent: row.traceparent,
    tracestate: row.tracestate,
    dispatchAt: fromIso(row.dispatchAt),
    pollAt: fromIso(row.pollAt),
    expireAt: fromIso(row.expireAt),
  };
}

export function toDispatchable(row: ExecutionRow): Dispatchable {
  return {
    ...toExecution(row),
    inputs: LargeJson.from(row.inputs) as JsonObject,
    context: readJson(row.context) as JsonObject,
  };
}

export function toAcceptedSubmission({
  fingerprint,
  inputs,
  context,
  payloadSha256,
}: Pick<ExecutionRow, 'fingerprint' | 'inputs' | 'context' | 'payloadSha256'>): AcceptedSubmission {
  const payload = { inputs: readJson(inputs) as JsonObject, context: readJson(context) as JsonObject };
  return { fingerprint, payload: payloadSha256 === null ? payload : null };
}

/** The columns that change during an execution's life. An update leaves the other columns and their indexes untouched. */
export const MUTABLE_COLUMNS = [
  'executionId',
  'hearsay',
  'status',
  'resolvedBy',
  'result',
  'error',
  'lateResult',
  'sentAt',
  'resolvedAt',
  'pollAfter',
  'deadline',
  'latencyMs',
  'totalLatencyMs',
  'pollCount',
  'attempts',
  'dispatchAt',
  'pollAt',
  'expireAt',
  'executionIdProblem',
  'pollUrl',
  'cookies',
  'unknownWord',
  'notFoundAt',
  'foundAt',
] as const satisfies readonly (keyof ExecutionRow)[];

export function mutableColumns(execution: Execution): Pick<ExecutionRow, (typeof MUTABLE_COLUMNS)[number]> {
  return {
    executionId: execution.executionId,
    hearsay: execution.executionIdUnverified ? 1 : 0,
    status: execution.status,
    resolvedBy: execution.resolvedBy,
    result: toJson(execution.result),
    error: toJson(execution.error),
    lateResult: toJson(execution.lateResult as Json),
    sentAt: isoTime(execution.sentAt),
    resolvedAt: isoTime(execution.resolvedAt),
    pollAfter: isoTime(execution.pollAfter),
    deadline: isoTime(execution.deadline),
    latencyMs: execution.latencyMs,
    totalLatencyMs: totalLatencyMs(execution),
    pollCount: execution.pollCount,
    attempts: execution.attempts,
    dispatchAt: isoTime(execution.dispatchAt),
    pollAt: isoTime(execution.pollAt),
    expireAt: isoTime(execution.expireAt),
    executionIdProblem: execution.executionIdProblem,
    pollUrl: execution.pollUrl,
    cookies: execution.cookies,
    unknownWord: execution.unknownWord,
    notFoundAt: isoTime(execution.notFoundAt),
    foundAt: isoTime(execution.foundAt),
  };
}

export function toRow(execution: Dispatchable, fingerprint: string): ExecutionRow {
  return {
    ...mutableColumns(execution),
    correlationId: execution.correlationId,
    reference: execution.reference,
    app: execution.app,
    actionId: execution.actionId,
    inputs: JSON.stringify(execution.inputs),
    context: JSON.stringify(execution.context),
    submittedAt: isoTime(execution.submittedAt),
    timeoutSeconds: execution.timeoutSeconds,
    graceSeconds: execution.graceSeconds,
    retryUncertain: execution.retryUncertain ? 1 : 0,
    notifyUrl: execution.notifyUrl,
    priority: execution.priority,
    idempotencyKey: execution.idempotencyKey,
    traceparent: execution.traceparent,
    tracestate: execution.tracestate,
    fingerprint,
    payloadPrunedAt: null,
    payloadSha256: null,
    heldAt: isoTime(execution.heldAt),
    erasedAt: isoTime(execution.erasedAt),
  };
}

export function toAuditRow(id: number, now: number, execution: Execution, draft: AuditDraft): Omit<AuditRow, 'hash'> {
  return {
    id,
    timestamp: isoTime(now),
    event: draft.event,
    actionId: execution.actionId,
    correlationId: execution.correlationId,
    executionId: execution.executionId,
    latencyMs: draft.latencyMs,
    httpStatus: draft.httpStatus,
    app: execution.app,
    detail: writeJson(draft.detail),
  };
}

export function toAuditEntry(row: Omit<AuditRow, 'hash'>): AuditEntry {
  return {
    ...row,
    timestamp: Date.parse(row.timestamp),
    event: row.event as AuditEvent,
    detail: readJson(row.detail) as JsonObject,
  };
}

export function fromIso(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

/** Converts JSON null to SQL NULL, so that queries see an absent value. */
function toJson(value: Json): string | null {
  return value === null ? null : writeJson(value);
}

function fromJson(text: string | null): Json {
  return text === null ? null : LargeJson.from(text);
}
