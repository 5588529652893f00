// A TCP forwarder on loopback whose target changes while it runs, as behind a load balancer, and which can refuse, cut and delay.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { onTestFinished } from 'vitest';

export interface Forwarder {
  readonly port: number;
  /** Forwards new connections to these ports of loopback, in turn; null refuses them. Open connections stay. */
  to(...ports: readonly (number | null)[]): void;
  /** Delays each chunk in both directions by these milliseconds. */
  delay(ms: number): void;
  /** Closes the open connections. Returns their number. */
  cut(): number;
}

/** Closes with the test. */
export async function startForwarder(target: number | null = null): Promise<Forwarder> {
  let ports: readonly (number | null)[] = [target];
  let connections = 0;
  let delayMs = 0;
  const sockets = new Set<Socket>();
  const delayed = () =>
    new Transform({
      transform: (chunk, _encoding, done) => {
        if (delayMs === 0) done(null, chunk);
        else setTimeout(done, delayMs, null, chunk);
      },
    });
  const server = createServer((client) => {
    const port = ports[connections % ports.length] ?? null;
    connections += 1;
    if (port === null) return void client.destroy();
    const upstream = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(delayed()).pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    const count = sockets.size / 2;
    for (const socket of sockets) socket.destroy();
    return count;
  };
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  });
  return {
    port: (server.address() as AddressInfo).port,
    to: (...next) => {
      ports = next;
    },
    delay: (ms) => {
      delayMs = ms;
    },
    cut,
  };
}
