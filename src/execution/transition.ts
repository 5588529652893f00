// The state machine: what one event does to one execution, and the audit entry it leaves. Pure.
//
//   QUEUED ──dispatched──▶ UNCONFIRMED ──submitted──▶ PENDING ──callback, polled──▶ COMPLETED | FAILED
//     ▲                        │                         └──poll-not-found──▶ NOT_FOUND
//     └──unsent (or uncertain, └──refused──▶ REJECTED
//        when a second POST
//        is allowed)           any open one: callback ▶ COMPLETED | FAILED, expired ▶ TIMEOUT, cancelled ▶ CANCELLED
//
// A terminal status absorbs everything: what comes later leaves its entry, and a result that comes after an
// ending without one is kept as lateResult.

import { isDeepStrictEqual } from 'node:util';
import type { AuditDraft, AuditEvent, ExecutionEvent, News } from './event.ts';
import { type Execution, isTerminal, type LateResult, type ResolvedBy, type TerminalStatus } from './execution.ts';
import type { Json, JsonObject } from './json.ts';
import { pollingWindow } from './schedule.ts';

/** How long after a dispatch an answer may still come from the process that sent it, in milliseconds. */
export const SEND_LEASE_MS = 60_000;

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

export function transition(execution: Execution, event: ExecutionEvent, now: number): Transition {
  switch (event.type) {
    case 'dispatched':
      return dispatched(execution, now);
    case 'submitted':
      return submitted(execution, event, now);
    case 'refused':
      return refused(execution, event, now);
    case 'unsent':
      return unsent(execution, event);
    case 'uncertain':
      return uncertain(execution, event);
    case 'callback':
      return callback(execution, event, now);
    case 'callback-unreadable':
      return unreadable(execution, event, now);
    case 'polled':
      return polled(execution, event, now);
    case 'poll-failed':
      return pollFailed(execution, event, now);
    case 'poll-not-found':
      return pollNotFound(execution, event, now);
    case 'expired':
      return expired(execution, now, event.message);
    case 'cancelled':
      return cancelled(execution, event.by, now);
    default:
      return event satisfies never;
  }
}

function dispatched(execution: Execution, now: number): Transition {
  if (execution.status !== 'QUEUED') return ignored(execution, 'DISPATCHED');
  if (execution.expireAt !== null && now >= execution.expireAt) return expired(execution, now);
  const attempts = execution.attempts + 1;
  const sent = withWindow({ ...execution, status: 'UNCONFIRMED', attempts, dispatchAt: null }, now);
  // A submission that may be sent twice is looked at again when its answer never gets recorded (a crash in between).
  const expireAt = execution.retryUncertain ? Math.min(now + SEND_LEASE_MS, sent.deadline) : sent.deadline;
  return { execution: { ...sent, expireAt }, outcome: 'progress', entry: entry('DISPATCHED', { attempt: attempts }) };
}

function submitted(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'submitted' }>,
  now: number,
): Transition {
  const known: Execution = {
    ...execution,
    executionId: execution.executionId ?? event.executionId,
    latencyMs: execution.latencyMs ?? event.latencyMs,
  };
  const answered = { latencyMs: event.latencyMs, httpStatus: event.httpStatus };
  const said: JsonObject = { word: event.news.word };
  if (event.executionId !== null && known.executionId !== event.executionId) said['executionId'] = event.executionId;
  if (isTerminal(execution.status)) {
    // The callback was faster, or the app gave up: the facts of the answer are filled in, the outcome stands.
    if (event.news.kind === 'progress') {
      return { execution: known, outcome: 'ignored', entry: entry('SUBMITTED', said, answered) };
    }
    return hear(known, event.news, 'submit', now, said, answered);
  }
  const pending = accepted(known, now, event.spreadMs);
  return hear(pending, event.news, 'submit', now, said, answered);
}

function refused(execution: Execution, event: Extract<ExecutionEvent, { type: 'refused' }>, now: number): Transition {
  const draft = entry('FAILED', { message: event.message }, event);
  if (isTerminal(execution.status)) return { execution, outcome: 'ignored', entry: draft };
  const error = { code: event.httpStatus, message: event.message };
  const ended = end({ ...execution, latencyMs: event.latencyMs }, 'REJECTED', 'submit', now, null, error);
  return { execution: ended, outcome: 'resolved', entry: draft };
}

function unsent(execution: Execution, event: Extract<ExecutionEvent, { type: 'unsent' }>): Transition {
  const draft = entry(answerEvent(event.httpStatus), { message: event.message, retryAt: iso(event.retryAt) }, event);
  if (execution.status !== 'UNCONFIRMED') return { execution, outcome: 'ignored', entry: draft };
  return { execution: requeued(execution, event.retryAt, event.giveUpAt), outcome: 'progress', entry: draft };
}

function uncertain(execution: Execution, event: Extract<ExecutionEvent, { type: 'uncertain' }>): Transition {
  const again = execution.status === 'UNCONFIRMED' && execution.retryUncertain && event.retryAt !== null;
  const next: JsonObject = again
    ? { retryAt: iso(event.retryAt) }
    : { note: 'CXone may have received it; not sent again' };
  const draft = entry(answerEvent(event.httpStatus), { message: event.message, ...next }, event);
  if (execution.status !== 'UNCONFIRMED') return { execution, outcome: 'ignored', entry: draft };
  if (again)
    return { execution: requeued(execution, event.retryAt, event.giveUpAt), outcome: 'progress', entry: draft };
  return { execution: { ...execution, expireAt: execution.deadline }, outcome: 'progress', entry: draft };
}

function callback(execution: Execution, event: Extract<ExecutionEvent, { type: 'callback' }>, now: number): Transition {
  const named = event.executionId;
  if (named !== null && execution.executionId !== null && named !== execution.executionId) {
    const draft = entry('CALLBACK_MISMATCH', { executionId: named, ...told(event.news) });
    return { execution, outcome: 'mismatch', entry: draft };
  }
  const known: Execution = { ...execution, executionId: execution.executionId ?? named };
  if (event.news.kind === 'progress') {
    const moved = isTerminal(known.status) ? known : accepted(known, now, 0);
    return { execution: moved, outcome: 'progress', entry: entry('CALLBACK_PROGRESS', { word: event.news.word }) };
  }
  return hear(known, event.news, 'callback', now, { word: event.news.word });
}

function unreadable(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'callback-unreadable' }>,
  now: number,
): Transition {
  const draft = { ...entry('CALLBACK_UNREADABLE', { reason: event.reason }), body: event.body };
  if (isTerminal(execution.status)) return { execution, outcome: 'unreadable', entry: draft };
  // It most likely said that the execution ended: CXone is asked at once, or as soon as its name there is known.
  const sooner: Execution =
    execution.pollAt === null
      ? { ...execution, pollAfter: execution.pollAfter === null ? null : Math.min(execution.pollAfter, now) }
      : { ...execution, pollAt: Math.min(execution.pollAt, now) };
  return { execution: sooner, outcome: 'unreadable', entry: draft };
}

function polled(execution: Execution, event: Extract<ExecutionEvent, { type: 'polled' }>, now: number): Transition {
  const counted: Execution = { ...execution, pollCount: execution.pollCount + 1 };
  if (event.news.kind !== 'progress') {
    return hear(counted, event.news, 'poll', now, { word: event.news.word }, event);
  }
  if (event.final && !isTerminal(counted.status)) return expired(counted, now, 'still running at the last poll');
  const draft = entry('POLL_PROGRESS', { word: event.news.word }, event);
  return isTerminal(counted.status)
    ? { execution: counted, outcome: 'ignored', entry: draft }
    : { execution: pollingAgain(counted, event.nextPollAt, now), outcome: 'progress', entry: draft };
}

function pollFailed(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'poll-failed' }>,
  now: number,
): Transition {
  const counted: Execution = { ...execution, pollCount: execution.pollCount + 1 };
  const draft = entry('POLL_ERROR', { message: event.message }, event);
  return isTerminal(counted.status)
    ? { execution: counted, outcome: 'ignored', entry: draft }
    : { execution: pollingAgain(counted, event.nextPollAt, now), outcome: 'progress', entry: draft };
}

function pollNotFound(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'poll-not-found' }>,
  now: number,
): Transition {
  const counted: Execution = { ...execution, pollCount: execution.pollCount + 1 };
  const draft = entry('POLL_404', { message: event.message }, event);
  if (isTerminal(counted.status)) return { execution: counted, outcome: 'ignored', entry: draft };
  const error = { code: 404, message: event.message };
  return { execution: end(counted, 'NOT_FOUND', 'poll', now, null, error), outcome: 'resolved', entry: draft };
}

function expired(execution: Execution, now: number, message?: string): Transition {
  if (execution.status === 'QUEUED') {
    const error = { code: 408, message: 'not sent to CXone before the queue time-out' };
    const draft = entry('QUEUE_TIMEOUT', error, { httpStatus: 408, latencyMs: null });
    return { execution: end(execution, 'TIMEOUT', 'deadline', now, null, error), outcome: 'resolved', entry: draft };
  }
  if (execution.status === 'UNCONFIRMED' && execution.retryUncertain && now < (execution.deadline ?? 0)) {
    const draft = entry(
      'NETWORK_ERROR',
      { message: 'the answer was never recorded; sent again, as retryUncertain allows' },
      LOST,
    );
    return { execution: requeued(execution, now, execution.deadline ?? now), outcome: 'progress', entry: draft };
  }
  const error = { code: 408, message: `no result within the polling window: ${message ?? withoutPolls(execution)}` };
  const draft = entry('POLL_TIMEOUT', error, { httpStatus: 408, latencyMs: null });
  if (isTerminal(execution.status)) return { execution, outcome: 'ignored', entry: draft };
  return { execution: end(execution, 'TIMEOUT', 'deadline', now, null, error), outcome: 'resolved', entry: draft };
}

function cancelled(execution: Execution, by: string, now: number): Transition {
  if (isTerminal(execution.status))
    return { ...ignored(execution, 'CANCEL_IGNORED'), entry: entry('CANCEL_IGNORED', { by }) };
  const draft = entry('CANCELLED', { by, sent: execution.attempts > 0 });
  const error = {
    code: null,
    message:
      execution.attempts > 0 ? 'cancelled after it was sent; CXone may still run it' : 'cancelled before it was sent',
  };
  return { execution: end(execution, 'CANCELLED', 'cancel', now, null, error), outcome: 'resolved', entry: draft };
}

/** A result or a failure, over any channel: it ends an open execution and is compared with the outcome of an ended one. */
function hear(
  execution: Execution,
  event: News,
  channel: Channel,
  now: number,
  said: JsonObject,
  answered: Answered = NOT_ASKED,
): Transition {
  if (event.kind === 'progress') return { execution, outcome: 'progress', entry: entry('SUBMITTED', said, answered) };
  const status = event.kind === 'completed' ? 'COMPLETED' : 'FAILED';
  const error = status === 'FAILED' ? failure(event) : event.error;
  if (!isTerminal(execution.status)) {
    const ended = end(execution, status, channel, now, event.result, error);
    return {
      execution: ended,
      outcome: 'resolved',
      entry: entry(WINNING_ENTRY[channel], { ...said, status }, answered),
    };
  }
  const news = { status, result: event.result, error } as const;
  const outcome = compare(execution, news);
  const kept: Execution =
    outcome === 'late' ? { ...execution, lateResult: { ...news, via: channel, receivedAt: now } } : execution;
  const named = channel === 'callback' ? LOSING_CALLBACK[outcome] : WINNING_ENTRY[channel];
  const detail: JsonObject = outcome === 'duplicate' ? { ...said, outcome } : { ...said, outcome, ...news };
  return { execution: kept, outcome, entry: entry(named, detail, answered) };
}

const LOSING_CALLBACK = {
  duplicate: 'CALLBACK_DUPLICATE',
  conflict: 'CALLBACK_CONFLICT',
  late: 'CALLBACK_LATE',
} as const satisfies Record<string, AuditEvent>;

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

/** CXone knows it: from here on it is polled if it has a name there, and else only waited for. */
function accepted(execution: Execution, now: number, spreadMs: number): Execution {
  const sent = execution.sentAt === null ? withWindow(execution, now) : (execution as Windowed);
  const pollable = execution.executionId !== null;
  return {
    ...sent,
    status: 'PENDING',
    dispatchAt: null,
    pollAt: pollable ? (execution.pollAt ?? Math.min(sent.pollAfter + spreadMs, sent.deadline)) : null,
    expireAt: pollable ? null : sent.deadline,
  };
}

type Windowed = Execution & { sentAt: number; pollAfter: number; deadline: number };

function withWindow(execution: Execution, sentAt: number): Windowed {
  return { ...execution, sentAt, ...pollingWindow(execution, sentAt) };
}

function requeued(execution: Execution, dispatchAt: number | null, giveUpAt: number): Execution {
  return {
    ...execution,
    status: 'QUEUED',
    sentAt: null,
    pollAfter: null,
    deadline: null,
    dispatchAt,
    pollAt: null,
    expireAt: giveUpAt,
  };
}

/** The next poll is the last one at the deadline if it would come later; one that failed at the deadline is tried again. */
function pollingAgain(execution: Execution, nextPollAt: number, now: number): Execution {
  const { deadline, pollAt } = execution;
  if (pollAt === null) return execution;
  return { ...execution, pollAt: deadline !== null && now < deadline ? Math.min(nextPollAt, deadline) : nextPollAt };
}

function end(
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

/** A failure always says something: CXone's error, or at least its word. */
function failure(event: News): Json {
  return event.error ?? { code: null, message: `CXone said ${event.word ?? 'FAILED'} and gave no error` };
}

function told(event: News): JsonObject {
  return { word: event.word, result: event.result, error: event.error };
}

function withoutPolls(execution: Execution): string {
  return execution.executionId === null
    ? 'CXone gave no executionId, so it could not be asked'
    : 'CXone gave no outcome';
}

interface Answered {
  readonly httpStatus: number | null;
  readonly latencyMs: number | null;
}

const NOT_ASKED: Answered = { httpStatus: null, latencyMs: null };
const LOST: Answered = { httpStatus: 0, latencyMs: null };

/** A submit answer that was no success: no answer at all, too many requests, or a status that says no. */
function answerEvent(httpStatus: number): AuditEvent {
  if (httpStatus === 0) return 'NETWORK_ERROR';
  return httpStatus === 429 ? 'RATE_LIMITED' : 'FAILED';
}

function entry(event: AuditEvent, detail: JsonObject, answered: Answered = NOT_ASKED): AuditDraft {
  return { event, latencyMs: answered.latencyMs, httpStatus: answered.httpStatus, detail, body: null };
}

function ignored(execution: Execution, event: AuditEvent): Transition {
  return { execution, outcome: 'ignored', entry: entry(event, { outcome: 'ignored' }) };
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
