// Serves an app on a TCP port, and closes the port at once with all of its connections.

import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

export interface Place {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch'];

/** Listens on a port. @throws if the port is not available. */
export async function listen(
  respond: Fetch,
  { host = '127.0.0.1', port = 0 }: Partial<Place> = {},
): Promise<Listening> {
  const server = createAdaptorServer({ fetch: respond }) as Server;
  // A short time-out would close connections that clients are about to reuse, which looks like a reset.
  server.keepAliveTimeout = 75_000;
  server.listen(port, host);
  await once(server, 'listening');
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    port: actual,
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
