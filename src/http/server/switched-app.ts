// Lets the listeners stay open while the app behind them is replaced.

import type { Fetch, ListenerRole } from '../fetch.ts';
import { MAX_BODY_BYTES } from '../request/read-body.ts';

/** Returns the handler of one listener. */
export type AppFor = (role: ListenerRole) => Fetch;

export interface SwitchedApp {
  readonly appFor: AppFor;
  /** Serves the requests that begin from now on with another app. */
  use(next: AppFor): void;
}

export function createSwitchedApp(first: AppFor): SwitchedApp {
  const served = new Map<ListenerRole, Fetch>();
  let current = first;
  return {
    appFor: (role) => {
      served.set(role, current(role));
      const app = () => served.get(role) as Fetch;
      const fetch: Fetch = (...call) => app()(...call);
      const direct: Fetch['direct'] = {
        maxBytes: MAX_BODY_BYTES,
        find: (request) => app().direct?.find(request) ?? null,
      };
      return Object.assign(fetch, { direct });
    },
    use: (next) => {
      current = next;
      for (const role of served.keys()) served.set(role, next(role));
    },
  };
}
