// Decides which callers of the API see the values of sensitive members.

import { createMasking, type Masking, NO_MASKING } from '../../execution/masking.ts';
import type { Identity } from '../middleware/identity.ts';

/** Returns the masking for a caller. Apps see their own data, and administrators may reveal all; readers see no hidden value. */
export function createMaskingFor(sensitiveFields: readonly string[]): (caller: Identity) => Masking {
  const masking = createMasking(sensitiveFields);
  // promise: readers-see-no-hidden-value
  return (caller) => (caller.kind === 'operator' && caller.role === 'reader' ? masking : NO_MASKING);
}
