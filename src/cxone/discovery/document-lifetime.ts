// How long a discovery document may be used without another request for it. Pure.

import CachePolicy from 'http-cache-semantics';

/** Lifetime of a document that states none, in milliseconds. */
const DEFAULT_LIFETIME_MS = 3_600_000;
/** Minimum lifetime, in milliseconds, also of a document that must not be stored: it may serve a burst of requests. */
const MIN_LIFETIME_MS = 1_000;
/** Maximum lifetime, in milliseconds. */
const MAX_LIFETIME_MS = 86_400_000;

const STATED = /\b(?:max-age|no-cache|no-store)\b/;

/** Returns the lifetime in milliseconds from Cache-Control, Age, Expires and Date of the response with the document. */
export function documentLifetimeMs(url: string, headers: Headers): number {
  // Names of directives are case-insensitive and values may be quoted, which the package does not know.
  const directives = (name: string) => (headers.get(name) ?? '').toLowerCase().replaceAll('"', '');
  const [control, pragma] = [directives('cache-control'), directives('pragma')];
  if (!STATED.test(`${control} ${pragma}`) && !headers.has('expires')) return DEFAULT_LIFETIME_MS;
  const fields = { ...Object.fromEntries(headers), ...(control === '' ? {} : { 'cache-control': control }) };
  const response = { status: 200, headers: fields };
  const policy = new CachePolicy({ method: 'GET', url, headers: {} }, response, { shared: false });
  // promise: document-lifetime-counts
  const lifetimeMs = Math.round(policy.maxAge() - policy.age()) * 1000;
  return Math.min(Math.max(lifetimeMs, MIN_LIFETIME_MS), MAX_LIFETIME_MS);
}
