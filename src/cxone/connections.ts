// The TCP and TLS connections to CXone: kept alive for requests that may be repeated, a new one for each that may not.

import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { World } from '../lib/world.ts';

/** Largest head of a response, in bytes. Gateways add cookies and policies beyond Node's limit of 16 KiB. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Age at which a connection is no longer reused, in milliseconds: a host may have moved to another address. */
const MAX_CONNECTION_AGE_MS = 180_000;

/** Connections younger than this, in milliseconds, are kept although a response suggests that the host has moved. */
const MIN_CONNECTION_AGE_MS = 1_000;

export interface Connection {
  readonly dispatcher: Dispatcher;
  /** Ends the use of the connection by its request. */
  release(): void;
}

export interface Connections {
  /** Returns a connection that is kept alive between requests. */
  shared(): Connection;
  /** Returns a new connection for one request. */
  fresh(): Connection;
  /** A response suggests that the host has moved: later requests use no connection that is open now. */
  suspect(): void;
  close(): void;
}

interface Pool {
  readonly dispatcher: Dispatcher;
  readonly openedAt: number;
  users: number;
}

/** One function because the pool in use and the pools that it replaced are closed together. */
export function createConnections({ now }: Pick<World, 'now'>, proxied = isProxyConfigured()): Connections {
  // Shared, so that a new connection resumes the TLS session of an earlier one.
  const connect = buildConnector({});
  let pool = openPool();
  /** The last time when a response suggested a move. */
  let suspectedAt = Number.NEGATIVE_INFINITY;

  function open(options: Agent.Options): Dispatcher {
    const common = { ...options, maxHeaderSize: MAX_HEADER_BYTES };
    return proxied ? new EnvHttpProxyAgent(common) : new Agent({ ...common, connect });
  }

  function openPool(): Pool {
    const limits = { clientTtl: MAX_CONNECTION_AGE_MS, keepAliveMaxTimeout: MAX_CONNECTION_AGE_MS };
    return { dispatcher: open(limits), openedAt: now(), users: 0 };
  }

  function closeUnused(candidate: Pool): void {
    if (candidate !== pool && candidate.users === 0) void candidate.dispatcher.destroy();
  }

  return {
    shared: () => {
      const isOutdated = suspectedAt >= pool.openedAt && Math.abs(now() - pool.openedAt) >= MIN_CONNECTION_AGE_MS;
      // promise: suspect-connections-are-replaced
      if (isOutdated) {
        const old = pool;
        pool = openPool();
        closeUnused(old);
      }
      const used = pool;
      used.users += 1;
      return {
        dispatcher: used.dispatcher,
        release: () => {
          used.users -= 1;
          closeUnused(used);
        },
      };
    },
    fresh: () => {
      const dispatcher = open({ pipelining: 0 });
      return { dispatcher, release: () => void dispatcher.destroy() };
    },
    suspect: () => {
      suspectedAt = now();
    },
    close: () => void pool.dispatcher.destroy(),
  };
}

/** Node's own switch for HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
function isProxyConfigured(): boolean {
  // biome-ignore lint/style/noProcessEnv: a switch of Node, not of the receiver
  return process.env['NODE_USE_ENV_PROXY'] === '1' || process.execArgv.includes('--use-env-proxy');
}
