// Counts what is refused at the webhook, by where it comes from, whichever of its doors was tried.

import type { World } from '../../lib/world.ts';
import { createClientAddresses, type RequestOrigin } from '../middleware/client-address.ts';
import { createFailureThrottle } from '../middleware/failure-throttle.ts';
import type { HeaderFields } from '../response/json.ts';

export interface CountedRefusal {
  /** Whose failures it was counted among. */
  readonly client: string;
  /** For the answer: who goes on failing has to connect anew for each attempt, while what is right from there still passes. */
  readonly headers: HeaderFields;
}

export type CountRefusal = (caller: RequestOrigin) => CountedRefusal;

export function createRefusalCounter(world: Pick<World, 'now'>, trustedProxies: number): CountRefusal {
  const throttle = createFailureThrottle(world);
  const clients = createClientAddresses(trustedProxies);
  return (caller) => {
    const client = clients.throttleKey(caller);
    return { client, headers: throttle.fail(client) > 0 ? { connection: 'close' } : {} };
  };
}
