// Outcomes that the receiver decides: expiry, and cancellation by an app or an operator.

import { ended, type Transition } from './apply-result.ts';
import { draftOf } from './event.ts';
import { type Execution, hasPollAddress, isTerminal } from './execution.ts';
import type { Json } from './json.ts';
import { isNamedByCallback, requeued } from './scheduling.ts';

const TIME_OUT = { httpStatus: 408, latencyMs: null };
const NO_ANSWER = { httpStatus: 0, latencyMs: null };

export function expired(execution: Execution, now: number, message?: string): Transition {
  if (execution.status === 'QUEUED') {
    const missing = execution.attempts > 0 ? 'accepted by CXone' : 'sent to CXone';
    const reason = message === undefined ? '' : `: ${message}`;
    const error = { code: 408, message: `not ${missing} before the queue time-out${reason}` };
    const draft = draftOf('QUEUE_TIMEOUT', error, TIME_OUT);
    return { execution: timedOut(execution, now, error), outcome: 'resolved', entry: draft };
  }
  const { deadline } = execution;
  if (execution.status === 'UNCONFIRMED' && execution.retryUncertain && deadline !== null && now < deadline) {
    return leaseEnded(execution, deadline, now);
  }
  const error = { code: 408, message: `no result within the polling window: ${message ?? noResultReason(execution)}` };
  const draft = draftOf('POLL_TIMEOUT', error, TIME_OUT);
  if (isTerminal(execution.status)) return { execution, outcome: 'ignored', entry: draft };
  return { execution: timedOut(execution, now, error), outcome: 'resolved', entry: draft };
}

/** Sends it again, because no response was recorded in time; if a callback has named it, it waits for its deadline instead. */
function leaseEnded(execution: Execution, deadline: number, now: number): Transition {
  const isNamed = isNamedByCallback(execution);
  const next = isNamed
    ? { ...execution, expireAt: execution.pollAt === null ? deadline : null }
    : requeued(execution, now, deadline);
  const message = isNamed
    ? 'a callback has named an executionId; not sent again'
    : 'the response was never recorded; sent again, as retryUncertain allows';
  return { execution: next, outcome: 'progress', entry: draftOf('NETWORK_ERROR', { message }, NO_ANSWER) };
}

export function cancelled(execution: Execution, by: string, now: number): Transition {
  if (isTerminal(execution.status)) {
    return { execution, outcome: 'ignored', entry: draftOf('CANCEL_IGNORED', { by }) };
  }
  const sent = execution.attempts > 0;
  const draft = draftOf('CANCELLED', { by, sent });
  const message = sent ? 'cancelled after it was sent; CXone may still run it' : 'cancelled before it was sent';
  const error = { code: null, message };
  return {
    execution: ended(execution, { status: 'CANCELLED', resolvedBy: 'cancel', now, error }),
    outcome: 'resolved',
    entry: draft,
  };
}

function timedOut(execution: Execution, now: number, error: Json): Execution {
  return ended(execution, { status: 'TIMEOUT', resolvedBy: 'deadline', now, error });
}

function noResultReason(execution: Execution): string {
  if (hasPollAddress(execution)) return 'CXone reported no outcome';
  const { executionIdProblem } = execution;
  return executionIdProblem === null
    ? 'CXone returned no executionId, so it could not be polled'
    : `it could not be polled, because ${executionIdProblem}`;
}
