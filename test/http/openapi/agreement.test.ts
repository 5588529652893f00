// The document and the validators agree: what the one allows, the other accepts, and the other way round.

import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/execution/json.ts';
import { parseBatch } from '../../../src/http/executions/batch-schema.ts';
import { parseListQuery, parseSelection } from '../../../src/http/executions/query.ts';
import { parseSubmission } from '../../../src/http/executions/submission-schema.ts';
import type { Identity } from '../../../src/http/middleware/identity.ts';
import { parseNotificationQuery, parseReplay } from '../../../src/http/notifications/query.ts';
import { flatRule } from '../../../src/http/openapi/components.ts';
import type { Parameter, Schema } from '../../../src/http/openapi/model.ts';
import { openApiDocument } from '../../../src/http/operations.ts';
import { operationsOf } from './conformance.ts';

const DOCUMENT = openApiDocument();
const OPERATOR: Identity = { kind: 'operator', name: 'alice', role: 'administrator' };

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
ajv.addSchema(JSON.parse(JSON.stringify(DOCUMENT)), 'openapi');

const isAllowed = (schema: string, body: unknown) => ajv.validate(`openapi#/components/schemas/${schema}`, body);

/** A body as it comes: numbers as they are read off the wire. */
const wire = (body: unknown): Json => JSON.parse(JSON.stringify(body));

const id = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9._~-]{1,6}$/),
  fc.constantFrom('', '.', '..', '...', 'a b', 'ü', 'a/b', '-', 'x'.repeat(128), 'x'.repeat(129)),
);
const integer = (min: number, max: number) =>
  fc.oneof(
    fc.integer({ min: min - 2, max: min + 2 }),
    fc.integer({ min: max - 2, max: max + 2 }),
    fc.constantFrom(min + 0.5),
  );
const object = fc.oneof(
  fc.dictionary(fc.constantFrom('a', 'callbackUrl', 'callbackurl', '__proto__'), fc.jsonValue({ maxDepth: 2 }), {
    maxKeys: 3,
  }),
  fc.constantFrom([], null, 'x', 1),
);
const url = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true, validSchemes: ['http', 'https'] }),
  fc.constantFrom(
    'HTTPS://App.example/x?y=@z#@',
    'http://[::1]:8080/',
    'https://app.example',
    'https://user@app.example/',
    'https://user:password@app.example/',
    'https:app.example',
    'https:///path',
    ' https://app.example',
    'https://app.example/a b',
    'ftp://app.example/',
    'javascript:alert(1)',
    'app.example',
    `https://app.example/${'x'.repeat(2027)}`,
    `https://app.example/${'x'.repeat(2029)}`,
  ),
);
/** Something of another type, now and then. */
const mostly = (right: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) });
const words = fc.constantFrom('', 'x', 'cx-1', '50 % of "it"', 'ü', 'x'.repeat(256), 'x'.repeat(257));
const time = fc.oneof(
  fc.date({ min: new Date(0), max: new Date('2099-01-01'), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom(
    '2026-01-31',
    '2026-01-31T12:00+01:00',
    '2026-01-31t12:00z',
    '2026-01-31 12:00',
    'yesterday',
    '20260131',
    '2026-1-31',
  ),
);

const submission = fc.record(
  {
    actionId: mostly(id),
    inputs: mostly(object),
    context: mostly(object),
    correlationId: mostly(id),
    timeoutSeconds: mostly(integer(5, 120)),
    graceSeconds: mostly(integer(0, 86_400)),
    retryUncertain: mostly(fc.boolean()),
    priority: mostly(integer(0, 9)),
    notifyUrl: mostly(url),
    timeout: fc.constant(5),
  },
  { requiredKeys: [] },
);

const BODIES: readonly (readonly [string, fc.Arbitrary<unknown>, (body: Json) => { readonly valid: boolean }])[] = [
  // Most have one field beside the required one, so that no other mistake hides what is made of it.
  ['Submission', fc.oneof(submission, oneFieldOf(submission)), parseSubmission],
  [
    'Batch',
    fc.record(
      {
        executions: mostly(
          fc.constantFrom(...[0, 1, 2, 1000, 1001].map((count) => Array(count).fill({ actionId: 'a' }))),
        ),
        atomic: mostly(fc.boolean()),
        more: fc.constant(1),
      },
      { requiredKeys: [] },
    ),
    parseBatch,
  ],
  [
    'Selection',
    fc.record(
      {
        status: mostly(fc.constantFrom('OPEN', 'PENDING', 'COMPLETED', 'open')),
        actionId: mostly(id),
        app: mostly(id),
        id: mostly(id),
        executionId: mostly(words),
        text: mostly(words),
        from: mostly(time),
        to: mostly(time),
        limit: fc.constant(5),
      },
      { requiredKeys: [] },
    ),
    parseSelection,
  ],
  [
    'Replay',
    fc.record(
      {
        status: mostly(fc.constantFrom('DEAD', 'DELIVERED', 'PENDING', 'dead')),
        type: mostly(fc.constantFrom('execution.completed', 'execution.late_result', 'execution')),
        correlationId: mostly(id),
        app: mostly(id),
        from: mostly(time),
        to: mostly(time),
        limit: fc.constant(5),
      },
      { requiredKeys: [] },
    ),
    (body) => parseReplay(body, OPERATOR),
  ],
];

/** The same, but with all its other fields left out and the required one right. */
function oneFieldOf(bodies: fc.Arbitrary<object>): fc.Arbitrary<unknown> {
  return fc.tuple(bodies, fc.nat()).map(([body, which]) => {
    const fields = Object.entries(body);
    return Object.fromEntries([['actionId', 'a'], ...fields.slice(which % (fields.length || 1)).slice(0, 1)]);
  });
}

/** A period that ends before it begins. */
function isReversed(body: unknown): boolean {
  const { from, to } = (body ?? {}) as { readonly from?: unknown; readonly to?: unknown };
  return typeof from === 'string' && typeof to === 'string' && Date.parse(from) > Date.parse(to);
}

test.for(BODIES)('%s: both accept the same bodies', ([name, bodies, parse]) => {
  const allowed = ajv.compile(unitemized(name));
  const verdicts = new Set<boolean>();
  const sent = fc.oneof({ weight: 20, arbitrary: bodies }, { weight: 1, arbitrary: fc.jsonValue() }).map(wire);
  const property = fc.property(sent, (body) => {
    fc.pre(!isReversed(body));
    const accepted = parse(body).valid;
    verdicts.add(accepted);
    expect(allowed(body), JSON.stringify(body).slice(0, 500)).toBe(accepted);
  });
  fc.assert(property, { numRuns: 1500 });
  expect(verdicts.size).toBe(2);
});

/** What a list of submissions holds is said of each of them: a bad one is refused alone, not with the batch. */
function unitemized(name: string): object {
  const { properties = {}, ...schema } = structuredClone(DOCUMENT.components.schemas[name]) as {
    readonly properties?: { [name: string]: { items?: unknown } };
  };
  for (const property of Object.values(properties)) delete property.items;
  return { ...schema, properties };
}

test('an item of a batch is what a submission is', () => {
  const { properties } = DOCUMENT.components.schemas['Batch'] as { properties: { executions: Schema } };
  expect(properties.executions['items']).toEqual({ $ref: '#/components/schemas/Submission' });
});

const cursor = fc.constantFrom(Buffer.from('019c1405-7a00-7000-8000-000000000001').toString('base64url'));
const limit = fc.integer({ min: -1, max: 203 }).map(String);
const word = fc.constantFrom(
  'OPEN',
  'QUEUED',
  'DEAD',
  'PENDING',
  'COMPLETED',
  'execution.failed',
  'queued',
  'execution',
);

const QUERIES = [
  [
    'listExecutions',
    { status: word, actionId: id, app: id, id, executionId: words, text: words, from: time, to: time, limit, cursor },
    (query: URLSearchParams) => parseListQuery(query, OPERATOR),
  ],
  [
    'listNotifications',
    { status: word, type: word, correlationId: id, app: id, from: time, to: time, limit },
    (query: URLSearchParams) => parseNotificationQuery(query, OPERATOR),
  ],
] as const;

test.for(QUERIES)('%s: both accept the same queries', ([operationId, parameters, parse]) => {
  const documented = queryOf(operationId);
  expect(documented.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(parameters)));
  const one = fc
    .constantFrom(...Object.entries(parameters), ['status2', word] as const)
    .chain(([name, values]) => fc.record({ name: fc.constant(name), value: values }));
  const verdicts = new Set<boolean>();
  const property = fc.property(fc.uniqueArray(one, { maxLength: 3, selector: ({ name }) => name }), (given) => {
    // A parameter without a value counts as not given.
    const said = given.filter(({ value }) => value !== '');
    fc.pre(!isReversed(Object.fromEntries(said.map(({ name, value }) => [name, value]))));
    const allowed = said.every(({ name, value }) => {
      const schema = documented.find((parameter) => parameter.name === name)?.schema;
      return schema !== undefined && ajv.validate(schema, schema['type'] === 'integer' ? Number(value) : value);
    });
    const accepted = parse(new URLSearchParams(said.map(({ name, value }): [string, string] => [name, value]))).valid;
    verdicts.add(accepted);
    expect({ said, accepted }).toEqual({ said, accepted: allowed });
  });
  fc.assert(property, { numRuns: 1500 });
  expect(verdicts.size).toBe(2);
});

describe('what JSON Schema cannot say, and the validator refuses all the same', () => {
  const CANNOT_SAY: readonly (readonly [string, string, unknown])[] = [
    ['half of a surrogate pair in a payload', 'Submission', { actionId: 'a', inputs: { text: '\ud800' } }],
    ['a URL that has the looks of one but is none', 'Submission', { actionId: 'a', notifyUrl: 'https://[::1/' }],
    [
      'a length in UTF-16 code units',
      'Submission',
      { actionId: 'a', notifyUrl: `https://app.example/${'😀'.repeat(1020)}` },
    ],
    ['a day that the month does not have', 'Replay', { from: '2026-02-30' }],
    ['a period that ends before it begins', 'Replay', { from: '2026-02-02', to: '2026-02-01' }],
  ];

  test.for(CANNOT_SAY)('%s', ([, name, body]) => {
    const [, , parse] = BODIES.find(([schema]) => schema === name) ?? [];
    expect(isAllowed(name, body)).toBe(true);
    expect(parse?.(body as Json).valid).toBe(false);
  });

  test('a cursor that was never given out', () => {
    const schema = queryOf('listExecutions').find(({ name }) => name === 'cursor')?.schema as Schema;
    expect(ajv.validate(schema, 'abc')).toBe(true);
    expect(parseListQuery(new URLSearchParams({ cursor: 'abc' }), OPERATOR).valid).toBe(false);
  });
});

test('every example of a body is one that is accepted', () => {
  const accepted = operationsOf(DOCUMENT).flatMap(({ operation }) => {
    const media = operation.requestBody?.content['application/json'];
    const name = String(media?.schema['$ref']).split('/').at(-1);
    const [, , parse] = BODIES.find(([schema]) => schema === name) ?? [];
    return parse === undefined ? [] : Object.values(media?.examples ?? {}).map(({ value }) => parse(wire(value)).valid);
  });
  expect(accepted.length).toBeGreaterThan(4);
  expect(accepted).not.toContain(false);
});

test('a default that the document names is the one that is taken', () => {
  const parsed = parseSubmission({ actionId: 'a' });
  const { properties } = DOCUMENT.components.schemas['Submission'] as { properties: { [name: string]: Schema } };
  const rules = Object.entries(properties).map(([name, rule]) => [name, flatRule(rule)] as const);
  const named = rules.filter(([, rule]) => 'default' in rule);
  expect(named.length).toBeGreaterThan(3);
  expect(parsed).toMatchObject({
    valid: true,
    value: Object.fromEntries(named.map(([name, rule]) => [name, rule['default']])),
  });
  const limits = queryOf('listExecutions').find(({ name }) => name === 'limit')?.schema;
  expect(parseListQuery(new URLSearchParams(), OPERATOR)).toMatchObject({
    valid: true,
    value: { limit: limits?.['default'] },
  });
});

function queryOf(operationId: string): Parameter[] {
  const { operation } = operationsOf(DOCUMENT).find((one) => one.operation.operationId === operationId) ?? {};
  return (operation?.parameters ?? []).flatMap((one) => ('in' in one && one.in === 'query' ? [one] : []));
}
