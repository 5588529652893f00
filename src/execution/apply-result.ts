// How a result ends an execution, and how a result after the outcome is kept or compared.

import { isSameJson } from './canonical-json.ts';
import {
  type AuditDraft,
  type AuditEvent,
  draftOf,
  NO_RESPONSE,
  type ResponseFacts,
  type StatusReport,
} from './event.ts';
import { type Execution, isTerminal, type LateResult, type ResolvedBy, type TerminalStatus } from './execution.ts';
import type { Json, JsonObject } from './json.ts';

export type Outcome =
  /** This event ended the execution. */
  | 'resolved'
  /** The execution is still open. */
  | 'progress'
  /** The execution had ended with the same result. */
  | 'duplicate'
  /** The execution had ended with another result. */
  | 'conflict'
  /** The execution had ended without a result; this one is kept as lateResult. */
  | 'late'
  | 'unreadable'
  /** The callback names another execution. */
  | 'mismatch'
  /** The execution had ended, or the event no longer applies. */
  | 'ignored';

export interface Transition {
  readonly execution: Execution;
  readonly outcome: Outcome;
  readonly entry: AuditDraft;
}

type Channel = LateResult['via'];

const WINNING_ENTRY: Record<Channel, AuditEvent> = {
  callback: 'CALLBACK_COMPLETED',
  poll: 'POLL_COMPLETED',
  submit: 'SUBMITTED',
};

const LOSING_CALLBACK = {
  duplicate: 'CALLBACK_DUPLICATE',
  conflict: 'CALLBACK_CONFLICT',
  late: 'CALLBACK_LATE',
} as const satisfies Record<string, AuditEvent>;

interface Arrival {
  readonly channel: Channel;
  readonly now: number;
  /** Detail for the audit entry. */
  readonly detail: JsonObject;
  readonly response?: ResponseFacts;
  /** A kept body was read again: its result is late if the execution completed without one. */
  readonly isReread?: boolean;
}

/** Applies a result or a failure (never progress): ends an open execution, or compares it with the outcome of an ended one. */
export function applyResult(
  execution: Execution,
  report: StatusReport,
  { channel, now, detail, response = NO_RESPONSE, isReread = false }: Arrival,
): Transition {
  const result = outcomeIn(report);
  // promise: terminal-status-is-final
  if (!isTerminal(execution.status)) {
    return {
      execution: ended(execution, { ...result, resolvedBy: channel, now }),
      outcome: 'resolved',
      entry: withEvidence(draftOf(WINNING_ENTRY[channel], { ...detail, status: result.status }, response), report),
    };
  }
  const outcome = isReread && completedEmpty(execution, result) ? 'late' : compare(execution, result);
  // promise: late-result-is-kept
  const kept: Execution =
    outcome === 'late' ? { ...execution, lateResult: { ...result, via: channel, receivedAt: now } } : execution;
  // The version before keeps a late result without ending the poll for it.
  // promise: known-result-is-not-polled
  const settled: Execution = kept.pollAt === null ? kept : { ...kept, pollAt: null };
  const event = channel === 'callback' ? LOSING_CALLBACK[outcome] : WINNING_ENTRY[channel];
  if (outcome === 'duplicate')
    return { execution: settled, outcome, entry: draftOf(event, { ...detail, outcome }, response) };
  const draft = draftOf(event, { ...detail, outcome, ...result }, response);
  return { execution: settled, outcome, entry: withEvidence(draft, report) };
}

/** Keeps the beginning of a result that was too large. */
function withEvidence(draft: AuditDraft, { evidence }: StatusReport): AuditDraft {
  // promise: large-result-leaves-evidence
  return evidence === undefined ? draft : { ...draft, body: { bytes: evidence, contentType: null } };
}

/** Returns true if the first reading of the body missed the result. */
function completedEmpty(execution: Execution, { status, result }: { status: string; result: Json }): boolean {
  const { status: own, result: known, lateResult } = execution;
  return own === 'COMPLETED' && status === own && known === null && lateResult === null && result !== null;
}

/** Returns `late` for the first result after an outcome without one, and otherwise whether the result is the same again. */
function compare(
  execution: Execution,
  said: { status: string; result: Json; error: Json },
): 'duplicate' | 'conflict' | 'late' {
  if (awaitsLateResult(execution)) return 'late';
  const { status, result, error } = execution.lateResult ?? execution;
  // promise: same-result-is-a-duplicate
  const isSame = said.status === status && isSameJson(said.result, result) && isSameJson(said.error, error);
  return isSame ? 'duplicate' : 'conflict';
}

/** Returns whether the execution ended without a result, and none has come since. */
export function awaitsLateResult(execution: Execution): boolean {
  return endedWithoutResult(execution) && execution.lateResult === null;
}

/** A rejection is CXone's last word about one attempt only: an earlier one may have run. */
function endedWithoutResult({ status, attempts }: Execution): boolean {
  // promise: result-of-an-earlier-attempt-is-late
  return ['TIMEOUT', 'NOT_FOUND', 'CANCELLED'].includes(status) || (status === 'REJECTED' && attempts > 1);
}

interface End {
  readonly status: TerminalStatus;
  readonly resolvedBy: ResolvedBy;
  readonly now: number;
  readonly result?: Json;
  readonly error: Json;
}

export function ended(execution: Execution, { now, result = null, ...end }: End): Execution {
  return { ...execution, ...end, result, resolvedAt: now, dispatchAt: null, pollAt: null, expireAt: null };
}

export function ignored(execution: Execution, event: AuditEvent): Transition {
  return { execution, outcome: 'ignored', entry: draftOf(event, { outcome: 'ignored' }) };
}

/** Returns the outcome that a result or a failure gives to an open execution. */
export function outcomeIn(event: StatusReport): {
  readonly status: 'COMPLETED' | 'FAILED';
  readonly result: Json;
  readonly error: Json;
} {
  const status = event.kind === 'completed' ? 'COMPLETED' : 'FAILED';
  return { status, result: event.result, error: status === 'FAILED' ? failure(event) : event.error };
}

/** Returns CXone's error, or one made from its status word. */
function failure(event: StatusReport): Json {
  return event.error ?? { code: null, message: `CXone said ${event.statusWord ?? 'FAILED'} and gave no error` };
}
