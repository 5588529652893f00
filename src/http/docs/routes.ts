// GET /openapi.json and GET /docs: the description of the API, for programs and for people.

import { serveCompressedText } from '../middleware/cached-text.ts';
import { serversAt } from '../openapi/document.ts';
import { headers } from '../openapi/headers.ts';
import type { Document } from '../openapi/model.ts';
import { type ApiOperation, parameter } from '../openapi/operation.ts';
import { documentationPage, POLICY } from './page.ts';

const COMPRESSED = {
  'Content-Encoding': {
    description: 'The content is compressed, for clients that accept it; absent for others.',
    schema: { type: 'string', const: 'gzip' },
    example: 'gzip',
  },
} as const;

/** `document` returns the document that these operations are part of. */
export function documentationOperations(document: () => Document): readonly ApiOperation[] {
  // The same for all listeners, so that it is made once.
  const page = serveCompressedText(() => documentationPage(document()), {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': POLICY,
  });
  const common = { method: 'get', tag: 'Service', access: 'open', parameters: [parameter('IfNoneMatch')] } as const;
  return [
    {
      ...common,
      operationId: 'getOpenApi',
      path: '/openapi.json',
      summary: 'This document',
      responses: {
        '200': {
          description: 'OpenAPI 3.1.',
          headers: { ...headers('ETag', 'Vary'), ...COMPRESSED },
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: { openapi: { type: 'string' }, info: { type: 'object' }, paths: { type: 'object' } },
                required: ['openapi', 'info', 'paths'],
                additionalProperties: true,
              },
            },
          },
        },
        '304': { description: 'Unchanged.', headers: { ...headers('ETag', 'Vary'), ...COMPRESSED } },
      },
      create: ({ access: { basePath } }) =>
        serveCompressedText(() => JSON.stringify({ ...document(), servers: serversAt(basePath || '/') }), {
          'content-type': 'application/json',
        }),
    },
    {
      ...common,
      operationId: 'getDocumentation',
      path: '/docs',
      summary: 'This document as a page',
      responses: {
        '200': {
          description:
            'A page with search, and forms that call this receiver with your key. It works without its script.',
          headers: { ...headers('ETag', 'Vary', 'Content-Security-Policy'), ...COMPRESSED },
          content: { 'text/html': { schema: { type: 'string' } } },
        },
        '304': {
          description: 'Unchanged.',
          headers: { ...headers('ETag', 'Vary', 'Content-Security-Policy'), ...COMPRESSED },
        },
      },
      create: () => page,
    },
  ];
}
