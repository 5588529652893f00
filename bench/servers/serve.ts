// Shared by the variants: listens on a free port of loopback and reports it to the bench.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';

export interface Listening {
  readonly listening: number;
}

export async function serve(app: Hono): Promise<void> {
  // Connections are kept as long as the receiver keeps them, so that none closes within a slice.
  const server = createServer({ keepAliveTimeout: 70_000 }, getRequestListener(app.fetch));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  process.send?.({ listening: port } satisfies Listening);
}

export function isListening(message: object): message is Listening {
  return 'listening' in message;
}
