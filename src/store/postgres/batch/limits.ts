// What the statement that commits a batch verifies against the commits of other receivers: the bounds of the queue, and keys.

import type { Execution } from '../../../execution/execution.ts';
import type { QueueBounds } from '../executions/queue-bounds.ts';
import type { Batch, FurtherKey } from './batch.ts';
import { otherRequestsOf } from './names.ts';

/** Returns the last parameters of the statement; none if the batch adds nothing. */
export function limitsOf({ added, keys }: Batch, queue: Pick<QueueBounds, 'boundsOf'>): readonly object[] {
  const executions = added.map(({ execution }) => execution);
  const names = [...executions.flatMap(nameOf), ...keys];
  if (added.length + names.length === 0) return [];
  const limits = [queue.boundsOf(added), otherRequestsOf(names)];
  // promise: postgres/further-key-of-all
  return names.length > 0 ? [...limits, names] : limits;
}

/** The name of a new execution has no reference. */
function nameOf({ app, idempotencyKey }: Execution): Omit<FurtherKey, 'reference'>[] {
  return idempotencyKey === null ? [] : [{ app, name: idempotencyKey }];
}
