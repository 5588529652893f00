// Callbacks that prove nothing (CALLBACK_TRUST=verify): a reason to ask CXone at once, never an outcome.
//
// What a hint says is kept in the trail alone. The one thing taken from it is CXone's name for an execution that has none, for
// without it CXone cannot be asked. Such a name is hearsay: a poll answer confirms it, a 404 drops it, and the name in the submit
// answer replaces it.

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
    return { execution, outcome: 'mismatch', entry: entry('CALLBACK_MISMATCH', said(named, report)) };
  }
  if (isTerminal(execution.status) && report.kind !== 'progress') {
    // Compared with the outcome and told, but the app gets no late result that nobody verified.
    const { outcome, entry: draft } = applyResult(execution, report, 'callback', now, {
      word: report.statusWord,
      verified: false,
    });
    return { execution, outcome, entry: draft };
  }
  return {
    execution: asked(execution, named, now),
    outcome: 'progress',
    entry: entry('CALLBACK_HINT', said(named, report)),
  };
}

function asked(execution: Execution, named: string | null, now: number): Execution {
  // What is queued was never taken by CXone: whoever calls back for it, there is nothing to ask about.
  if (execution.status === 'QUEUED' || isTerminal(execution.status)) return execution;
  const hearsay = execution.executionIdUnverified || (execution.executionId === null && named !== null);
  return pollSoon({ ...execution, executionId: named ?? execution.executionId, executionIdUnverified: hearsay }, now);
}

/** CXone is asked at once, or as soon as its name for the execution is known. */
export function pollSoon(execution: Execution, now: number): Execution {
  const { executionId, pollAt, pollAfter } = execution;
  if (executionId === null) return { ...execution, pollAfter: pollAfter === null ? null : Math.min(pollAfter, now) };
  return { ...execution, pollAt: Math.min(pollAt ?? now, now), expireAt: null };
}

/** CXone knows nothing under a name that is hearsay: it waits on, as it did before it heard it. */
export function unverifiedIdDropped(execution: Execution, message: string, answered: ResponseFacts): Transition {
  const { status, sentAt, deadline, retryUncertain } = execution;
  const unanswered = status === 'UNCONFIRMED' && retryUncertain && sentAt !== null;
  const leaseEnd = unanswered ? sentAt + SEND_LEASE_MS : Number.POSITIVE_INFINITY;
  const expireAt = deadline === null ? null : Math.min(leaseEnd, deadline);
  const detail = { message, note: 'CXone does not know the executionId that a callback gave' };
  return {
    execution: { ...execution, executionId: null, executionIdUnverified: false, pollAt: null, expireAt },
    outcome: 'progress',
    entry: entry('POLL_ERROR', detail, answered),
  };
}

function said(executionId: string | null, { statusWord: word, result, error }: StatusReport): JsonObject {
  return { executionId, word, result, error };
}
