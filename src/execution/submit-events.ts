// Transitions for sending an execution to CXone, and for the response or its absence.

import { isoTime } from '../lib/time.ts';
import { applyResult, ended, ignored, type Transition } from './apply-result.ts';
import { withBodyNotes } from './body-notes.ts';
import { type AuditEvent, draftOf, type EventOf } from './event.ts';
import { type Execution, isTerminal } from './execution.ts';
import { expired } from './expiry-and-cancel.ts';
import type { JsonObject } from './json.ts';
import { namedDetail, unknownWordAfter, wordDetail } from './report-detail.ts';
import { isNamedByCallback, pending, requeued, SEND_LEASE_MS, withPollingWindow } from './scheduling.ts';

export function dispatched(
  execution: Execution,
  { wasPerhapsSent = false }: EventOf<'dispatched'>,
  now: number,
): Transition {
  if (execution.status !== 'QUEUED') return ignored(execution, 'DISPATCHED');
  const isOver = execution.expireAt !== null && now >= execution.expireAt;
  // promise: queue-timeout
  if (isOver && !wasPerhapsSent) return expired(execution, now);
  const attempts = execution.attempts + 1;
  const sent = withPollingWindow({ ...execution, status: 'UNCONFIRMED', attempts, dispatchAt: null }, now);
  // A submission that may be sent twice is checked again if a crash keeps its response from being recorded.
  const expireAt = execution.retryUncertain ? Math.min(now + SEND_LEASE_MS, sent.deadline) : sent.deadline;
  return { execution: { ...sent, expireAt }, outcome: 'progress', entry: draftOf('DISPATCHED', { attempt: attempts }) };
}

export function submitted(execution: Execution, event: EventOf<'submitted'>, now: number): Transition {
  const known: Execution = {
    ...named(execution, event, now),
    latencyMs: execution.latencyMs ?? event.latencyMs,
    pollUrl: event.pollUrl ?? execution.pollUrl,
    cookies: event.cookies ?? execution.cookies,
    executionIdProblem: event.executionId === null ? (event.unusableId ?? execution.executionIdProblem) : null,
    unknownWord: unknownWordAfter(execution, event.report),
  };
  const response = { latencyMs: event.latencyMs, httpStatus: event.httpStatus };
  const detail: JsonObject = {
    ...wordDetail(event.report),
    ...namedDetail(event),
    ...(event.cut === undefined ? {} : { cut: event.cut }),
    ...(event.unusablePollUrl === undefined ? {} : { unusablePollUrl: event.unusablePollUrl }),
  };
  if (event.executionId !== null && known.executionId !== event.executionId) detail['executionId'] = event.executionId;
  // If the callback came first, or the app cancelled, only the facts of the response are filled in; the outcome stays.
  const over = isTerminal(execution.status);
  const moved = over ? known : pending(known, now, event);
  if (event.report.kind !== 'progress') {
    return withBodyNotes(applyResult(moved, event.report, { channel: 'submit', now, detail, response }), event.notes);
  }
  return { execution: moved, outcome: over ? 'ignored' : 'progress', entry: draftOf('SUBMITTED', detail, response) };
}

/** Takes the executionId of the response if the execution has none or an unverified one. An address replaces an unverified one. */
function named(execution: Execution, { executionId, pollUrl = null }: EventOf<'submitted'>, now: number): Execution {
  if (executionId === null && (pollUrl === null || !execution.executionIdUnverified)) return execution;
  if (execution.executionId === null) return { ...execution, executionId };
  if (!execution.executionIdUnverified) return execution;
  const pollAt = isTerminal(execution.status) && execution.pollAt === null ? null : now;
  return { ...execution, executionId, executionIdUnverified: false, notFoundAt: null, pollAt };
}

export function refused(execution: Execution, event: EventOf<'refused'>, now: number): Transition {
  const draft = draftOf('FAILED', { message: event.message }, event);
  if (isTerminal(execution.status)) return { execution, outcome: 'ignored', entry: draft };
  // promise: accepted-is-not-rejected
  if (execution.status === 'PENDING') {
    const detail = { message: event.message, note: 'a callback or a poll had shown that CXone received it' };
    return { execution, outcome: 'ignored', entry: draftOf('FAILED', detail, event) };
  }
  // Also after a first attempt: a gateway may have sent it twice, and CXone refused the second one.
  // promise: named-execution-is-polled-before-rejection
  if (execution.executionIdUnverified) {
    const detail = { message: event.message, note: 'a callback has named an executionId, under which CXone is polled' };
    const answered: Execution = { ...execution, latencyMs: execution.latencyMs ?? event.latencyMs };
    return { execution: answered, outcome: 'ignored', entry: draftOf('FAILED', detail, event) };
  }
  const error = { code: event.httpStatus, message: event.message };
  const rejected = ended(
    { ...execution, latencyMs: event.latencyMs },
    { status: 'REJECTED', resolvedBy: 'submit', now, error },
  );
  return { execution: rejected, outcome: 'resolved', entry: draft };
}

/** Changes nothing; the audit trail shows what the execution waits for. */
export function held(execution: Execution, event: EventOf<'held'>): Transition {
  const { httpStatus, message } = event;
  const draft = draftOf(
    httpStatus === 0 ? 'NETWORK_ERROR' : 'TOKEN_ERROR',
    { message },
    { httpStatus, latencyMs: null },
  );
  return { execution, outcome: execution.status === 'QUEUED' ? 'progress' : 'ignored', entry: draft };
}

export function unsent(execution: Execution, event: EventOf<'unsent'>): Transition {
  // promise: named-execution-is-polled-first
  const isAgain = execution.status === 'UNCONFIRMED' && !isNamedByCallback(execution);
  const consequence: JsonObject = isAgain ? { retryAt: isoTime(event.retryAt) } : { note: 'not sent again' };
  const draft = draftOf(failureEvent(event.httpStatus), { message: event.message, ...consequence }, event);
  if (!isAgain) return { execution, outcome: 'ignored', entry: draft };
  return { execution: requeued(execution, event.retryAt, event.giveUpAt), outcome: 'progress', entry: draft };
}

export function uncertain(execution: Execution, event: EventOf<'uncertain'>): Transition {
  const isOpen = execution.status === 'UNCONFIRMED';
  // promise: uncertain-submission-not-resent
  const mayRepeat = isOpen && execution.retryUncertain && event.retryAt !== null;
  // promise: named-execution-is-polled-before-a-repeat
  const again = mayRepeat && !isNamedByCallback(execution);
  const consequence: JsonObject = again
    ? { retryAt: isoTime(event.retryAt) }
    : { note: 'CXone may have received it; not sent again' };
  const draft = draftOf(failureEvent(event.httpStatus), { message: event.message, ...consequence }, event);
  if (!isOpen) return { execution, outcome: 'ignored', entry: draft };
  const next = again
    ? requeued(execution, event.retryAt, event.giveUpAt)
    : { ...execution, expireAt: execution.pollAt === null ? execution.deadline : null };
  return { execution: next, outcome: 'progress', entry: draft };
}

/** Returns the audit event for a submission that failed. */
function failureEvent(httpStatus: number): AuditEvent {
  if (httpStatus === 0) return 'NETWORK_ERROR';
  return httpStatus === 429 ? 'RATE_LIMITED' : 'FAILED';
}
