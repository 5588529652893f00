// Opens the listeners: one for everything, or a separate one for the webhook; HTTP or TLS; on own addresses or inherited sockets.

import type { Log } from '../../lib/log.ts';
import type { Fetch, ListenerRole } from '../fetch.ts';
import type { ConnectionCounts } from './connection-pool.ts';
import { type Listening, listen } from './server.ts';
import { createTlsRenewal, readTlsPair, type TlsFiles } from './tls.ts';

export interface ListenersOptions {
  readonly host: string;
  readonly port: number;
  /** Null if the webhook shares the listener. */
  readonly callbackPort: number | null;
  readonly tls: TlsFiles | null;
  readonly publicUrl: string;
  readonly trustedProxies: number;
  /** File descriptors of inherited sockets; empty to open new ones. */
  readonly sockets: readonly number[];
  readonly open?: typeof listen;
  readonly now: () => number;
  readonly log: Log;
  readonly connections: ConnectionCounts;
  /** Connections of all listeners together. */
  readonly maxConnections: number;
}

export type Listeners = Awaited<ReturnType<typeof openListeners>>;

/** @throws {Error} that names the address and the reason, after closing everything again. */
export async function openListeners(appFor: (role: ListenerRole) => Fetch, options: ListenersOptions) {
  const { host, port, callbackPort, sockets, open = listen, log } = options;
  const wanted: readonly (readonly [ListenerRole, string, number])[] =
    callbackPort === null
      ? [['everything', 'PORT', port]]
      : [
          ['apps', 'PORT', port],
          ['webhook', 'CALLBACK_PORT', callbackPort],
        ];
  if (sockets.length > 0 && sockets.length !== wanted.length) {
    const names = wanted.map(([, variable]) => variable).join(', ');
    throw new Error(
      `LISTEN_FDS is ${sockets.length}, and a socket is needed for each of: ${names}; change the socket unit`,
    );
  }
  const pair = options.tls === null ? null : await readTlsPair(options.tls);

  const shared = {
    log,
    connections: options.connections,
    behindProxy: options.trustedProxies > 0,
    limits: { maxConnections: Math.floor(options.maxConnections / wanted.length) },
  };
  const opened: Listening[] = [];
  const close = async (graceMs: number) =>
    void (await Promise.all(opened.map((listening) => listening.close(graceMs))));
  try {
    for (const [index, [role, variable, wantedPort]] of wanted.entries()) {
      const socket = sockets[index];
      const place = socket === undefined ? { host, port: wantedPort } : { host, port: wantedPort, socket };
      const listener = await open(appFor(role), { ...place, ...shared, ...(pair === null ? {} : { tls: pair }) });
      opened.push(listener);
      // Commands, probes and proxies read the port from the variable.
      if (socket !== undefined && wantedPort !== 0 && listener.port !== wantedPort) {
        throw new Error(
          `the socket that is passed on has port ${listener.port}: set ${variable} to that, or change its unit`,
        );
      }
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  const [main, webhook = main] = opened as [Listening, Listening?];
  return {
    url: main.url,
    /** The same unless the webhook has a separate listener. */
    webhookUrl: webhook.url,
    /** Null: plain HTTP. */
    tls:
      options.tls &&
      pair &&
      createTlsRenewal({ files: options.tls, first: pair, use: renewAll, expected: expected(options), log }),
    /** Accepts nothing more, lets requests finish for up to `graceMs`, then closes the rest. */
    close,
  };

  function renewAll(renewed: Parameters<Listening['renew']>[0]): void {
    for (const listener of opened) listener.renew(renewed);
  }
}

/** Behind a proxy, clients see the certificate of the proxy. */
function expected({ publicUrl, trustedProxies, now }: ListenersOptions) {
  return { publicHost: trustedProxies > 0 ? null : new URL(publicUrl).hostname, now };
}
