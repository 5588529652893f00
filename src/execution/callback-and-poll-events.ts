// What callbacks and polls make of an execution.

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
    const draft = entry('CALLBACK_MISMATCH', { executionId: named, ...told(event.report) });
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
  return applyResult(known, event.report, 'callback', now, { word: event.report.statusWord });
}

export function unreadable(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'callback-unreadable' }>,
  now: number,
): Transition {
  const draft = { ...entry('CALLBACK_UNREADABLE', { reason: event.reason }), body: event.body };
  if (isTerminal(execution.status)) return { execution, outcome: 'unreadable', entry: draft };
  // It most likely said that the execution ended: CXone is asked at once, or as soon as its name there is known.
  return { execution: pollSoon(execution, now), outcome: 'unreadable', entry: draft };
}

export function polled(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'polled' }>,
  now: number,
): Transition {
  const counted: Execution = { ...execution, pollCount: execution.pollCount + 1 };
  if (isForAnotherId(execution, event.polledExecutionId)) {
    return responseIgnored(counted, event, { ...event.origin, ...told(event.report) });
  }
  if (event.report.kind !== 'progress') {
    const said = { ...event.origin, word: event.report.statusWord };
    return applyResult({ ...counted, executionIdUnverified: false }, event.report, 'poll', now, said, event);
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
  return { execution: ended(counted, 'NOT_FOUND', 'poll', now, null, error), outcome: 'resolved', entry: draft };
}

/** CXone knows it by a name that was hearsay until now. */
function confirmed(execution: Execution, now: number): Execution {
  return execution.executionIdUnverified ? { ...pending(execution, now), executionIdUnverified: false } : execution;
}

/** The name it was asked for was hearsay, and has been replaced or dropped while the answer was on its way. */
function isForAnotherId(execution: Execution, asked: string | null | undefined): boolean {
  return asked !== undefined && asked !== execution.executionId;
}

function responseIgnored(execution: Execution, answered: ResponseFacts, said: JsonObject = {}): Transition {
  const detail = { message: 'the answer is about an executionId that is no longer held to be its own', ...said };
  return { execution, outcome: 'ignored', entry: entry('POLL_ERROR', detail, answered) };
}

function told(event: StatusReport): JsonObject {
  return { word: event.statusWord, result: event.result, error: event.error };
}
