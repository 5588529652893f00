// A small load balancer: forwards each connection to the next receiver that is ready, and lets it wait while none is.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { World } from '../../lib/world.ts';
import { textOf } from '../client.ts';

const CHECK_MS = 100;
/** How long a connection waits for a receiver that is ready. Less than CXone waits for a response. */
const MAX_WAIT_MS = 8_000;

export type Balancer = Awaited<ReturnType<typeof startBalancer>>;

export async function startBalancer(world: Pick<World, 'sleep' | 'elapsed'>) {
  const ports: number[] = [];
  const sockets = new Set<Socket>();
  const closing = new AbortController();
  let ready: readonly number[] = [];
  let turn = 0;

  async function ask(): Promise<readonly number[]> {
    const answers = await Promise.all(ports.map((port) => textOf(`http://127.0.0.1:${port}/readyz`)));
    ready = ports.filter((_, i) => answers[i] !== null);
    return ready;
  }

  async function check(): Promise<void> {
    while (!closing.signal.aborted) {
      await ask();
      await world.sleep(CHECK_MS, closing.signal);
    }
  }

  async function forward(client: Socket): Promise<void> {
    const port = await next();
    if (port === undefined || client.destroyed) return void client.destroy();
    const upstream = follow(connect(port, '127.0.0.1'));
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }

  async function next(): Promise<number | undefined> {
    const giveUpAt = world.elapsed() + MAX_WAIT_MS;
    while (ready.length === 0 && world.elapsed() < giveUpAt) await world.sleep(CHECK_MS, closing.signal);
    turn += 1;
    return ready[turn % Math.max(1, ready.length)];
  }

  /** The other end of a connection may be killed. */
  function follow(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    return socket.on('close', () => sockets.delete(socket));
  }

  const server = createServer((client) => void forward(follow(client)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const checking = check();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Adds a receiver by the port on which it listens. */
    add: (port: number): void => void ports.push(port),
    /** Asks the receivers, and returns the ports of those that are ready. */
    ready: ask,
    close: async (): Promise<void> => {
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      await checking;
    },
  };
}
