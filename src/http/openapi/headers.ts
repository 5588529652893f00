// The response headers, each described once. A `required` header is always present where it is named.

import type { Header, Reference, Schema } from './model.ts';

function header(description: string, example: string, schema: Schema = { type: 'string' }): Header {
  return { description, schema, example };
}

export const HEADERS = {
  Location: {
    ...header('The path of the resource.', '/v1/executions/order-4711', { type: 'string', format: 'uri-reference' }),
    required: true,
  },
  'Retry-After': {
    required: true,
    description: 'When to look or try again, in seconds.',
    schema: { type: 'integer', minimum: 0 },
    example: 5,
  },
  'Preference-Applied': header('The `Prefer: wait` that was applied (RFC 7240); absent without one.', 'wait=30', {
    type: 'string',
    pattern: '^wait=\\d+$',
  }),
  Link: header(
    'The next page, with `rel="next"` (RFC 8288); absent at the end.',
    '<?cursor=MjAw&limit=200>; rel="next"',
  ),
  Vary: { ...header('The request header that the response depends on.', 'Prefer'), required: true },
  'Idempotent-Replayed': header('`true` if the request was sent before and nothing new was accepted.', 'true', {
    type: 'string',
    const: 'true',
  }),
  RateLimit: header(
    'The rest of the limit, and the seconds until there is more (IETF draft).',
    '"submissions";r=0;t=1',
  ),
  'RateLimit-Policy': header(
    'The limit: how many (`q`) in how many seconds (`w`) (IETF draft).',
    '"submissions";q=50;w=1',
  ),
  'WWW-Authenticate': {
    ...header(
      'How to authenticate.',
      'Basic realm="cxone-callback-receiver", charset="UTF-8", Bearer realm="cxone-callback-receiver"',
    ),
    required: true,
  },
  Accept: header('The supported media type.', 'application/json'),
  'Accept-Encoding': header('The supported encoding.', 'identity'),
  Allow: header('The methods of this path.', 'GET, HEAD, OPTIONS'),
  ETag: { ...header('Changes with the content; send it back as `If-None-Match`.', '"2f4c1b"'), required: true },
  'X-Accel-Buffering': {
    ...header('Asks proxies not to buffer the stream.', 'no', { type: 'string', const: 'no' }),
    required: true,
  },
  'Content-Encoding': {
    ...header('Asks proxies not to compress the stream.', 'identity', { type: 'string', const: 'identity' }),
    required: true,
  },
  'Content-Security-Policy': {
    ...header('The page runs no script and loads nothing.', "default-src 'none'"),
    required: true,
  },
} as const satisfies Record<string, Header>;

export type HeaderName = keyof typeof HEADERS;

export function headers(...names: readonly HeaderName[]): Record<string, Reference> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
