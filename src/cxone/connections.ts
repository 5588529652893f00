// The TCP and TLS connections to CXone: kept alive for requests that may be repeated, a new one for each that may not.

import type { LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { createProxyConnector, createTunnelConnector, toProxy } from '../lib/proxy/connect.ts';
import { type HttpProxy, NO_PROXIES, type ProxyRules, proxyFor } from '../lib/proxy/proxy.ts';
import type { World } from '../lib/world.ts';
import { createCachedLookup } from './cached-lookup.ts';

/** Largest head of a response, in bytes. Gateways add cookies and policies beyond Node's limit of 16 KiB. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Age at which a connection is no longer reused, in milliseconds: a host may have moved to another address. */
const MAX_CONNECTION_AGE_MS = 180_000;

/** Connections younger than this, in milliseconds, are kept although a response suggests that the host has moved. */
const MIN_CONNECTION_AGE_MS = 1_000;

/** Time limit for connecting, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface Connection {
  readonly dispatcher: Dispatcher;
  /** Ends the use of the connection by its request. */
  release(): void;
}

interface Pool {
  readonly dispatcher: Dispatcher;
  readonly openedAt: number;
  users: number;
}

/** Opens a dispatcher with these options. */
type Route = (options: Agent.Options) => Dispatcher;

/** One function because the pools in use and the pools that they replaced are closed together. */
export function createConnections(world: Pick<World, 'elapsed' | 'sleep'>, proxies: ProxyRules = NO_PROXIES) {
  const now = world.elapsed;
  const names = createCachedLookup(world);
  const routes = createRoutes(proxies, names.lookup);
  const pools = new Map<Route, Pool>();
  /** The last time when a response suggested a move. */
  let suspectedAt = Number.NEGATIVE_INFINITY;

  function poolOf(route: Route): Pool {
    const old = pools.get(route);
    const isOutdated =
      old !== undefined && suspectedAt >= old.openedAt && now() - old.openedAt >= MIN_CONNECTION_AGE_MS;
    // promise: suspect-connections-are-replaced
    if (old !== undefined && !isOutdated) return old;
    const limits = { clientTtl: MAX_CONNECTION_AGE_MS, keepAliveMaxTimeout: MAX_CONNECTION_AGE_MS };
    const pool = { dispatcher: route(limits), openedAt: now(), users: 0 };
    pools.set(route, pool);
    if (old !== undefined) closeUnused(route, old);
    return pool;
  }

  function closeUnused(route: Route, pool: Pool): void {
    if (pools.get(route) !== pool && pool.users === 0) void pool.dispatcher.destroy();
  }

  return {
    /** Returns a connection to the host of a URL that is kept alive between requests. */
    shared: (url: string): Connection => {
      const route = routes(url);
      const pool = poolOf(route);
      pool.users += 1;
      return {
        dispatcher: pool.dispatcher,
        release: () => {
          pool.users -= 1;
          closeUnused(route, pool);
        },
      };
    },
    /** Returns a new connection to the host of a URL, for one request. */
    fresh: (url: string): Connection => {
      const dispatcher = routes(url)({ pipelining: 0, connections: 1 });
      return { dispatcher, release: () => void dispatcher.destroy() };
    },
    /** A response suggests that the host has moved: later requests use no connection that is open now. */
    suspect: (): void => {
      suspectedAt = now();
      names.expire();
    },
    close: (): void => {
      for (const { dispatcher } of pools.values()) void dispatcher.destroy();
    },
  };
}

/** Returns a function that returns the route to the host of a URL: the same one for all URLs that share connections. */
function createRoutes(proxies: ProxyRules, lookup: LookupFunction): (url: string) => Route {
  // Connectors are shared, so that a new connection resumes the TLS session of an earlier one.
  const direct = routeOver(buildConnector({ lookup, timeout: CONNECT_TIMEOUT_MS }));
  const { https, http } = proxies;
  const tunnel = https && routeOver(createTunnelConnector(https, { timeoutMs: CONNECT_TIMEOUT_MS }));
  const absolute = http && absoluteRoute(http);
  return (url) => {
    const target = new URL(url);
    if (proxyFor(proxies, target) === null) return direct;
    return (target.protocol === 'https:' ? tunnel : absolute) ?? direct;
  };
}

function routeOver(connect: buildConnector.connector): Route {
  return (options) => new Agent({ ...options, connect, maxHeaderSize: MAX_HEADER_BYTES });
}

function absoluteRoute(proxy: HttpProxy): Route {
  const route = routeOver(createProxyConnector(proxy, CONNECT_TIMEOUT_MS));
  return (options) => route(options).compose(toProxy(proxy));
}
