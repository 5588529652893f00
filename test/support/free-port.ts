// A port for a server that must be told one before it starts.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/**
 * A port of this machine on which nothing listens. For a minute the system gives it to nobody who asks for any port: the server's
 * end of a connection that the server closed first stays behind in TIME-WAIT (RFC 9293, section 3.3.2), which only keeps those
 * away who do not ask for this very port.
 */
export async function freePort(): Promise<number> {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(connect(port, '127.0.0.1').resume(), 'close');
  server.close();
  await once(server, 'close');
  return port;
}
