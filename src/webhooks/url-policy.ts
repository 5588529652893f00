// Where an app may be told: https in the open, and what an operator has listed. Pure: names are looked up when it is sent.

import { isIP } from 'node:net';
import { refusedAddressKind, type Trust } from './address-policy.ts';
import type { NotifyUrlPolicy } from './port.ts';

/** Scheme, host and port; a host that begins with `*.` stands for every name below it. */
export interface AllowedOrigin {
  /** `*`: every app. */
  readonly app: string;
  readonly origin: string;
}

export interface UrlPolicy extends NotifyUrlPolicy {
  /** How far a URL of the app that passes is trusted. */
  trust(app: string): Trust;
}

const MAX_NAMED = 5;

/**
 * An origin as it is compared, such as `https://hooks.example`, `https://*.example.com` or `http://crm.internal:8080`; null
 * for anything that is none.
 */
export function parseOrigin(text: string): string | null {
  // The parser would put up with spaces, backslashes and missing slashes.
  if (!/^https?:\/\/[^/\s\\?#@]+\/?$/i.test(text)) return null;
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return null;
  const [first, ...others] = url.hostname.split('.');
  const wild = url.hostname.includes('*');
  // A star for all of a top-level domain is too wide to be meant.
  if (wild && (first !== '*' || others.length < 2 || others.some((label) => label.includes('*')))) return null;
  return url.origin;
}

/** An app for which origins are listed may use none but those; one without may use all that is https and public. */
export function createUrlPolicy(allowed: readonly AllowedOrigin[]): UrlPolicy {
  const listFor = (app: string) => allowed.filter((one) => one.app === app || one.app === '*');

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

/** An address in place of a name is known at once; the URL parser has brought every spelling into one. */
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
