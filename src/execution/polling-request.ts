// Transition for a poll that an app or an operator requests, and the reasons to refuse it.

import type { Transition } from './apply-result.ts';
import { draftOf } from './event.ts';
import { type Execution, hasPollAddress, isTerminal } from './execution.ts';
import { pollSoon } from './unverified-callback.ts';

/** Why an execution cannot be polled: it has ended, it was not sent, or its executionId and poll address are not known. */
export type NotPollable = 'ended' | 'queued' | 'nameless';

export function whyNotPollable(execution: Execution): NotPollable | null {
  const { status } = execution;
  if (isTerminal(status)) return 'ended';
  if (status === 'QUEUED') return 'queued';
  return hasPollAddress(execution) ? null : 'nameless';
}

/** Changes only the time of the next poll. A poll that is under way is not doubled. */
export function pollRequested(execution: Execution, by: string, now: number): Transition {
  const why = whyNotPollable(execution);
  if (why !== null) return { execution, outcome: 'ignored', entry: draftOf('POLL_REQUESTED', { by, ignored: why }) };
  return { execution: pollSoon(execution, now), outcome: 'progress', entry: draftOf('POLL_REQUESTED', { by }) };
}
