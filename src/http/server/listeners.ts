// What the receiver listens on: one listener for everything, or the webhook's apart; in plain HTTP or in TLS; on addresses of
// its own or on sockets that outlive it.

import type { Log } from '../../lib/log.ts';
import type { Fetch, ListenerRole } from '../fetch.ts';
import { type Listening, listen } from './server.ts';
import { createTlsRenewal, readTlsPair, type TlsFiles, type TlsRenewal } from './tls.ts';

export interface ListenersOptions {
  readonly host: string;
  readonly port: number;
  /** Null: the webhook is served with everything else. */
  readonly callbackPort: number | null;
  readonly tls: TlsFiles | null;
  readonly publicUrl: string;
  readonly trustedProxies: number;
  /** File descriptors of sockets that listen already; empty to open some. */
  readonly sockets: readonly number[];
  readonly open?: typeof listen;
  readonly now: () => number;
  readonly log: Log;
}

export interface Listeners {
  readonly url: string;
  /** The same unless the webhook has a listener of its own. */
  readonly webhookUrl: string;
  /** Whether what calls after `close` waits in a socket for the next process instead of being refused. */
  readonly outlive: boolean;
  /** Null: plain HTTP. */
  readonly tls: TlsRenewal | null;
  /** Takes no more calls, lets those under way finish for up to `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** @throws {Error} saying what cannot be listened on, and why, with everything closed again. */
export async function openListeners(
  appFor: (surface: ListenerRole) => Fetch,
  options: ListenersOptions,
): Promise<Listeners> {
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

  const opened: Listening[] = [];
  const close = async (graceMs: number) => void (await Promise.all(opened.map((one) => one.close(graceMs))));
  try {
    for (const [index, [surface, variable, wantedPort]] of wanted.entries()) {
      const socket = sockets[index];
      const place = socket === undefined ? { host, port: wantedPort } : { host, port: wantedPort, socket };
      const listener = await open(appFor(surface), { ...place, log, ...(pair === null ? {} : { tls: pair }) });
      opened.push(listener);
      // Commands, probes and proxies are told by the variable where it listens.
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
    webhookUrl: webhook.url,
    // promise: sockets-outlive-restart
    outlive: sockets.length > 0,
    tls: options.tls && pair && createTlsRenewal(options.tls, pair, renewAll, expected(options), log),
    close,
  };

  function renewAll(renewed: Parameters<Listening['renew']>[0]): void {
    for (const listener of opened) listener.renew(renewed);
  }
}

/** Behind a proxy, callers see the proxy's certificate. */
function expected({ publicUrl, trustedProxies, now }: ListenersOptions) {
  return { publicHost: trustedProxies > 0 ? null : new URL(publicUrl).hostname, now };
}
