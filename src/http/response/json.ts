// Makes responses: JSON by default, not cacheable, not sniffable, with the id of the request.

import { currentRequest } from '../../lib/request-context.ts';

export const REQUEST_ID = 'x-request-id';

/** Headers of every response. */
export const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

export type HeaderFields = { readonly [name: string]: string };

export function json(status: number, body: unknown, headers: HeaderFields = {}): Response {
  return respond(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

export function respond(
  status: number,
  body: string | ReadableStream<Uint8Array> | null,
  headers: HeaderFields,
): Response {
  // Added here and not to a finished response, whose Headers object would cost more than a signature check.
  const id = currentRequest()?.id;
  const own = id === undefined ? headers : { [REQUEST_ID]: id, ...headers };
  return new Response(body, { status, headers: { ...COMMON_HEADERS, ...own } });
}
