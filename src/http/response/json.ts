// How every answer looks: JSON that no cache keeps and no browser takes for anything else, with the id of its request.

import { currentRequest } from '../../lib/request-context.ts';

export const REQUEST_ID = 'x-request-id';

/** Headers of every answer, whatever its body. */
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
  // Put in here and not into a finished answer: that would make an object of its headers, which costs more than a signature.
  const id = currentRequest()?.id;
  const own = id === undefined ? headers : { [REQUEST_ID]: id, ...headers };
  return new Response(body, { status, headers: { ...COMMON_HEADERS, ...own } });
}
