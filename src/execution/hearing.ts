// What callbacks and polls make of an execution.

import { expired } from './ending.ts';
import { entry } from './entry.ts';
import type { ExecutionEvent, News } from './event.ts';
import { type Execution, isTerminal } from './execution.ts';
import type { JsonObject } from './json.ts';
import { accepted, pollingAgain } from './moves.ts';
import { end, hear, type Transition } from './outcome.ts';

export function callback(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'callback' }>,
  now: number,
): Transition {
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

export function unreadable(
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

export function polled(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'polled' }>,
  now: number,
): Transition {
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

export function pollFailed(
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

export function pollNotFound(
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

function told(event: News): JsonObject {
  return { word: event.word, result: event.result, error: event.error };
}
