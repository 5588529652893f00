// Whoever looks at a page: an operator, who may be allowed to change things.

import { callerName, type Identity } from '../middleware/identity.ts';

export interface Viewer {
  readonly name: string;
  /** As audit entries name them. */
  readonly by: string;
  readonly mayChange: boolean;
}

export function viewerOf(caller: Identity): Viewer {
  return {
    name: caller.name,
    by: callerName(caller),
    mayChange: caller.kind === 'operator' && caller.role === 'administrator',
  };
}
