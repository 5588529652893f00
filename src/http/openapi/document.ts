// The OpenAPI 3.1 document of the about. It needs no service to be running.

import { readFileSync } from 'node:fs';
import { HEADERS } from './headers.ts';
import type { Components, Document, PathItem } from './model.ts';
import * as about from './operations/about.ts';
import * as actions from './operations/actions.ts';
import { tokens } from './operations/callback-token.ts';
import * as executions from './operations/executions.ts';
import * as notifications from './operations/notifications.ts';
import * as reconciliations from './operations/reconciliations.ts';
import * as submissions from './operations/submissions.ts';
import { PARAMETERS } from './parameters.ts';
import { problemResponseComponents } from './problems.ts';
import { componentSchemas } from './schemas.ts';
import { webhooks } from './webhooks.ts';

interface Package {
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

// Read, not imported: what is emitted into dist/ finds it in the same place.
const PACKAGE: Package = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

const DESCRIPTION = [
  'Submit a Data Action and be answered at once; learn what became of it by asking, by waiting, by a stream of events or by a webhook.',
  'Keys go into `Authorization: Bearer KEY`. An app sees only its own executions, an operator those of all apps; an unknown id and one of another app are the same 404. Operators are administrators or readers: a reader sees the same and changes nothing (403).',
  'Errors are problem details (RFC 9457): `type` says which problem it is, `detail` what is wrong and how to put it right. Times are ISO 8601 in UTC. Numbers keep every digit they came with.',
  'Besides what is named here, every answer has `X-Content-Type-Options: nosniff` and, but for this document and its page, `Cache-Control: no-store`. Whatever answers GET answers HEAD as well; another method is answered 405 (`method-not-allowed`), and OPTIONS 204, each with `Allow`. Objects in answers may get more members: ignore those you do not know.',
  'Every answer has an `X-Request-ID`: the one that came with the request (letters, digits, `.`, `_`, `~`, `-`, at most 128), else a new one. The log of the receiver names it in every line about the request.',
].join('\n\n');

const TAGS = [
  { name: 'Executions', description: 'Submitting, looking, giving up.' },
  { name: 'Live', description: 'Following what happens, as server-sent events.' },
  { name: 'Notifications', description: 'What your app was told of executions, and sending it again.' },
  { name: 'Operators', description: 'Repairing, for administrators: the keys in OPERATOR_KEYS.' },
  { name: 'Service', description: 'Health, metrics and this document.' },
  { name: 'Callbacks', description: 'What CXone posts to the receiver.' },
  { name: 'Webhooks', description: 'What the receiver posts to your app (Standard Webhooks).' },
] as const;

const PATHS: { readonly [path: string]: PathItem } = {
  '/v1/executions': { get: executions.list, post: submissions.submit },
  '/v1/executions/batch': { post: submissions.submitBatch },
  '/v1/executions/poll': { post: actions.pollMany },
  '/v1/executions/cancel': { post: actions.cancelMany },
  '/v1/executions/{correlationId}': { get: executions.get },
  '/v1/executions/{correlationId}/audit': { get: executions.audit },
  '/v1/executions/{correlationId}/cancel': { post: executions.cancel },
  '/v1/executions/{correlationId}/poll': { post: actions.poll },
  '/v1/executions/{correlationId}/events': { get: executions.follow },
  // promise: openapi-has-each-route
  '/v1/events': { get: executions.followAll },
  '/v1/notifications': { get: notifications.list },
  '/v1/notifications/replay': { post: notifications.replayMany },
  '/v1/notifications/secrets': { get: notifications.secrets },
  '/v1/notifications/{id}': { get: notifications.get },
  '/v1/notifications/{id}/replay': { post: notifications.replayOne },
  '/v1/reconciliations': { post: reconciliations.start },
  '/v1/reconciliations/{id}': { get: reconciliations.get },
  '/livez': { get: about.live },
  '/readyz': { get: about.ready },
  '/metrics': { get: about.metrics },
  '/openapi.json': { get: about.document },
  '/docs': { get: about.docs },
  ...tokens,
};

export function openApiDocument(): Document {
  return {
    openapi: '3.1.0',
    info: {
      title: 'CXone callback receiver',
      version: PACKAGE.version,
      summary: PACKAGE.description,
      description: DESCRIPTION,
      license: { name: PACKAGE.license, identifier: PACKAGE.license },
    },
    servers: [{ url: '/', description: 'Where this document was read.' }],
    tags: TAGS,
    paths: PATHS,
    webhooks,
    components: {
      schemas: componentSchemas(),
      parameters: PARAMETERS,
      headers: used(HEADERS, 'headers'),
      responses: used(problemResponseComponents(), 'responses'),
      securitySchemes: {
        appKey: { type: 'http', scheme: 'bearer', description: 'The key of an app, from APP_KEYS.' },
        operatorKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'The key of an operator who is an administrator, from OPERATOR_KEYS.',
        },
        operatorBasic: { type: 'http', scheme: 'basic', description: 'The same for a browser: name and key.' },
        readerKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'The key of an operator who only looks, from READER_KEYS.',
        },
        readerBasic: { type: 'http', scheme: 'basic', description: 'The same for a browser: name and key.' },
      },
    },
  };
}

/** Without those that nothing refers to, such as the answer for a problem that only ever comes among others of its status. */
function used<T>(components: { readonly [name: string]: T }, kind: keyof Components): Record<string, T> {
  const text = JSON.stringify([PATHS, problemResponseComponents()]);
  const isUsed = (name: string) => text.includes(`{"$ref":"#/components/${kind}/${name}"}`);
  return Object.fromEntries(Object.entries(components).filter(([name]) => isUsed(name)));
}
