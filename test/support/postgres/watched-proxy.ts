// A proxy in front of PostgreSQL that knows whether the server owes a response, and cuts all connections at a chosen statement.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** `request`: the statement does not reach the server. `response`: the server runs it, and its response is lost. */
export type Loss = 'request' | 'response';

export interface WatchedProxy {
  /** The URL of the database through the proxy. */
  readonly url: string;
  /** Whether the server has not answered a statement yet. */
  isBusy(): boolean;
  /** Resolves when the server has answered every statement. */
  idle(): Promise<void>;
  /** The number of messages so far, in both directions. */
  messages(): number;
  /**
   * Cuts all connections at this statement from now, 1 for the next one. Resolves to true then, and to false when that is called off
   * by the next call or by `accept`.
   */
  cutAt(statement: number, loss: Loss): Promise<boolean>;
  /** Cuts all connections now. Until `accept`, new ones are refused. */
  refuse(): void;
  accept(): void;
  /** Holds back everything in both directions, until `release`. What the server owes then is not awaited. */
  hold(): void;
  release(): void;
  close(): Promise<void>;
}

/** The protocol's message that ends the connection, and the one with which the server is ready for the next statement. */
const TERMINATE = 0x58;
const READY = 0x5a;
/** Bytes of a type and a length. The length counts itself. */
const HEADER = 5;
const TYPE = 1;

export async function startWatchedProxy(databaseUrl: string): Promise<WatchedProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const owed = new Set<Socket>();
  let messages = 0;
  let wake = () => {};
  let cut: { left: number; readonly loss: Loss; readonly done: (isCut: boolean) => void } | null = null;
  let isRefusing = false;

  function settle(client: Socket): void {
    owed.delete(client);
    if (owed.size === 0) wake();
  }

  function disarm(isCut: boolean): void {
    const armed = cut;
    cut = null;
    armed?.done(isCut);
  }

  function cutAll(): void {
    for (const socket of sockets) socket.destroy();
    owed.clear();
    wake();
  }

  function forward(chunk: Buffer, upstream: Socket): void {
    if (cut !== null && chunk[0] !== TERMINATE) {
      cut.left -= 1;
      if (cut.left <= 0) {
        const { loss } = cut;
        // The server runs what has arrived, although its client is gone.
        if (loss === 'response') upstream.write(chunk);
        disarm(true);
        for (const socket of sockets) socket.destroySoon();
        return;
      }
    }
    upstream.write(chunk);
  }

  const server = createServer((client) => {
    if (isRefusing) return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    const isReady = createReadyDetector();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        messages += 1;
        sockets.delete(socket);
        settle(client);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      messages += 1;
      if (chunk[0] !== TERMINATE) owed.add(client);
      forward(chunk, upstream);
    });
    upstream.on('data', (chunk) => {
      messages += 1;
      client.write(chunk);
      if (isReady(chunk)) settle(client);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);

  return {
    url: url.href,
    isBusy: () => owed.size > 0,
    idle: async () => {
      while (owed.size > 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    messages: () => messages,
    cutAt: (statement, loss) => {
      disarm(false);
      return new Promise((done) => {
        cut = { left: statement, loss, done };
      });
    },
    refuse: () => {
      isRefusing = true;
      cutAll();
    },
    accept: () => {
      disarm(false);
      isRefusing = false;
    },
    hold: () => {
      for (const socket of sockets) socket.pause();
      owed.clear();
      wake();
    },
    release: () => {
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      disarm(false);
      const closed = once(server, 'close');
      server.close();
      cutAll();
      await closed;
    },
  };
}

/** Returns a function that takes the chunks of a server, and returns whether it became ready for the next statement in one. */
function createReadyDetector(): (chunk: Buffer) => boolean {
  /** The start of a message whose header is not complete. */
  let rest: Buffer = Buffer.alloc(0);
  /** Bytes of the current message that have not arrived. */
  let missing = 0;
  return (chunk) => {
    let isReady = false;
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = Math.min(missing, bytes.length);
    missing -= at;
    while (bytes.length - at >= HEADER) {
      isReady ||= bytes[at] === READY;
      const end = at + TYPE + bytes.readUInt32BE(at + TYPE);
      missing = Math.max(0, end - bytes.length);
      at = Math.min(end, bytes.length);
    }
    rest = bytes.subarray(at);
    return isReady;
  };
}
