// What all calls share: their options, paths and queries.

import type { Outgoing } from './requests.ts';

export interface CallOptions {
  /** Ends the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws {TypeError} for an id that would lead to another path. */
export function pathOf(collection: string, id: string): string {
  if (/^\.{0,2}$/.test(id)) throw new TypeError(`"${id}" is not a valid id`);
  return `${collection}/${encodeURIComponent(id)}`;
}

/** The JSON form of the filters: dates are text, and undefined members are left out. */
export function queryOf(filters: object): string {
  const query = new URLSearchParams(JSON.parse(JSON.stringify(filters)));
  return query.size === 0 ? '' : `?${query}`;
}

/** Builds a request that may be repeated: a GET, or a POST whose correlation id or key brings the first response again. */
export function harmless(method: Outgoing['method'], path: string, idempotencyKey?: string): Outgoing {
  if (idempotencyKey === undefined) return { method, path, harmless: true };
  // A string of RFC 8941, as the header is defined.
  const headers = { 'idempotency-key': `"${idempotencyKey.replaceAll(/["\\]/g, '\\$&')}"` };
  return { method, path, headers, harmless: true, about: { idempotencyKey } };
}
