// HTTP proxies for outgoing requests: which proxy a URL takes, and how it is shown without credentials. Pure.

import { isExempt, type ProxyException } from './no-proxy.ts';

export interface HttpProxy {
  /** Scheme, host and port, without credentials. */
  readonly origin: string;
  /** The value of Proxy-Authorization; null without credentials. */
  readonly authorization: string | null;
  /** Texts that no message may repeat. */
  readonly secrets: readonly string[];
  /** The variable that names the proxy. */
  readonly variable: string;
}

/** The proxies of one kind of traffic; null for direct connections. */
export interface ProxyRules {
  /** For https URLs. */
  readonly https: HttpProxy | null;
  /** For http URLs. */
  readonly http: HttpProxy | null;
  /** Hosts that are reached directly. */
  readonly exceptions: readonly ProxyException[];
}

export const NO_PROXIES: ProxyRules = { https: null, http: null, exceptions: [] };

/** Returns the proxy for a URL; null for a direct connection. */
export function proxyFor({ https, http, exceptions }: ProxyRules, url: URL): HttpProxy | null {
  const proxy = url.protocol === 'https:' ? https : http;
  // promise: no-proxy-is-direct
  return proxy === null || isExempt(exceptions, url) ? null : proxy;
}

/**
 * Parses the URL of a proxy: `http://host:port`, `https://host:port` or `host:port`, with or without `user:password@`. Returns a
 * message for anything else.
 */
export function parseProxy(variable: string, text: string): HttpProxy | string {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = hasScheme ? URL.parse(text) : URL.parse(`http://${text}`);
  // Without scheme and port, `on` or `true` would be a host.
  if (url === null || /[\s\\]/.test(text) || !(hasScheme || /:\d+\/?$/.test(text)))
    return `must be the URL of a proxy, ${EXAMPLE}`;
  if (!/^https?:$/.test(url.protocol)) return `must be the URL of an HTTP proxy, ${EXAMPLE}; SOCKS is not supported`;
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return 'must have no path, query or fragment';
  const user = decoded(url.username);
  const password = decoded(url.password);
  if (user === null || password === null) return 'has a user name or password that is not percent-encoded correctly';
  const hasCredentials = user !== '' || password !== '';
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  return {
    origin: url.origin,
    authorization: hasCredentials ? `Basic ${basic}` : null,
    secrets: hasCredentials ? [basic, ...new Set([password, url.password])].filter((secret) => secret !== '') : [],
    variable,
  };
}

const EXAMPLE = 'for example http://proxy.example:3128';

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
