// Cookies of a gateway (RFC 6265), kept per execution: a sticky gateway sends its polls to the server that accepted it.

import { parseCookie } from 'undici';
import { forgetBeyond } from '../lib/bounded.ts';
import { LOOPBACK } from './discovery/allowed-hosts.ts';

/** Limits of one execution. A gateway sets one or two short cookies. */
const MAX_COOKIES = 20;
const MAX_COOKIE_BYTES = 4096;

/** Executions whose latest cookies are held in memory. */
const MAX_EXECUTIONS = 10_000;

interface Cookie {
  readonly name: string;
  readonly value: string;
  /** The host that set it: no other host gets it. */
  readonly host: string;
  readonly path: string;
  readonly secure: boolean;
  /** Milliseconds since the Unix epoch; null: it does not expire. */
  readonly expiresAt: number | null;
}

type Jar = readonly Cookie[];

export interface Cookies {
  /** Returns the Cookie header for a request; empty without cookies. `stored` are those that `receive` returned before a restart. */
  headers(correlationId: string, stored: string | null, url: string): { cookie?: string };
  /** Takes the Set-Cookie headers of a response. Returns all cookies of the execution as text; null without any. */
  receive(correlationId: string, stored: string | null, url: string, setCookies: readonly string[]): string | null;
}

export function createCookies(now: () => number): Cookies {
  const jars = new Map<string, Jar>();
  return {
    headers: (correlationId, stored, url) => {
      const jar = jars.get(correlationId) ?? jarIn(stored);
      const sent = jar.filter((cookie) => isFor(cookie, new URL(url), now()));
      if (sent.length === 0) return {};
      // promise: sticky-gateway-gets-its-cookies
      return { cookie: sent.map(({ name, value }) => `${name}=${value}`).join('; ') };
    },
    receive: (correlationId, stored, url, setCookies) => {
      const jar = jars.get(correlationId) ?? jarIn(stored);
      if (setCookies.length === 0) return textOf(jar);
      const received = withCookies(jar, setCookies, new URL(url), now());
      jars.set(correlationId, received);
      forgetBeyond(jars, MAX_EXECUTIONS);
      return textOf(received);
    },
  };
}

function withCookies(jar: Jar, setCookies: readonly string[], url: URL, now: number): Jar {
  const received = setCookies.flatMap((header) => cookieIn(header, url, now) ?? []);
  const isReplaced = (old: Cookie) => received.some(({ name, path }) => name === old.name && path === old.path);
  return [...jar.filter((old) => !isReplaced(old)), ...received]
    .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
    .slice(-MAX_COOKIES);
}

/** Returns null for a cookie that is malformed, too large or for another host. */
function cookieIn(header: string, url: URL, now: number): Cookie | null {
  const parsed = Buffer.byteLength(header) > MAX_COOKIE_BYTES ? null : parseCookie(header);
  if (parsed === null || parsed.name === '') return null;
  const { name, value, path = '', domain, maxAge, expires, secure = false } = parsed;
  const named = domain?.replace(/^\./, '').toLowerCase();
  if (named !== undefined && url.hostname !== named && !url.hostname.endsWith(`.${named}`)) return null;
  // Max-Age takes precedence over Expires (RFC 6265, section 4.1.2.2).
  const expiresAt = maxAge === undefined ? timeOf(expires) : now + maxAge * 1000;
  return { name, value, host: url.hostname, path: path.startsWith('/') ? path : folderOf(url), secure, expiresAt };
}

function timeOf(expires: Date | number | undefined): number | null {
  const time = expires === undefined ? Number.NaN : new Date(expires).getTime();
  return Number.isNaN(time) ? null : time;
}

/** RFC 6265, section 5.1.4: the default path. */
function folderOf({ pathname }: URL): string {
  return pathname.slice(0, Math.max(1, pathname.lastIndexOf('/')));
}

function isFor({ host, path, secure, expiresAt }: Cookie, { hostname, pathname, protocol }: URL, now: number): boolean {
  const below = pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
  const isSecure = protocol === 'https:' || LOOPBACK.test(hostname);
  return host === hostname && below && (isSecure || !secure) && (expiresAt === null || expiresAt > now);
}

function jarIn(stored: string | null): Jar {
  return stored === null ? [] : (JSON.parse(stored) as Jar);
}

function textOf(jar: Jar): string | null {
  return jar.length === 0 ? null : JSON.stringify(jar);
}
