// A port for a server that needs its number before it starts.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/**
 * Returns a port of this machine on which nothing listens. For a minute the system does not choose it for other sockets: the
 * server's end of a connection that the server closed first stays in TIME-WAIT (RFC 9293, section 3.3.2), which only blocks
 * sockets that do not request this very port.
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
