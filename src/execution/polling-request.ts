// Somebody wants CXone to be asked at once, and when that cannot be done.

import type { Transition } from './apply-result.ts';
import { entry } from './audit-draft.ts';
import { type Execution, isTerminal } from './execution.ts';
import { pollSoon } from './unverified-callback.ts';

/** Why CXone cannot be asked about an execution: it has ended, it was not sent, or CXone's name for it is not known. */
export type NotPollable = 'ended' | 'queued' | 'nameless';

export function whyNotPollable({ status, executionId }: Execution): NotPollable | null {
  if (isTerminal(status)) return 'ended';
  if (status === 'QUEUED') return 'queued';
  return executionId === null ? 'nameless' : null;
}

/** A poll that is under way counts: it is not doubled. Nothing but the moment of the next poll changes. */
export function pollRequested(execution: Execution, by: string, now: number): Transition {
  const why = whyNotPollable(execution);
  if (why !== null) return { execution, outcome: 'ignored', entry: entry('POLL_REQUESTED', { by, ignored: why }) };
  return { execution: pollSoon(execution, now), outcome: 'progress', entry: entry('POLL_REQUESTED', { by }) };
}
