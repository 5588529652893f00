// A way to a server on loopback that cuts its connections, and delays what goes through them.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface SlowWay {
  readonly port: number;
  /** Delays each chunk in both directions by these milliseconds. */
  delay(ms: number): void;
  /** Closes the open connections. Returns their number. */
  cut(): number;
}

/** Closes with the test. */
export async function startSlowWay(target: number): Promise<SlowWay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let delayMs = 0;

  function pass(from: Socket, to: Socket): void {
    // In order: each chunk waits for the one before it.
    let before = Promise.resolve();
    from.on('data', (chunk) => {
      const wait = delayMs === 0 ? Promise.resolve() : new Promise<void>((done) => void setTimeout(done, delayMs));
      before = Promise.all([before, wait]).then(() => void to.write(chunk));
    });
    from.on('error', () => {});
    from.on('close', () => to.destroy());
  }

  const server = createServer((client) => {
    const pair = [client, connect(target, '127.0.0.1')] as const;
    pairs.add(pair);
    pass(pair[0], pair[1]);
    pass(pair[1], pair[0]);
    client.on('close', () => pairs.delete(pair));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    const open = [...pairs];
    for (const [client, upstream] of open) {
      client.destroy();
      upstream.destroy();
    }
    return open.length;
  };
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  });
  return {
    port: (server.address() as AddressInfo).port,
    delay: (ms) => {
      delayMs = ms;
    },
    cut,
  };
}
