// The calls about the endpoints to which notifications go. They need the key of an operator.

import type { Connection } from './connection.ts';
import { type CallOptions, harmless, send } from './requests.ts';
import type { Endpoint } from './types.ts';

export interface EndpointOrder extends CallOptions {
  readonly app: string;
  /** Scheme, host and port, for example `https://hooks.example`. */
  readonly origin: string;
  /** Why; the activity of operators records it. */
  readonly reason?: string;
}

const ENDPOINTS = '/v1/endpoints';

export function endpointCalls(connection: Connection) {
  /** An order is repeated only if it cannot have run, because the activity of operators records each one. */
  const order =
    (verb: 'pause' | 'resume' | 'probe') =>
    async ({ signal, ...body }: EndpointOrder): Promise<Endpoint> => {
      const outgoing = { method: 'POST', path: `${ENDPOINTS}/${verb}`, harmless: false, signal } as const;
      return send(connection, { ...outgoing, body: JSON.stringify(body) });
    };

  return {
    /** Lists the endpoints of apps that have something waiting, or are paused. */
    listEndpoints: async ({ signal }: CallOptions = {}): Promise<readonly Endpoint[]> => {
      type Answer = { readonly items: readonly Endpoint[] };
      const { items } = await send<Answer>(connection, { ...harmless('GET', ENDPOINTS), signal });
      return items;
    },
    /** Pauses the notifications to an endpoint until it is resumed. */
    pauseEndpoint: order('pause'),
    resumeEndpoint: order('resume'),
    /** Sends the next waiting notification now, although the endpoint fails. */
    probeEndpoint: order('probe'),
  };
}
