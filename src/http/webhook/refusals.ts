// Counts what is refused at the webhook, by where it comes from, whichever of its doors was tried.

import type { HttpDependencies } from '../dependencies.ts';
import { type Caller, createClients } from '../middleware/client-address.ts';
import { createThrottle } from '../middleware/failure-throttle.ts';
import type { Headers } from '../response/json.ts';

export interface Strike {
  /** Whose failures it was counted among. */
  readonly client: string;
  /** For the answer: who goes on failing has to connect anew for each attempt, while what is right from there still passes. */
  readonly headers: Headers;
}

export type Strikes = (caller: Caller) => Strike;

export function createStrikes({ world, trustedProxies }: Pick<HttpDependencies, 'world' | 'trustedProxies'>): Strikes {
  const throttle = createThrottle(world);
  const clients = createClients(trustedProxies);
  return (caller) => {
    const client = clients.allowanceOf(caller);
    return { client, headers: throttle.fail(client) > 0 ? { connection: 'close' } : {} };
  };
}
