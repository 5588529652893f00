// The event that ends an execution whose time is over.

import type { ExecutionEvent } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import { holdsBack, type PauseScope } from '../pauses-port.ts';

/** States in the error of a queued execution that a pause held it back. */
export function expiryOf(execution: Execution, pauses: readonly PauseScope[]): ExecutionEvent {
  const isHeldBack = execution.status === 'QUEUED' && pauses.some((pause) => holdsBack(pause, execution));
  return isHeldBack ? { type: 'expired', message: 'an administrator had paused sending' } : { type: 'expired' };
}
