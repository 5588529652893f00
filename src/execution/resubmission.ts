// Which executions may be submitted again: those that ended without a result, while their inputs are stored. Pure.

import { type Execution, isTerminal } from './execution.ts';

/** `completed`: it has a result, on time or late. `erased`, `pruned`: its inputs are gone. */
export type NotResubmittable = 'open' | 'completed' | 'erased' | 'pruned';

/** Returns why the execution may not be submitted again, as far as its row without the payload shows; null if it may. */
export function whyNotResubmittable({
  status,
  lateResult,
  erasedAt,
}: Pick<Execution, 'status' | 'lateResult' | 'erasedAt'>): Exclude<NotResubmittable, 'pruned'> | null {
  if (!isTerminal(status)) return 'open';
  // promise: completed-execution-is-not-resubmitted
  if (status === 'COMPLETED' || lateResult?.status === 'COMPLETED') return 'completed';
  return erasedAt === null ? null : 'erased';
}
