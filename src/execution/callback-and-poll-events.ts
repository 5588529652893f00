// Transitions for callbacks and polls.

import { applyResult, ended, type Transition } from './apply-result.ts';
import { entry, type ResponseFacts } from './audit-draft.ts';
import type { ExecutionEvent, StatusReport } from './event.ts';
import { type Execution, isTerminal } from './execution.ts';
import { expired } from './expiry-and-cancel.ts';
import type { JsonObject } from './json.ts';
import { pending, scheduleNextPoll } from './scheduling.ts';
import { pollSoon, unverifiedIdDropped } from './unverified-callback.ts';

export function callback(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'callback' }>,
  now: number,
): Transition {
  const named = event.executionId;
  const own = execution.executionIdUnverified ? null : execution.executionId;
  // promise: callback-names-its-execution
  if (named !== null && own !== null && named !== own) {
    const draft = entry('CALLBACK_MISMATCH', { executionId: named, ...reportDetail(event.report) });
    return { execution, outcome: 'mismatch', entry: draft };
  }
  const known: Execution =
    own === null && named !== null ? { ...execution, executionId: named, executionIdUnverified: false } : execution;
  if (event.report.kind === 'progress') {
    const moved = isTerminal(known.status) ? known : pending(known, now);
    return {
      execution: moved,
      outcome: 'progress',
      entry: entry('CALLBACK_PROGRESS', { word: event.report.statusWord }),
    };
  }
  return applyResult(known, event.report, { channel: 'callback', now, detail: { word: event.report.statusWord } });
}

export function unreadable(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'callback-unreadable' }>,
  now: number,
): Transition {
  const draft = { ...entry('CALLBACK_UNREADABLE', { reason: event.reason }), body: event.body };
  if (isTerminal(execution.status)) return { execution, outcome: 'unreadable', entry: draft };
  // The body most likely reported the end of the execution: poll at once, or as soon as the executionId is known.
  return { execution: pollSoon(execution, now), outcome: 'unreadable', entry: draft };
}

export function polled(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'polled' }>,
  now: number,
): Transition {
  const counted: Execution = { ...execution, pollCount: execution.pollCount + 1 };
  if (isForAnotherId(execution, event.polledExecutionId)) {
    return responseIgnored(counted, event, { ...event.origin, ...reportDetail(event.report) });
  }
  if (event.report.kind !== 'progress') {
    const detail = { ...event.origin, word: event.report.statusWord };
    const verified = { ...counted, executionIdUnverified: false };
    return applyResult(verified, event.report, { channel: 'poll', now, detail, response: event });
  }
  if (event.final && !isTerminal(counted.status)) return expired(counted, now, 'still running at the last poll');
  const draft = entry('POLL_PROGRESS', { ...event.origin, word: event.report.statusWord }, event);
  return isTerminal(counted.status)
    ? { execution: counted, outcome: 'ignored', entry: draft }
    : { execution: scheduleNextPoll(confirmed(counted, now), event, now), outcome: 'progress', entry: draft };
}

export function pollFailed(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'poll-failed' }>,
  now: number,
): Transition {
  const counted: Execution = { ...execution, pollCount: execution.pollCount + 1 };
  const draft = entry('POLL_ERROR', { ...event.origin, message: event.message }, event);
  return isTerminal(counted.status)
    ? { execution: counted, outcome: 'ignored', entry: draft }
    : { execution: scheduleNextPoll(counted, event, now), outcome: 'progress', entry: draft };
}

export function pollNotFound(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'poll-not-found' }>,
  now: number,
): Transition {
  const counted: Execution = { ...execution, pollCount: execution.pollCount + 1 };
  if (isForAnotherId(execution, event.polledExecutionId)) return responseIgnored(counted, event, event.origin);
  if (execution.executionIdUnverified && !isTerminal(execution.status))
    return unverifiedIdDropped(counted, event.message, event);
  const draft = entry('POLL_404', { ...event.origin, message: event.message }, event);
  if (isTerminal(counted.status)) return { execution: counted, outcome: 'ignored', entry: draft };
  const error = { code: 404, message: event.message };
  return {
    execution: ended(counted, { status: 'NOT_FOUND', resolvedBy: 'poll', now, error }),
    outcome: 'resolved',
    entry: draft,
  };
}

/** Marks the executionId as verified: CXone knows the execution under it. */
function confirmed(execution: Execution, now: number): Execution {
  return execution.executionIdUnverified ? { ...pending(execution, now), executionIdUnverified: false } : execution;
}

/** True if the polled executionId was unverified and has been replaced or dropped while the poll was under way. */
function isForAnotherId(execution: Execution, polledId: string | null | undefined): boolean {
  return polledId !== undefined && polledId !== execution.executionId;
}

function responseIgnored(execution: Execution, answered: ResponseFacts, said: JsonObject = {}): Transition {
  const detail = { message: 'the response is about an executionId that this execution no longer has', ...said };
  return { execution, outcome: 'ignored', entry: entry('POLL_ERROR', detail, answered) };
}

function reportDetail(event: StatusReport): JsonObject {
  return { word: event.statusWord, result: event.result, error: event.error };
}
