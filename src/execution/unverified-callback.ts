// Transition for unverified callbacks (CALLBACK_TRUST=verify): a reason to poll CXone at once, never an outcome.
//
// The report of the callback goes to the audit trail only. If the execution has no executionId, it takes the one in the callback,
// because CXone cannot be polled without one. Such an executionId is unverified: a poll response confirms it, a second 404 drops
// it, and the executionId in the submit response replaces it. While it is unverified, nothing is sent again after a 429 or 503
// unless the submission allows it, because CXone may have received it in spite of that response, and a 4xx does not end it.
// The executionId in a callback without a readable status is unverified, too, also of a callback with proof.

import { applyResult, type Transition } from './apply-result.ts';
import { type ExecutionEvent, entry, type ResponseFacts } from './event.ts';
import { type Execution, hasPollAddress, isTerminal } from './execution.ts';
import { isSameExecutionId } from './execution-id.ts';
import { namedDetail, reportDetail, statusDetail, wordDetail } from './report-detail.ts';
import { SEND_LEASE_MS, sentOnPresentClock, withPollingWindow } from './scheduling.ts';

export function unverifiedCallback(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'unverified-callback' }>,
  now: number,
): Transition {
  const { executionId: named, report } = event;
  const known = execution.executionIdUnverified ? null : execution.executionId;
  const detail = { executionId: named, ...reportDetail(report), ...namedDetail(event) };
  if (known !== null && namesAnother(known, event)) {
    return { execution, outcome: 'mismatch', entry: entry('CALLBACK_MISMATCH', detail) };
  }
  if (isTerminal(execution.status) && report.kind !== 'progress') {
    // Compare with the outcome and report the difference, but keep no unverified late result.
    const { outcome, entry: draft } = applyResult(execution, report, {
      channel: 'callback',
      now,
      detail: { ...wordDetail(report), verified: false },
    });
    return { execution, outcome, entry: draft };
  }
  const next = polledSoon(execution, named, now);
  return {
    execution: next,
    outcome: 'progress',
    entry: entry('CALLBACK_HINT', { ...detail, ...statusDetail(execution, next) }),
  };
}

/** Schedules a poll at once under an executionId that nothing confirms yet, or as soon as one is known. */
export function polledSoon(execution: Execution, named: string | null, now: number): Execution {
  if (isTerminal(execution.status)) return execution;
  if (execution.status === 'QUEUED') {
    // promise: hint-is-polled-before-sending-again
    if (named === null || execution.retryUncertain) return execution;
    const sent: Execution = { ...execution, status: 'UNCONFIRMED', dispatchAt: null };
    return polledSoon(withPollingWindow(sent, now), named, now);
  }
  // Where CXone gave the address to poll, no executionId is needed.
  if (execution.pollUrl !== null) return pollSoon(execution, now);
  const unverified = execution.executionIdUnverified || (execution.executionId === null && named !== null);
  const executionId = named ?? execution.executionId;
  // After the deadline, one series of 404s ends the polls, whatever ids further callbacks make up.
  const isOver = execution.deadline !== null && now >= execution.deadline;
  const notFoundAt = isOver || executionId === execution.executionId ? execution.notFoundAt : null;
  return pollSoon({ ...execution, executionId, executionIdUnverified: unverified, notFoundAt }, now);
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

/** Drops an unverified executionId that CXone does not know; the execution waits as before the callback. */
export function unverifiedIdDropped(execution: Execution, message: string, answered: ResponseFacts): Transition {
  const { status, deadline, retryUncertain, latencyMs } = execution;
  const sentAt = sentOnPresentClock(execution);
  // promise: refused-submission-is-not-sent-again
  const unanswered = status === 'UNCONFIRMED' && retryUncertain && sentAt !== null && latencyMs === null;
  const leaseEnd = unanswered ? sentAt + SEND_LEASE_MS : Number.POSITIVE_INFINITY;
  const expireAt = deadline === null ? null : Math.min(leaseEnd, deadline);
  const detail = { message, note: 'CXone does not know the executionId that only a callback has named' };
  return {
    execution: {
      ...execution,
      executionId: null,
      executionIdUnverified: false,
      notFoundAt: null,
      pollAt: null,
      expireAt,
    },
    outcome: 'progress',
    entry: entry('POLL_ERROR', detail, answered),
  };
}
