// A proxy in front of PostgreSQL that loses a commit or its response, at a moment that the test chooses.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * `request`: the next commit does not reach the server. `response`: the server commits it, and its response is lost. `late`: it
 * reaches the server when it is delivered, although its client is gone.
 */
export type Loss = 'request' | 'response' | 'late';

export interface CuttingProxy {
  /** The URL of the database through the proxy. */
  readonly url: string;
  /** Loses the next commit. Resolves when it was sent. */
  lose(what: Loss): Promise<void>;
  /** Closes the connection of the lost commit. */
  cut(): void;
  /** Sends the commit that is late to the server. Resolves with the answer. */
  deliver(): Promise<string>;
  close(): Promise<void>;
}

/** One occurs in each message of the receiver that commits, since the statements have these names. */
const COMMITS = ['apply_batch', 'apply_outcome', 'write_once'];

/** @param commits texts of which one occurs in each message that commits */
export async function startCuttingProxy(databaseUrl: string, commits = COMMITS): Promise<CuttingProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let next: { readonly what: Loss; readonly sent: () => void } | null = null;
  let lost: Socket | null = null;
  let late: { readonly upstream: Socket; readonly chunk: Buffer } | null = null;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let isMute = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        if (late?.upstream !== upstream) upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (next === null || !commits.some((name) => chunk.includes(name))) return void upstream.write(chunk);
      const { what, sent } = next;
      next = null;
      lost = client;
      isMute = true;
      if (what === 'response') upstream.write(chunk);
      if (what === 'late') late = { upstream, chunk };
      sent();
    });
    upstream.on('data', (chunk) => {
      if (!isMute) client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);

  return {
    url: url.href,
    lose: (what) =>
      new Promise((resolve) => {
        next = { what, sent: resolve };
      }),
    cut: () => {
      lost?.destroy();
    },
    deliver: async () => {
      if (late === null) throw new Error('no commit is late');
      const { upstream, chunk } = late;
      late = null;
      const answer = once(upstream, 'data');
      upstream.write(chunk);
      const [data] = await answer;
      upstream.destroy();
      return (data as Buffer).toString('latin1');
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
