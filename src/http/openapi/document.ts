// The OpenAPI 3.1 document of the API, made from the list of its operations.

import { readFileSync } from 'node:fs';
import { WEBHOOKS } from '../notifications/messages.ts';
import { componentSchemas } from './components.ts';
import { HEADERS } from './headers.ts';
import type { Components, Document, PathItem } from './model.ts';
import { type ApiOperation, operationObject } from './operation.ts';
import { PARAMETERS } from './parameters.ts';
import { problemResponseComponents } from './problems.ts';

interface Package {
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

// Read at run time, not imported: the path is the same from src/ and from dist/.
const PACKAGE: Package = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

const DESCRIPTION = [
  'Submit a Data Action and get a response at once. Learn its outcome by polling, by waiting, from a stream of events or from a webhook.',
  'Keys go into `Authorization: Bearer KEY`. An app sees only its own executions, an operator those of all apps. An unknown id and the id of another app get the same 404. Operators are administrators or readers: a reader sees the same and changes nothing (403).',
  'Errors are problem details (RFC 9457): `type` identifies the problem, `detail` states what is wrong and how to correct it. Times are ISO 8601 in UTC. Numbers keep every digit they came with.',
  'Besides the headers named here, every response has `X-Content-Type-Options: nosniff` and, except for this document and its page, `Cache-Control: no-store`. Every path that supports GET supports HEAD. Another method gets 405 (`method-not-allowed`), and OPTIONS gets 204, each with `Allow`. Objects in responses may get more members: ignore those you do not know.',
  'Every response has an `X-Request-ID`: that of the request (letters, digits, `.`, `_`, `~`, `-`, at most 128), else a new one. Every line of the log about the request names it. A request that is refused before it is read has none: a malformed one (400 `bad-request`, 408, 431), or one of too many at a time (503 with `Connection: close`).',
].join('\n\n');

const TAGS = [
  { name: 'Executions', description: 'Submitting, reading and cancelling executions.' },
  { name: 'Live', description: 'Following events as server-sent events.' },
  { name: 'Notifications', description: 'The notifications to your app, and sending them again.' },
  { name: 'Operators', description: 'Repairs by administrators, with a key from OPERATOR_KEYS.' },
  { name: 'Service', description: 'Health, metrics and this document.' },
  { name: 'Callbacks', description: 'Requests from CXone to the receiver.' },
  { name: 'Webhooks', description: 'Requests from the receiver to your app (Standard Webhooks).' },
] as const;

const SECURITY_SCHEMES = {
  appKey: { type: 'http', scheme: 'bearer', description: 'The key of an app, from APP_KEYS.' },
  operatorKey: { type: 'http', scheme: 'bearer', description: 'The key of an administrator, from OPERATOR_KEYS.' },
  operatorBasic: { type: 'http', scheme: 'basic', description: 'The same for a browser: name and key.' },
  readerKey: { type: 'http', scheme: 'bearer', description: 'The key of a reader, from READER_KEYS.' },
  readerBasic: { type: 'http', scheme: 'basic', description: 'The same for a browser: name and key.' },
} as const;

export function describeOperations(operations: readonly ApiOperation[]): Document {
  const paths = pathsOf(operations);
  const responses = problemResponseComponents();
  return {
    openapi: '3.1.0',
    info: {
      title: 'CXone callback receiver',
      version: PACKAGE.version,
      summary: PACKAGE.description,
      description: DESCRIPTION,
      license: { name: PACKAGE.license, identifier: PACKAGE.license },
    },
    servers: serversAt('/'),
    tags: TAGS,
    paths,
    webhooks: WEBHOOKS,
    components: {
      schemas: componentSchemas(),
      parameters: PARAMETERS,
      headers: used(HEADERS, 'headers', [paths, responses]),
      responses: used(responses, 'responses', [paths, responses]),
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

/** `path` is the path at which the receiver is served. */
export function serversAt(path: string): Document['servers'] {
  return [{ url: path, description: 'The receiver that serves this document.' }];
}

/** Operations by path and method. An operation that is a callback of another one stands there. */
function pathsOf(operations: readonly ApiOperation[]): Record<string, PathItem> {
  const nested = new Set(operations.flatMap(({ callbacks = {} }) => Object.values(callbacks).flatMap(Object.keys)));
  const byPath = Map.groupBy(operations, ({ path }) => path);
  // promise: openapi-has-each-route
  const ownPaths = [...byPath].filter(([path]) => !nested.has(path));
  return Object.fromEntries(
    ownPaths.map(([path, group]) => [
      path,
      Object.fromEntries(group.map((each) => [each.method, operationObject(each)])),
    ]),
  );
}

/** Leaves out components that nothing refers to. */
function used<T>(
  components: { readonly [name: string]: T },
  kind: keyof Components,
  referrers: unknown,
): Record<string, T> {
  const text = JSON.stringify(referrers);
  const isUsed = (name: string) => text.includes(`{"$ref":"#/components/${kind}/${name}"}`);
  return Object.fromEntries(Object.entries(components).filter(([name]) => isUsed(name)));
}
