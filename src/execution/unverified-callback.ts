// Transition for unverified callbacks (CALLBACK_TRUST=verify): a reason to poll CXone at once, never an outcome.
//
// The report of the callback goes to the audit trail only. If the execution has no executionId, it takes the one in the callback,
// because CXone cannot be polled without one. Such an executionId is unverified: a poll response confirms it, a second 404 drops
// it, and the executionId in the submit response replaces it. Nothing is sent again after such a callback, because CXone has received
// it in spite of the response, and a 4xx does not end what has an unverified executionId.
// The executionId in a callback without a readable status is unverified, too, also of a callback with proof.

import { applyResult, type Transition } from './apply-result.ts';
import { draftOf, type EventOf, type ResponseFacts } from './event.ts';
import { type Execution, hasPollAddress, isTerminal } from './execution.ts';
import { isSameExecutionId } from './execution-id.ts';
import { polledAfterEnd } from './poll-after-end.ts';
import { namedDetail, reportDetail, statusDetail, wordDetail } from './report-detail.ts';
import { withPollingWindow } from './scheduling.ts';

export function unverifiedCallback(
  execution: Execution,
  event: EventOf<'unverified-callback'>,
  now: number,
): Transition {
  const { executionId: named, report } = event;
  const known = execution.executionIdUnverified ? null : execution.executionId;
  const detail = { executionId: named, ...reportDetail(report), ...namedDetail(event) };
  if (known !== null && namesAnother(known, event)) {
    return { execution, outcome: 'mismatch', entry: draftOf('CALLBACK_MISMATCH', detail) };
  }
  if (isTerminal(execution.status) && report.kind !== 'progress') {
    // Compare with the outcome and report the difference, but keep no unverified late result.
    const { outcome, entry: draft } = applyResult(execution, report, {
      channel: 'callback',
      now,
      detail: { ...wordDetail(report), verified: false },
    });
    // Only a poll brings the result.
    // promise: unverified-late-result-is-polled
    const asked = outcome === 'late' ? polledSoon(execution, named, now) : execution;
    return { execution: asked, outcome, entry: draft };
  }
  const next = isTerminal(execution.status) ? execution : polledSoon(execution, named, now);
  return {
    execution: next,
    outcome: 'progress',
    entry: draftOf('CALLBACK_HINT', { ...detail, ...statusDetail(execution, next) }),
  };
}

/** Schedules a poll at once under an executionId that nothing confirms yet, or as soon as one is known. */
export function polledSoon(execution: Execution, named: string | null, now: number): Execution {
  if (isTerminal(execution.status)) {
    const polled = polledAfterEnd(withGuessedId(execution, named), now);
    return polled.pollAt === null ? execution : polled;
  }
  if (execution.status === 'QUEUED') {
    // promise: hint-is-polled-before-sending-again
    if (named === null) return execution;
    const sent: Execution = { ...execution, status: 'UNCONFIRMED', dispatchAt: null };
    return polledSoon(withPollingWindow(sent, now), named, now);
  }
  const known = withGuessedId(execution, named);
  // After the deadline, one series of 404s ends the polls, whatever ids further callbacks make up.
  const isOver = execution.deadline !== null && now >= execution.deadline;
  const notFoundAt = isOver || known.executionId === execution.executionId ? execution.notFoundAt : null;
  return pollSoon({ ...known, notFoundAt }, now);
}

/** Takes the executionId that only a callback has named. Where CXone gave the address to poll, none is needed. */
function withGuessedId(execution: Execution, named: string | null): Execution {
  const { executionId, executionIdUnverified, pollUrl } = execution;
  if (named === null || pollUrl !== null) return execution;
  return { ...execution, executionId: named, executionIdUnverified: executionIdUnverified || executionId === null };
}

/** Returns whether a callback names another execution than the one with this id. An id that cannot be used is another one. */
export function namesAnother(
  own: string,
  { executionId: named, unusableId }: { readonly executionId: string | null; readonly unusableId?: string },
): boolean {
  return named === null ? unusableId !== undefined : !isSameExecutionId(named, own);
}

/** Schedules a poll at once, or as soon as the executionId is known. */
export function pollSoon(execution: Execution, now: number): Execution {
  const { pollAt, pollAfter } = execution;
  if (!hasPollAddress(execution))
    return { ...execution, pollAfter: pollAfter === null ? null : Math.min(pollAfter, now) };
  return { ...execution, pollAt: Math.min(pollAt ?? now, now), expireAt: null };
}

/**
 * Drops an unverified executionId that CXone does not know. The execution waits as before the callback, until its deadline: it is
 * not sent again, also with retryUncertain, because the callback shows that the action ran.
 */
export function unverifiedIdDropped(execution: Execution, message: string, answered: ResponseFacts): Transition {
  const draft = draftOf('POLL_ERROR', { message, note: UNKNOWN_ID }, answered);
  const waiting = { ...withoutGuessedId(execution), expireAt: execution.deadline };
  return { execution: waiting, outcome: 'progress', entry: draft };
}

export function withoutGuessedId(execution: Execution): Execution {
  return { ...execution, executionId: null, executionIdUnverified: false, notFoundAt: null, pollAt: null };
}

const UNKNOWN_ID = 'CXone does not know the executionId that only a callback has named';
