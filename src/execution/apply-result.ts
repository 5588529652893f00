// How an execution ends, and what a result means to one that has ended already.

import { isDeepStrictEqual } from 'node:util';
import { entry, NO_RESPONSE, type ResponseFacts } from './audit-draft.ts';
import type { AuditDraft, AuditEvent, StatusReport } from './event.ts';
import { type Execution, isTerminal, type LateResult, type ResolvedBy, type TerminalStatus } from './execution.ts';
import type { Json, JsonObject } from './json.ts';

export type Outcome =
  /** This event ended the execution. */
  | 'resolved'
  /** The execution moved on and is still open. */
  | 'progress'
  /** It had ended with the same result. */
  | 'duplicate'
  /** It had ended with another result. */
  | 'conflict'
  /** It had ended without a result; this one is kept beside it. */
  | 'late'
  | 'unreadable'
  /** The callback names another execution. */
  | 'mismatch'
  /** It had ended already, or the event no longer applies. */
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

/**
 * A result or a failure (never progress), over any channel: it ends an open execution and is compared with the outcome of
 * an ended one.
 */
export function applyResult(
  execution: Execution,
  event: StatusReport,
  channel: Channel,
  now: number,
  said: JsonObject,
  answered: ResponseFacts = NO_RESPONSE,
): Transition {
  const report = outcomeIn(event);
  const { status, result, error } = report;
  // promise: terminal-status-is-final
  if (!isTerminal(execution.status)) {
    return {
      execution: ended(execution, status, channel, now, result, error),
      outcome: 'resolved',
      entry: entry(WINNING_ENTRY[channel], { ...said, status }, answered),
    };
  }
  const outcome = compare(execution, report);
  // promise: late-result-is-kept
  const kept: Execution =
    outcome === 'late' ? { ...execution, lateResult: { ...report, via: channel, receivedAt: now } } : execution;
  const named = channel === 'callback' ? LOSING_CALLBACK[outcome] : WINNING_ENTRY[channel];
  const detail: JsonObject = outcome === 'duplicate' ? { ...said, outcome } : { ...said, outcome, ...report };
  return { execution: kept, outcome, entry: entry(named, detail, answered) };
}

/** What a result means to an execution that has ended: the same again, another one, or the first after an ending without one. */
function compare(
  execution: Execution,
  said: { status: string; result: Json; error: Json },
): 'duplicate' | 'conflict' | 'late' {
  const endedWithoutResult = ['TIMEOUT', 'NOT_FOUND', 'CANCELLED'].includes(execution.status);
  if (endedWithoutResult && execution.lateResult === null) return 'late';
  const { status, result, error } = execution.lateResult ?? execution;
  return isDeepStrictEqual(said, { status, result, error }) ? 'duplicate' : 'conflict';
}

export function ended(
  execution: Execution,
  status: TerminalStatus,
  resolvedBy: ResolvedBy,
  now: number,
  result: Json,
  error: Json,
): Execution {
  return {
    ...execution,
    status,
    resolvedBy,
    result,
    error,
    resolvedAt: now,
    dispatchAt: null,
    pollAt: null,
    expireAt: null,
  };
}

export function ignored(execution: Execution, event: AuditEvent): Transition {
  return { execution, outcome: 'ignored', entry: entry(event, { outcome: 'ignored' }) };
}

/** What a result or a failure makes of an execution that is open. */
export function outcomeIn(event: StatusReport): {
  readonly status: 'COMPLETED' | 'FAILED';
  readonly result: Json;
  readonly error: Json;
} {
  const status = event.kind === 'completed' ? 'COMPLETED' : 'FAILED';
  return { status, result: event.result, error: status === 'FAILED' ? failure(event) : event.error };
}

/** A failure always says something: CXone's error, or at least its word. */
function failure(event: StatusReport): Json {
  return event.error ?? { code: null, message: `CXone said ${event.statusWord ?? 'FAILED'} and gave no error` };
}
