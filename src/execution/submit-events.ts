// Handing an execution to CXone: what the answer, or the lack of one, makes of it.

import { isoTime } from '../lib/time.ts';
import { applyResult, ended, ignored, type Transition } from './apply-result.ts';
import { entry } from './audit-draft.ts';
import type { AuditEvent, ExecutionEvent } from './event.ts';
import { type Execution, isTerminal } from './execution.ts';
import { expired } from './expiry-and-cancel.ts';
import type { JsonObject } from './json.ts';
import { pending, requeued, SEND_LEASE_MS, withPollingWindow } from './scheduling.ts';

export function dispatched(execution: Execution, now: number): Transition {
  if (execution.status !== 'QUEUED') return ignored(execution, 'DISPATCHED');
  // promise: queue-timeout
  if (execution.expireAt !== null && now >= execution.expireAt) return expired(execution, now);
  const attempts = execution.attempts + 1;
  const sent = withPollingWindow({ ...execution, status: 'UNCONFIRMED', attempts, dispatchAt: null }, now);
  // A submission that may be sent twice is looked at again when its answer never gets recorded (a crash in between).
  const expireAt = execution.retryUncertain ? Math.min(now + SEND_LEASE_MS, sent.deadline) : sent.deadline;
  return { execution: { ...sent, expireAt }, outcome: 'progress', entry: entry('DISPATCHED', { attempt: attempts }) };
}

export function submitted(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'submitted' }>,
  now: number,
): Transition {
  const known: Execution = {
    ...named(execution, event.executionId, now),
    latencyMs: execution.latencyMs ?? event.latencyMs,
  };
  const answered = { latencyMs: event.latencyMs, httpStatus: event.httpStatus };
  const said: JsonObject = { word: event.report.statusWord };
  if (event.executionId !== null && known.executionId !== event.executionId) said['executionId'] = event.executionId;
  // If the callback was faster, or the app gave up, the facts of the answer are filled in and the outcome stands.
  const over = isTerminal(execution.status);
  const moved = over ? known : pending(known, now, event);
  if (event.report.kind !== 'progress') return applyResult(moved, event.report, 'submit', now, said, answered);
  return { execution: moved, outcome: over ? 'ignored' : 'progress', entry: entry('SUBMITTED', said, answered) };
}

/** CXone's own name for it counts, and above one that is hearsay; the first that is known stays. */
function named(execution: Execution, executionId: string | null, now: number): Execution {
  if (executionId === null) return execution;
  if (execution.executionId === null) return { ...execution, executionId };
  if (!execution.executionIdUnverified) return execution;
  return { ...execution, executionId, executionIdUnverified: false, pollAt: isTerminal(execution.status) ? null : now };
}

export function refused(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'refused' }>,
  now: number,
): Transition {
  const draft = entry('FAILED', { message: event.message }, event);
  if (isTerminal(execution.status)) return { execution, outcome: 'ignored', entry: draft };
  const error = { code: event.httpStatus, message: event.message };
  const rejected = ended({ ...execution, latencyMs: event.latencyMs }, 'REJECTED', 'submit', now, null, error);
  return { execution: rejected, outcome: 'resolved', entry: draft };
}

/** Nothing changes, but its trail tells what it waits for. */
export function held(execution: Execution, event: Extract<ExecutionEvent, { type: 'held' }>): Transition {
  const { httpStatus, message } = event;
  const draft = entry(httpStatus === 0 ? 'NETWORK_ERROR' : 'TOKEN_ERROR', { message }, { httpStatus, latencyMs: null });
  return { execution, outcome: execution.status === 'QUEUED' ? 'progress' : 'ignored', entry: draft };
}

export function unsent(execution: Execution, event: Extract<ExecutionEvent, { type: 'unsent' }>): Transition {
  const draft = entry(
    answerEvent(event.httpStatus),
    { message: event.message, retryAt: isoTime(event.retryAt) },
    event,
  );
  if (execution.status !== 'UNCONFIRMED') return { execution, outcome: 'ignored', entry: draft };
  return { execution: requeued(execution, event.retryAt, event.giveUpAt), outcome: 'progress', entry: draft };
}

export function uncertain(execution: Execution, event: Extract<ExecutionEvent, { type: 'uncertain' }>): Transition {
  // promise: uncertain-submission-not-resent
  const again = execution.status === 'UNCONFIRMED' && execution.retryUncertain && event.retryAt !== null;
  const told: JsonObject = again
    ? { retryAt: isoTime(event.retryAt) }
    : { note: 'CXone may have received it; not sent again' };
  const draft = entry(answerEvent(event.httpStatus), { message: event.message, ...told }, event);
  if (execution.status !== 'UNCONFIRMED') return { execution, outcome: 'ignored', entry: draft };
  const next = again
    ? requeued(execution, event.retryAt, event.giveUpAt)
    : { ...execution, expireAt: execution.pollAt === null ? execution.deadline : null };
  return { execution: next, outcome: 'progress', entry: draft };
}

/** A submit answer that was no success: no answer at all, too many requests, or a status that says no. */
function answerEvent(httpStatus: number): AuditEvent {
  if (httpStatus === 0) return 'NETWORK_ERROR';
  return httpStatus === 429 ? 'RATE_LIMITED' : 'FAILED';
}
