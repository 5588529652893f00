// JSON representation of executions and audit entries in the API.

import { isoTime } from '../lib/time.ts';
import type { AuditEntry } from './event.ts';
import { type Execution, type LateResult, totalLatencyMs } from './execution.ts';
import { writeJson } from './json.ts';
import { createMasking } from './masking.ts';

export function representExecution(execution: Execution) {
  return {
    correlationId: execution.correlationId,
    actionId: execution.actionId,
    executionId: execution.executionId,
    status: execution.status,
    resolvedBy: execution.resolvedBy,
    result: execution.result,
    error: execution.error,
    submittedAt: isoTime(execution.submittedAt),
    sentAt: isoTime(execution.sentAt),
    resolvedAt: isoTime(execution.resolvedAt),
    pollAfter: isoTime(execution.pollAfter),
    deadline: isoTime(execution.deadline),
    latencyMs: execution.latencyMs,
    totalLatencyMs: totalLatencyMs(execution),
    pollCount: execution.pollCount,
    lateResult: representLateResult(execution.lateResult),
    app: execution.app,
    // A member of erased executions only.
    ...(execution.erasedAt === null ? {} : { erasedAt: isoTime(execution.erasedAt) }),
    // Members of resubmissions only.
    ...(execution.resubmissionOf === null ? {} : { resubmissionOf: execution.resubmissionOf }),
    ...(execution.resubmittedAs === null ? {} : { resubmittedAs: execution.resubmittedAs }),
  };
}

/** Returns executions as a JSON array, in which the values of the members with the `hidden` names are replaced. */
export function writeExecutions(executions: readonly Execution[], hidden: readonly string[] = []): string {
  const masking = createMasking(hidden);
  return writeJson(executions.map((execution) => representExecution(masking.execution(execution))));
}

function representLateResult(late: LateResult | null) {
  if (late === null) return null;
  const { status, result, error, via, receivedAt } = late;
  return { status, result, error, via, receivedAt: isoTime(receivedAt) };
}

export function representEntry(entry: AuditEntry) {
  return {
    id: entry.id,
    timestamp: isoTime(entry.timestamp),
    event: entry.event,
    actionId: entry.actionId,
    correlationId: entry.correlationId,
    executionId: entry.executionId,
    latencyMs: entry.latencyMs,
    httpStatus: entry.httpStatus,
    app: entry.app,
    detail: entry.detail,
  };
}

/** Returns an audit entry as event streams show it. `terminalStatus` is null unless the entry ended the execution. */
export function representEvent(entry: AuditEntry): object {
  const { status, outcomeSha256 } = entry.detail;
  return { ...representEntry(entry), terminalStatus: outcomeSha256 === undefined ? null : (status ?? null) };
}
