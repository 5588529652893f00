// The response headers, each described once. A `required` header is always present where it is named.

import type { Header, Reference } from './model.ts';

const text = { type: 'string' } as const;

export const HEADERS = {
  Location: {
    required: true,
    description: 'The path of the execution.',
    schema: { type: 'string', format: 'uri-reference' },
    example: '/v1/executions/order-4711',
  },
  'Retry-After': {
    required: true,
    description: 'When to look or try again, in seconds.',
    schema: { type: 'integer', minimum: 0 },
    example: 5,
  },
  'Preference-Applied': {
    description: 'The `Prefer: wait` that was applied (RFC 7240); absent without one.',
    schema: { type: 'string', pattern: '^wait=\\d+$' },
    example: 'wait=30',
  },
  Vary: {
    required: true,
    description: 'The request header that the response depends on.',
    schema: text,
    example: 'Prefer',
  },
  'Idempotent-Replayed': {
    description: '`true` if the request was sent before and nothing new was accepted.',
    schema: { type: 'string', const: 'true' },
    example: 'true',
  },
  RateLimit: {
    description: 'The rest of the limit, and the seconds until there is more (IETF draft).',
    schema: text,
    example: '"submissions";r=0;t=1',
  },
  'RateLimit-Policy': {
    description: 'The limit: how many (`q`) in how many seconds (`w`) (IETF draft).',
    schema: text,
    example: '"submissions";q=50;w=1',
  },
  'WWW-Authenticate': {
    required: true,
    description: 'How to authenticate.',
    schema: text,
    example: 'Basic realm="cxone-callback-receiver", charset="UTF-8", Bearer realm="cxone-callback-receiver"',
  },
  Accept: { description: 'The supported media type.', schema: text, example: 'application/json' },
  'Accept-Encoding': { description: 'The supported encoding.', schema: text, example: 'identity' },
  Allow: { description: 'The methods of this path.', schema: text, example: 'GET, HEAD, OPTIONS' },
  ETag: {
    required: true,
    description: 'Changes with the content; send it back as `If-None-Match`.',
    schema: text,
    example: '"2f4c1b"',
  },
  'X-Accel-Buffering': {
    required: true,
    description: 'Asks proxies not to buffer the stream.',
    schema: { type: 'string', const: 'no' },
    example: 'no',
  },
  'Content-Security-Policy': {
    required: true,
    description: 'The page runs no script and loads nothing.',
    schema: text,
    example: "default-src 'none'",
  },
} as const satisfies Record<string, Header>;

export type HeaderName = keyof typeof HEADERS;

export function headers(...names: readonly HeaderName[]): Record<string, Reference> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
