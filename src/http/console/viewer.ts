// The operator who looks at a page, and whether they may change things.

import { callerName, type Identity } from '../middleware/identity.ts';

export interface Viewer {
  readonly name: string;
  /** As audit entries name them. */
  readonly by: string;
  readonly mayChange: boolean;
  /** True for an operator who can log out. */
  readonly hasSession: boolean;
}

export function viewerOf(caller: Identity): Viewer {
  return {
    name: caller.name,
    by: callerName(caller),
    hasSession: caller.kind === 'operator' && caller.hasSession === true,
    mayChange: caller.kind === 'operator' && caller.role === 'administrator',
  };
}
