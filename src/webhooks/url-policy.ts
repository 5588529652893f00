// URL policy for notifications: public https URLs, and the origins that an operator has listed. Pure; names are resolved when sending.

import { isIP } from 'node:net';
import { refusedAddressKind, type Trust } from './address-policy.ts';
import type { NotifyUrlPolicy } from './port.ts';

/** Scheme, host and port. A host that begins with `*.` matches every name below it. */
export interface AllowedOrigin {
  /** `*`: every app. */
  readonly app: string;
  readonly origin: string;
}

export interface UrlPolicy extends NotifyUrlPolicy {
  /** Returns which addresses an accepted URL of the app may lead to. */
  trust(app: string): Trust;
}

const MAX_NAMED = 5;

/**
 * Returns an origin in its canonical form, for example `https://hooks.example`, `https://*.example.com` or
 * `http://crm.internal:8080`; null if the text is not an origin.
 */
export function parseOrigin(text: string): string | null {
  // The URL parser accepts spaces, backslashes and missing slashes.
  if (!/^https?:\/\/[^/\s\\?#@]+\/?$/i.test(text)) return null;
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return null;
  const [first, ...others] = url.hostname.split('.');
  const wild = url.hostname.includes('*');
  // A wildcard for a whole top-level domain can only be a mistake.
  if (wild && (first !== '*' || others.length < 2 || others.some((label) => label.includes('*')))) return null;
  return url.origin;
}

/** An app with listed origins may use only those. Any other app may use every public https URL. */
export function createUrlPolicy(allowed: readonly AllowedOrigin[]): UrlPolicy {
  const listFor = (app: string) => allowed.filter((entry) => entry.app === app || entry.app === '*');

  function check(app: string, text: string): string | null {
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol)) return 'must be an absolute http or https URL';
    if (url.username !== '' || url.password !== '') return 'must have no user name and no password in it';
    const list = listFor(app);
    if (list.length > 0 && !list.some(({ origin }) => covers(origin, url))) {
      return `has an origin that is not allowed for this app; allowed ${named(list)}`;
    }
    if (list.length > 0) return literalProblem(url, 'listed');
    if (url.protocol === 'http:') return 'must be https: an operator can allow http by listing its origin';
    return literalProblem(url, 'public');
  }

  return { check, trust: (app) => (listFor(app).length > 0 ? 'listed' : 'public') };
}

function covers(origin: string, url: URL): boolean {
  if (!origin.includes('://*.')) return url.origin === origin;
  const [scheme, rest] = origin.split('://*') as [string, string];
  const [domain, port = ''] = rest.split(':');
  const below = domain !== undefined && url.hostname.endsWith(domain) && url.hostname.length > domain.length;
  return url.protocol === `${scheme}:` && url.port === port && below;
}

/** Literal addresses are checked at once; the URL parser has normalized their spelling. */
function literalProblem(url: URL, trust: Trust): string | null {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const local = /(^|\.)localhost\.?$/.test(host);
  const kind = local ? refusedAddressKind('127.0.0.1', trust) : isIP(host) > 0 && refusedAddressKind(host, trust);
  if (!kind) return null;
  const open = trust === 'public' && refusedAddressKind(local ? '127.0.0.1' : host, 'listed') === null;
  return `has an address that may not be called (${kind})${open ? ': an operator can allow it by listing its origin' : ''}`;
}

function named(list: readonly AllowedOrigin[]): string {
  const origins = [...new Set(list.map(({ origin }) => origin))];
  const more = origins.length > MAX_NAMED ? ` and ${origins.length - MAX_NAMED} more` : '';
  return `${origins.length === 1 ? 'is' : 'are'} ${origins.slice(0, MAX_NAMED).join(', ')}${more}`;
}
