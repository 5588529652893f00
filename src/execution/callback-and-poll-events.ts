// Transitions for callbacks and polls.

import { isoTime } from '../lib/time.ts';
import { applyResult, awaitsLateResult, ended, type Transition } from './apply-result.ts';
import { withBodyNotes } from './body-notes.ts';
import { draftOf, type EventOf } from './event.ts';
import { type Execution, isTerminal } from './execution.ts';
import { isSameExecutionId } from './execution-id.ts';
import { expired } from './expiry-and-cancel.ts';
import type { JsonObject } from './json.ts';
import { answeredAfterEnd, isPolledAfterEnd, repeatedAfterEnd } from './poll-after-end.ts';
import { namedDetail, reportDetail, statusDetail, unknownWordAfter, wordDetail } from './report-detail.ts';
import { pending, scheduleNextPoll, sentOnPresentClock } from './scheduling.ts';
import { namesAnother, polledSoon, unverifiedIdDropped, withoutGuessedId } from './unverified-callback.ts';

export function callback(execution: Execution, event: EventOf<'callback'>, now: number): Transition {
  const { executionId: named, report } = event;
  const own = execution.executionIdUnverified ? null : execution.executionId;
  // promise: callback-names-its-execution
  if (own !== null && namesAnother(own, event)) {
    const draft = draftOf('CALLBACK_MISMATCH', {
      ...event.origin,
      executionId: named,
      ...reportDetail(report),
      ...namedDetail(event),
    });
    return { execution, outcome: 'mismatch', entry: draft };
  }
  const detail = { ...event.origin, ...wordDetail(report), ...namedDetail(event) };
  const known = withCallbackId(execution, event);
  if (report.kind === 'progress') {
    const draft = draftOf('CALLBACK_PROGRESS', detail);
    const running = isTerminal(known.status)
      ? known
      : { ...pending(known, now), notFoundAt: null, unknownWord: unknownWordAfter(known, report) };
    return withBodyNotes({ execution: running, outcome: 'progress', entry: draft }, event.notes);
  }
  const isReread = event.origin !== undefined;
  return withBodyNotes(applyResult(known, report, { channel: 'callback', now, detail, isReread }), event.notes);
}

/** Takes the executionId of a genuine callback if the execution has none or an unverified one. */
function withCallbackId(execution: Execution, { executionId, unusableId }: EventOf<'callback'>): Execution {
  if (execution.executionId !== null && !execution.executionIdUnverified) return execution;
  if (executionId === null) {
    return unusableId === undefined ? execution : { ...execution, executionIdProblem: unusableId };
  }
  const notFoundAt = executionId === execution.executionId ? execution.notFoundAt : null;
  return { ...execution, executionId, executionIdUnverified: false, executionIdProblem: null, notFoundAt };
}

export function unreadable(execution: Execution, event: EventOf<'callback-unreadable'>, now: number): Transition {
  // Only who received the submission knows its callback URL: it is not sent again, whatever the body says.
  // promise: unreadable-callback-shows-receipt
  const received = event.isUnverified || isTerminal(execution.status) ? execution : pending(execution, now);
  const { reason, origin, executionId: named = null } = event;
  // A profile that does not fit the body may read another id: only a poll or the submit response confirms it.
  // promise: unreadable-callback-names-what-is-polled
  const usable = execution.executionId === null || execution.executionIdUnverified ? named : null;
  // The body most likely reported the end of the execution: poll at once, or as soon as the executionId is known.
  const next = polledSoon(received, usable, now);
  const detail = {
    ...origin,
    reason,
    ...(named !== null && { executionId: named }),
    ...namedDetail(event),
    ...statusDetail(execution, next),
  };
  return {
    execution: next,
    outcome: 'unreadable',
    entry: { ...draftOf('CALLBACK_UNREADABLE', detail), body: event.body },
  };
}

/** A poll brings the result of an open execution, unless it would be too large there, too, or CXone cannot be polled. */
export function callbackTooLarge(
  execution: Execution,
  { reason, ...event }: EventOf<'callback-too-large'>,
  now: number,
): Transition {
  const direct = callback(execution, { ...event, type: 'callback' }, now);
  const { executionId, executionIdUnverified } = direct.execution;
  const isNamed = executionId !== null && !executionIdUnverified;
  // promise: large-callback-is-not-polled-in-vain
  const isPollUseful = event.isPollable && isNamed && event.report.evidence === undefined;
  // What CXone no longer knows is not polled for more than this callback says.
  const isNews = !isTerminal(execution.status) || (awaitsLateResult(execution) && execution.status !== 'NOT_FOUND');
  if (!isNews || direct.outcome === 'mismatch' || !isPollUseful) return direct;
  const known: Execution = { ...execution, executionId, executionIdUnverified: false };
  return unreadable(known, { type: 'callback-unreadable', reason, body: null }, now);
}

export function polled(execution: Execution, event: EventOf<'polled'>, now: number): Transition {
  const { report, origin, namedExecutionId: named = null } = event;
  const counted: Execution = { ...execution, pollCount: execution.pollCount + 1 };
  if (isForAnotherId(execution, event.polledExecutionId)) {
    return responseIgnored(counted, event, now, { ...origin, ...reportDetail(report) });
  }
  // promise: poll-response-names-its-execution
  if (named !== null && execution.executionId !== null && !isSameExecutionId(named, execution.executionId)) {
    const draft = draftOf('POLL_MISMATCH', { ...origin, executionId: named, ...reportDetail(report) }, event);
    const next = isTerminal(counted.status)
      ? answeredAfterEnd(counted, event.leasedUntil)
      : scheduleNextPoll(counted, event, now);
    return { execution: next, outcome: 'mismatch', entry: draft };
  }
  const found = foundBy(counted, named, now);
  const detail = { ...origin, ...wordDetail(report), ...(event.cut === undefined ? {} : { cut: event.cut }) };
  if (report.kind !== 'progress') {
    return withBodyNotes(applyResult(found, report, { channel: 'poll', now, detail, response: event }), event.notes);
  }
  const draft = draftOf('POLL_PROGRESS', detail, event);
  if (isPolledAfterEnd(counted))
    return { execution: answeredAfterEnd(found, event.leasedUntil), outcome: 'ignored', entry: draft };
  if (isTerminal(found.status)) return { execution: counted, outcome: 'ignored', entry: draft };
  const running = { ...found, unknownWord: unknownWordAfter(found, report) };
  if (event.final) return expired(running, now, stillRunning(running));
  const confirmed = execution.executionIdUnverified ? pending(running, now) : running;
  return { execution: scheduleNextPoll(confirmed, event, now), outcome: 'progress', entry: draft };
}

/** CXone knows the execution: its executionId is confirmed, and earlier 404s no longer count. */
function foundBy(execution: Execution, named: string | null, now: number): Execution {
  const { executionId, executionIdUnverified, pollUrl } = execution;
  const unverified = executionIdUnverified && pollUrl !== null && named === null;
  return {
    ...execution,
    executionId: executionId ?? named,
    executionIdUnverified: unverified,
    notFoundAt: null,
    foundAt: now,
  };
}

function stillRunning({ unknownWord }: Execution): string {
  const reason = 'still running at the last poll';
  return unknownWord === null
    ? reason
    : `${reason}, with the status word "${unknownWord}", which the profile does not list`;
}

/** A kept response ended the execution, so that progress in it changes nothing. */
export function responseReread(
  execution: Execution,
  { channel, report, origin, notes }: EventOf<'response-reread'>,
  now: number,
): Transition {
  const detail = { ...origin, ...wordDetail(report) };
  if (report.kind === 'progress') {
    const event = channel === 'poll' ? 'POLL_PROGRESS' : 'SUBMITTED';
    return { execution, outcome: 'ignored', entry: draftOf(event, { ...detail, outcome: 'ignored' }) };
  }
  return withBodyNotes(applyResult(execution, report, { channel, now, detail, isReread: true }), notes);
}

export function pollFailed(execution: Execution, event: EventOf<'poll-failed'>, now: number): Transition {
  const counted: Execution = { ...execution, pollCount: execution.pollCount + 1 };
  const draft = draftOf('POLL_ERROR', { ...event.origin, message: event.message }, event);
  return isTerminal(counted.status)
    ? { execution: repeatedAfterEnd(counted, event, now), outcome: 'ignored', entry: draft }
    : { execution: scheduleNextPoll(counted, event, now), outcome: 'progress', entry: draft };
}

type NotFound = EventOf<'poll-not-found'>;

/**
 * A 404 may mean that the execution is not visible yet, so one 404 ends nothing. The execution is gone once a second 404
 * arrives, `confirmAfterMs` after the first and after the acceptance; with a not-yet profile, only at the deadline.
 */
export function pollNotFound(execution: Execution, event: NotFound, now: number): Transition {
  const { message, origin, isNotYet, final } = event;
  const counted: Execution = { ...execution, pollCount: execution.pollCount + 1 };
  if (isForAnotherId(execution, event.polledExecutionId)) return responseIgnored(counted, event, now, origin);
  const draft = draftOf('POLL_404', { ...origin, message }, event);
  if (isTerminal(counted.status))
    return { execution: notFoundAfterEnd(counted, event, now), outcome: 'ignored', entry: draft };
  // A clock that was set back must not postpone the end.
  const firstAt = Math.min(execution.notFoundAt ?? now, now);
  const missing: Execution = { ...counted, notFoundAt: firstAt };
  const confirmAt = Math.max(firstAt, acceptedAt(execution, now)) + event.confirmAfterMs;
  // promise: second-404-ends
  const isConfirmed = execution.notFoundAt !== null && now >= confirmAt;
  if (!isConfirmed || (isNotYet && !final)) return awaitingNext404(missing, event, confirmAt, now);
  if (isNotYet && execution.foundAt !== null) return expired(missing, now, 'CXone did not know it at the last poll');
  if (execution.executionIdUnverified && execution.pollUrl === null)
    return unverifiedIdDropped(missing, message, event);
  const notFound = ended(missing, { status: 'NOT_FOUND', resolvedBy: 'poll', now, error: { code: 404, message } });
  return { execution: notFound, outcome: 'resolved', entry: draft };
}

/** A second 404 ends the polls after the end, and a guessed executionId. */
function notFoundAfterEnd(ended: Execution, event: NotFound, now: number): Execution {
  if (!isPolledAfterEnd(ended)) return ended;
  const { confirmAfterMs, retryAfterMs = 0, notBefore = 0 } = event;
  const firstAt = Math.min(ended.notFoundAt ?? now, now);
  // promise: first-404-after-the-end-is-repeated
  if (ended.notFoundAt === null || now < firstAt + confirmAfterMs) {
    return { ...ended, notFoundAt: firstAt, pollAt: Math.max(firstAt + confirmAfterMs, now + retryAfterMs, notBefore) };
  }
  const answered = answeredAfterEnd({ ...ended, notFoundAt: now }, event.leasedUntil);
  const isGuess = answered.pollAt === null && answered.executionIdUnverified && answered.pollUrl === null;
  return isGuess ? { ...withoutGuessedId(answered), notFoundAt: now } : answered;
}

/** Returns when CXone accepted the execution, as far as it is known: when the response to the submission arrived. */
function acceptedAt(execution: Execution, now: number): number {
  return Math.min((sentOnPresentClock(execution) ?? now) + (execution.latencyMs ?? 0), now);
}

/** Polls again as usual, and at the latest when the next 404 may count; at the deadline only then. Retry-After is a floor. */
function awaitingNext404(missing: Execution, event: NotFound, confirmAt: number, now: number): Transition {
  const { message, origin, isNotYet, final, retryAfterMs = 0 } = event;
  const usual = isNotYet || confirmAt <= now ? event.nextPollAt : Math.min(event.nextPollAt, confirmAt);
  // promise: retry-after-delays-poll-after-404
  const regular = Math.max(usual, now + retryAfterMs);
  const when = isNotYet && !final ? 'at the deadline' : `at ${isoTime(confirmAt)} or later`;
  const note = `the execution counts as gone only after another 404 ${when}`;
  return {
    execution: scheduleNextPoll(missing, { ...event, nextPollAt: final ? confirmAt : regular }, now),
    outcome: 'progress',
    entry: draftOf('POLL_ERROR', { ...origin, message, note }, event),
  };
}

/** True if the polled executionId was unverified and has been replaced or dropped while the poll was under way. */
function isForAnotherId(execution: Execution, polledId: string | null | undefined): boolean {
  return polledId != null && polledId !== execution.executionId;
}

/** The poll under the present executionId, which was due while this one was under way, is due now. */
function responseIgnored(
  execution: Execution,
  event: NotFound | EventOf<'polled'>,
  now: number,
  said: JsonObject = {},
): Transition {
  const detail = { message: 'the response is about an executionId that this execution no longer has', ...said };
  // promise: replaced-id-is-polled-at-once
  const next = scheduleNextPoll(execution, { ...event, nextPollAt: now }, now);
  return { execution: next, outcome: 'ignored', entry: draftOf('POLL_ERROR', detail, event) };
}
