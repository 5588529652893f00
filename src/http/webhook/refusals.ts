// Counts refused requests per client network, across both webhook endpoints.

import type { World } from '../../lib/world.ts';
import { createClientAddresses, type RequestOrigin } from '../middleware/client-address.ts';
import { createFailureThrottle } from '../middleware/failure-throttle.ts';
import type { HeaderFields } from '../response/json.ts';

export interface CountedRefusal {
  /** The network whose failures count together. */
  readonly client: string;
  /** For the response: above the limit each attempt costs the client a new connection. Valid requests still pass. */
  readonly headers: HeaderFields;
}

export type CountRefusal = (origin: RequestOrigin) => CountedRefusal;

export function createRefusalCounter(world: Pick<World, 'elapsed'>, trustedProxies: number): CountRefusal {
  const throttle = createFailureThrottle(world);
  const clients = createClientAddresses(trustedProxies);
  return (origin) => {
    const client = clients.throttleKey(origin);
    return { client, headers: throttle.fail(client) > 0 ? { connection: 'close' } : {} };
  };
}
