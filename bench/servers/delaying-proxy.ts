// A TCP forwarder that delays what it forwards, in each direction, without holding back what follows: a longer way to the server.
// Arguments: the port of the server on loopback, and the delay of one direction in milliseconds.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const [, , port = '', delay = ''] = process.argv;
const DELAY_MS = Number(delay);

/** Timers of one duration end in the order in which they began. */
function forward(from: Socket, to: Socket): void {
  from.on('data', (chunk) => void setTimeout(() => to.write(chunk), DELAY_MS));
  from.on('end', () => void setTimeout(() => to.end(), DELAY_MS));
  from.on('error', () => {});
  from.on('close', () => void setTimeout(() => to.destroy(), DELAY_MS));
}

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
  forward(client, upstream);
  forward(upstream, client);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.({ listening: (server.address() as AddressInfo).port });
process.on('SIGTERM', () => process.exit(0));
