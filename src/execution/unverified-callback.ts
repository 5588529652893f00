// Transition for unverified callbacks (CALLBACK_TRUST=verify): a reason to poll CXone at once, never an outcome.
//
// The report of the callback goes to the audit trail only. If the execution has no executionId, it takes the one in the callback,
// because CXone cannot be polled without one. Such an executionId is unverified: a poll response confirms it, a 404 drops it,
// and the executionId in the submit response replaces it.

import { applyResult, type Transition } from './apply-result.ts';
import { entry, type ResponseFacts } from './audit-draft.ts';
import type { ExecutionEvent, StatusReport } from './event.ts';
import { type Execution, isTerminal } from './execution.ts';
import type { JsonObject } from './json.ts';
import { SEND_LEASE_MS } from './scheduling.ts';

export function unverifiedCallback(
  execution: Execution,
  event: Extract<ExecutionEvent, { type: 'unverified-callback' }>,
  now: number,
): Transition {
  const { executionId: named, report } = event;
  const known = execution.executionIdUnverified ? null : execution.executionId;
  if (named !== null && known !== null && named !== known) {
    return { execution, outcome: 'mismatch', entry: entry('CALLBACK_MISMATCH', reportDetail(named, report)) };
  }
  if (isTerminal(execution.status) && report.kind !== 'progress') {
    // Compare with the outcome and report the difference, but keep no unverified late result.
    const { outcome, entry: draft } = applyResult(execution, report, {
      channel: 'callback',
      now,
      detail: { word: report.statusWord, verified: false },
    });
    return { execution, outcome, entry: draft };
  }
  return {
    execution: polledSoon(execution, named, now),
    outcome: 'progress',
    entry: entry('CALLBACK_HINT', reportDetail(named, report)),
  };
}

function polledSoon(execution: Execution, named: string | null, now: number): Execution {
  // CXone never accepted a queued execution, so that there is nothing to poll.
  if (execution.status === 'QUEUED' || isTerminal(execution.status)) return execution;
  const unverified = execution.executionIdUnverified || (execution.executionId === null && named !== null);
  return pollSoon(
    { ...execution, executionId: named ?? execution.executionId, executionIdUnverified: unverified },
    now,
  );
}

/** Schedules a poll at once, or as soon as the executionId is known. */
export function pollSoon(execution: Execution, now: number): Execution {
  const { executionId, pollAt, pollAfter } = execution;
  if (executionId === null) return { ...execution, pollAfter: pollAfter === null ? null : Math.min(pollAfter, now) };
  return { ...execution, pollAt: Math.min(pollAt ?? now, now), expireAt: null };
}

/** Drops an unverified executionId that CXone does not know; the execution waits as before the callback. */
export function unverifiedIdDropped(execution: Execution, message: string, answered: ResponseFacts): Transition {
  const { status, sentAt, deadline, retryUncertain } = execution;
  const unanswered = status === 'UNCONFIRMED' && retryUncertain && sentAt !== null;
  const leaseEnd = unanswered ? sentAt + SEND_LEASE_MS : Number.POSITIVE_INFINITY;
  const expireAt = deadline === null ? null : Math.min(leaseEnd, deadline);
  const detail = { message, note: 'CXone does not know the executionId of the unverified callback' };
  return {
    execution: { ...execution, executionId: null, executionIdUnverified: false, pollAt: null, expireAt },
    outcome: 'progress',
    entry: entry('POLL_ERROR', detail, answered),
  };
}

function reportDetail(executionId: string | null, { statusWord: word, result, error }: StatusReport): JsonObject {
  return { executionId, word, result, error };
}
