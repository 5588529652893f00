// The OpenAPI document: valid, and complete.

import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { SmartRouter } from 'hono/router/smart-router';
import { expect, test, vi } from 'vitest';
import { flatRule } from '../../../src/http/openapi/components.ts';
import type { Schema } from '../../../src/http/openapi/model.ts';
import { openApiDocument } from '../../../src/http/operations.ts';
import { PROBLEMS } from '../../../src/http/response/problem.ts';
import { startHttp } from '../harness.ts';
import { operationsOf } from './conformance.ts';

const DOCUMENT = openApiDocument();
const TEXT = JSON.stringify(DOCUMENT);

test('its schemas are JSON Schema 2020-12, down to each keyword and format', () => {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
  addFormats.default(ajv);
  // What OpenAPI adds to JSON Schema, and where the schemas live in it.
  ajv.addVocabulary(['components', 'info', 'openapi', 'paths', 'security', 'servers', 'tags', 'webhooks']);
  ajv.addSchema({ components: DOCUMENT.components }, 'openapi');
  for (const [name, schema] of Object.entries(DOCUMENT.components.schemas)) {
    expect(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`).toBe(true);
    expect(() => ajv.compile({ $ref: `openapi#/components/schemas/${name}` }), name).not.toThrow();
  }
});

test.for([
  ['https://hooks.example', true],
  ['http://[::1]:8080', true],
  ['https://hooks.example/', false],
  ['https://HOOKS.example', false],
  ['hooks.example', false],
] as const)('the schema of an origin states whether "%s" may be one', ([text, may]) => {
  const ajv = new Ajv2020();
  const properties = DOCUMENT.components.schemas['EndpointOrder']?.['properties'] as {
    readonly [name: string]: Schema;
  };
  expect(ajv.validate(properties['origin'] ?? false, text)).toBe(may);
});

test('no member has its default next to its type: generators of types would require it in requests', () => {
  const members = Object.entries(DOCUMENT.components.schemas).flatMap(([name, { properties = {} }]) =>
    Object.entries(properties as { [name: string]: Schema }).map(([member, rule]) => ({
      of: `${name}.${member}`,
      rule,
    })),
  );
  expect(members.filter(({ rule }) => 'default' in rule)).toEqual([]);
  expect(members.filter(({ rule }) => 'default' in flatRule(rule)).map(({ of }) => of)).toEqual(
    expect.arrayContaining(['Submission.inputs', 'Submission.timeoutSeconds', 'Batch.atomic', 'Replay.status']),
  );
});

/** Pages for people do not belong to the API. */
const PAGES = [
  'GET /',
  'GET /console/executions',
  'GET /console/executions/{correlationId}',
  'POST /console/executions/{correlationId}/reveal',
  'GET /console/executions/{correlationId}/poll',
  'POST /console/executions/{correlationId}/poll',
  'GET /console/executions/{correlationId}/cancel',
  'POST /console/executions/{correlationId}/cancel',
  'GET /console/notifications',
  'GET /console/callbacks',
  'GET /console/callbacks/hours.csv',
  'GET /console/actions',
  'GET /console/actions/{actionId}',
  'GET /console/actions/{actionId}/plots.csv',
  'GET /console/activity',
  'GET /console/notifications/{id}/replay',
  'POST /console/notifications/{id}/replay',
  'GET /console/login',
  'POST /console/login',
  'POST /console/logout',
  'GET /console/incidents',
  'GET /console/incidents/{id}/acknowledge',
  'POST /console/incidents/{id}/acknowledge',
  'GET /console/runbook/{cause}',
  'GET /console/pauses',
  'GET /console/pauses/pause',
  'POST /console/pauses/pause',
  'GET /console/pauses/resume',
  'POST /console/pauses/resume',
  'GET /console/endpoints',
  ...['pause', 'resume', 'probe'].flatMap((action) =>
    ['GET', 'POST'].map((method) => `${method} /console/endpoints/${action}`),
  ),
  'GET /console/pause/lift',
  'POST /console/pause/lift',
  'GET /console/all/poll',
  'POST /console/all/poll',
  'GET /console/all/cancel',
  'POST /console/all/cancel',
  'GET /console/all/erase',
  'POST /console/all/erase',
  ...['erase', 'hold', 'release', 'resubmit'].flatMap((action) =>
    ['GET', 'POST'].map((method) => `${method} /console/executions/{correlationId}/${action}`),
  ),
  'GET /console/all/replay',
  'POST /console/all/replay',
  'GET /console/selected',
  'POST /console/selected',
  'GET /console/signals',
  'GET /console/scripts/{name}',
  'GET /console/style.css',
  'GET /console/script.js',
  'GET /console/icon.svg',
];

test('every route but the pages is in it, and every operation of it is a route', async () => {
  const add = vi.spyOn(SmartRouter.prototype, 'add');
  await using http = await startHttp();
  const routes = add.mock.calls.map(([method, path]) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
  add.mockRestore();
  expect(http.url).not.toBe('');
  const documented = operationsOf(DOCUMENT).map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect([...documented, ...PAGES].sort()).toEqual(routes.sort());
  expect(routes.length).toBeGreaterThan(10);
});

test('every problem is in it, with its status and title', () => {
  const { schemas } = DOCUMENT.components;
  const documented = Object.values(schemas).flatMap(({ properties }) => {
    const { type, title, status } = (properties ?? {}) as { readonly [name: string]: { readonly const?: unknown } };
    return type?.const === undefined || title === undefined ? [] : [[type.const, status?.const, title.const]];
  });
  const answered = Object.entries(PROBLEMS).map(([name, [status, title]]) => [problemType(name), status, title]);
  // A method that a path does not support is not an operation: the description covers it.
  const [notAllowed] = answered.splice(
    answered.findIndex(([type]) => type === problemType('method-not-allowed')),
    1,
  );
  expect(documented).toEqual(answered);
  expect(notAllowed?.[1]).toBe(405);
  expect(DOCUMENT.info.description).toContain('`method-not-allowed`');
  const { properties: ofAny } = schemas['Problem'] as { properties: { type: { enum: string[] } } };
  expect(ofAny.type.enum).toEqual(Object.keys(PROBLEMS).map(problemType));
});

test('anyone gets it from the port of the apps, and only what is new', async () => {
  await using http = await startHttp({ role: 'apps' });
  const answer = await http.call('GET', '/openapi.json', { key: null });
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual(JSON.parse(TEXT));
  expect(answer.headers.get('cache-control')).toBe('no-cache');
  const etag = answer.headers.get('etag') ?? '';
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await http.call('GET', '/openapi.json', { key: null, headers: { 'if-none-match': known } });
    expect([known, again.status, again.text]).toEqual([known, 304, '']);
  }
  const other = await http.call('GET', '/openapi.json', { key: null, headers: { 'if-none-match': '"other"' } });
  expect(other.status).toBe(200);
});

test('the webhook port has neither the document nor its page', async () => {
  await using http = await startHttp({ role: 'webhook' });
  for (const path of ['/openapi.json', '/docs']) expect((await http.call('GET', path)).status).toBe(404);
});

function problemType(name: string): string {
  return `urn:cxone-callback-receiver:problem:${name}`;
}
