// Connections through an HTTP proxy: tunnels (CONNECT) to a host, and requests with an absolute URL for plain http.

import { buildConnector, Client, type Dispatcher } from 'undici';
import { failureReason } from '../http/failure.ts';
import type { HttpProxy } from './proxy.ts';

/** No connection exists because of the proxy: it is unreachable or rejected the tunnel. */
class ProxyFailure extends Error {
  override readonly name = 'ProxyFailure';
}

/** Returns whether an error or its cause is a failure of the proxy: nothing was sent to the host. */
export function isProxyFailure(error: unknown): boolean {
  return error instanceof ProxyFailure || (error instanceof Error && isProxyFailure(error.cause));
}

/** Returns why a proxy responded with this status instead of the host, and the remedy. */
function proxyRefusal(proxy: Pick<HttpProxy, 'origin' | 'variable'>, status: number, target: string): string {
  if (status === 407) {
    const example = proxy.origin.replace('://', '://user:password@');
    return `the proxy ${proxy.origin} requires credentials (407); set them in ${proxy.variable}, for example ${example}`;
  }
  return `the proxy ${proxy.origin} rejected the tunnel to ${target} with ${status}; allow it there, or change ${proxy.variable}`;
}

export interface TunnelOptions {
  /** Time limit for each step of connecting, in milliseconds. */
  readonly timeoutMs: number;
  /** Returns the host to which the proxy connects, for example a checked address instead of the name in the URL. */
  readonly hostFor?: (hostname: string) => Promise<string>;
}

/** Returns a connector for undici that connects through a tunnel. TLS is between this process and the host of the URL. */
export function createTunnelConnector(
  proxy: HttpProxy,
  { timeoutMs, hostFor = async (hostname) => hostname }: TunnelOptions,
): buildConnector.connector {
  // Shared, so that a new connection resumes the TLS session of an earlier one.
  const secure = buildConnector({ timeout: timeoutMs });

  async function tunnel({
    hostname,
    port,
    protocol,
  }: buildConnector.Options): Promise<Dispatcher.ConnectData['socket']> {
    const host = await hostFor(hostname);
    const path = `${host}:${port || (protocol === 'https:' ? 443 : 80)}`;
    const client = new Client(proxy.origin, { connect: { timeout: timeoutMs }, headersTimeout: timeoutMs });
    try {
      const { statusCode, socket } = await client.connect({ path, headers: { host: path, ...credentialsOf(proxy) } });
      if (statusCode >= 200 && statusCode <= 299) return socket;
      socket.on('error', () => {}).destroy();
      throw new ProxyFailure(proxyRefusal(proxy, statusCode, path));
    } catch (error) {
      void client.destroy();
      throw error instanceof ProxyFailure ? error : unreachable(proxy, error);
    }
  }

  return (options, callback) => {
    tunnel(options).then(
      (socket) => {
        if (options.protocol === 'https:') secure({ ...options, httpSocket: socket as never }, callback);
        else callback(null, socket as never);
      },
      (error: Error) => callback(error, null),
    );
  };
}

/** Returns a connector for undici to the proxy itself, for requests with an absolute URL. */
export function createProxyConnector(proxy: HttpProxy, timeoutMs: number): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMs });
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else callback(unreachable(proxy, error), null);
    });
}

/** Sends plain http requests to the proxy with the absolute URL (RFC 9112, section 3.2.2): many proxies allow tunnels to port 443 only. */
export function toProxy(proxy: HttpProxy): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const { origin = '', path, headers } = options;
    const host = new URL(String(origin)).host;
    const fields = { ...(headers as Record<string, string>), host, ...credentialsOf(proxy) };
    return dispatch({ ...options, origin: proxy.origin, path: `${origin}${path}`, headers: fields }, handler);
  };
}

function credentialsOf({ authorization }: HttpProxy): Record<string, string> {
  return authorization === null ? {} : { 'proxy-authorization': authorization };
}

function unreachable({ origin, variable }: HttpProxy, error: unknown): ProxyFailure {
  return new ProxyFailure(`the proxy ${origin} of ${variable} cannot be reached: ${failureReason(error)}`);
}
