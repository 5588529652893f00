// The TCP and TLS connections to CXone: kept alive for requests that may be repeated, a new one for each that may not.

import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent } from 'undici';

/** Largest head of a response, in bytes. Gateways add cookies and policies beyond Node's limit of 16 KiB. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Age at which a connection is no longer reused, in milliseconds: a host may have moved to another address. */
const MAX_CONNECTION_AGE_MS = 180_000;

export interface Connections {
  /** Connections that are kept alive between requests. */
  readonly shared: Dispatcher;
  /** Returns a dispatcher that opens a connection of its own. The caller destroys it after the response. */
  fresh(): Dispatcher;
  close(): void;
}

export function createConnections(proxied = isProxyConfigured()): Connections {
  // Shared, so that a new connection resumes the TLS session of an earlier one.
  const connect = buildConnector({});
  const open = (options: Agent.Options): Dispatcher => {
    const common = { ...options, maxHeaderSize: MAX_HEADER_BYTES };
    return proxied ? new EnvHttpProxyAgent(common) : new Agent({ ...common, connect });
  };
  const shared = open({ clientTtl: MAX_CONNECTION_AGE_MS });
  return {
    shared,
    fresh: () => open({ pipelining: 0 }),
    close: () => void shared.destroy(),
  };
}

/** Node's own switch for HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
function isProxyConfigured(): boolean {
  // biome-ignore lint/style/noProcessEnv: a switch of Node, not of the receiver
  return process.env['NODE_USE_ENV_PROXY'] === '1' || process.execArgv.includes('--use-env-proxy');
}
