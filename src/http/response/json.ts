// Makes responses: JSON by default, not cacheable, not sniffable, with the id of the request.

import { writeJson } from '../../execution/json.ts';
import { currentRequest } from '../../lib/request-context.ts';

export const REQUEST_ID = 'x-request-id';

/** Headers of every response. */
export const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

export type HeaderFields = { readonly [name: string]: string };

export function json(status: number, body: unknown, headers: HeaderFields = {}): Response {
  return respond(status, writeJson(body), { 'content-type': 'application/json', ...headers });
}

/** Returns a response with JSON that is already written. */
export function writtenJson(parts: readonly (string | Uint8Array)[], headers: HeaderFields = {}): Response {
  const bytes = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return respond(200, bytes, { 'content-type': 'application/json', ...headers });
}

/** Returns the response to a client that has gone, for the log and the metrics: nothing is sent. 499 as in the logs of nginx. */
export function clientGone(): Response {
  return respond(499, null, {});
}

/** What `respond` made a response of: its own properties would be built on first use. */
export interface ResponseParts {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
}

const PARTS = Symbol('parts');

/** Returns the parts of a response that `respond` made; undefined for any other. Later changes of its headers are not in them. */
export function partsOf(response: Response & { readonly [PARTS]?: ResponseParts }): ResponseParts | undefined {
  return response[PARTS];
}

export function respond(status: number, body: ResponseParts['body'], headers: HeaderFields): Response {
  // Added here and not to a finished response, whose Headers object would cost more than a signature check.
  const id = currentRequest()?.id;
  const own = id === undefined ? headers : { [REQUEST_ID]: id, ...headers };
  return responseOf({ status, headers: { ...COMMON_HEADERS, ...own }, body });
}

/** Returns the response with further values of headers. */
export function withFields(response: Response, fields: HeaderFields): Response {
  const parts = partsOf(response);
  if (parts === undefined) throw new TypeError('only a response of `respond` takes further headers');
  const headers = { ...parts.headers };
  for (const [name, value] of Object.entries(fields))
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  return responseOf({ ...parts, headers });
}

function responseOf(parts: ResponseParts): Response {
  const { status, headers, body } = parts;
  return Object.assign(new Response(body, { status, headers }), { [PARTS]: parts });
}
