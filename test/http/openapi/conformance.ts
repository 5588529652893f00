// Holds real answers to the OpenAPI document, and remembers which of the answers that it promises were seen.

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Document, Header, Operation, PathItem, ResponseObject } from '../../../src/http/openapi/model.ts';

export interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** On every answer (the document says so in its description), or of HTTP itself. */
const COMMON = [
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
  'x-content-type-options',
  'x-request-id',
];
/** On every answer to an app with a rate of its own, as the description of the two operations says. */
const OF_RATES = ['ratelimit', 'ratelimit-policy'];
const RATED = ['submitExecution', 'submitBatch'];

export interface Placed {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly operation: Operation;
}

/** All operations that can be called: those of the paths and those of the callbacks. */
export function operationsOf({ paths }: Pick<Document, 'paths'>): Placed[] {
  const own = Object.entries(paths).flatMap(([path, item]) => ofItem(path, item));
  const called = own.flatMap(({ operation }) => Object.values(operation.callbacks ?? {}));
  return [...own, ...called.flatMap((items) => Object.entries(items).flatMap(([path, item]) => ofItem(path, item)))];
}

function ofItem(path: string, item: PathItem): Placed[] {
  return (['get', 'post'] as const).flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [{ method, path, operation }];
  });
}

export interface Conformance {
  /** @throws {Error} when the answer is not as documented. */
  check(operationId: string, answer: Seen): void;
  /** @throws {Error} when the value does not fit the schema. */
  mustFit(schema: unknown, value: unknown, what: string): void;
  /** The promises of the document that no test has seen: operation, status, and type of problem. */
  missing(): string[];
  /** What the problems of this type said. */
  details(type: string): string[];
}

export function createConformance(document: Document): Conformance {
  const mustFit = createFit(document);
  const seen = new Set<string>();
  const details = new Map<string, Set<string>>();
  const operations = new Map(operationsOf(document).map(({ operation }) => [operation.operationId, operation]));

  return {
    check: (id, answer) => {
      const { status, text } = answer;
      const reference = operations.get(id)?.responses[String(status)];
      if (reference === undefined)
        throw new Error(`${id} answered ${status}, which the document does not name: ${text}`);
      const documented = resolve<ResponseObject>(document, reference);
      checkHeaders(document, id, documented, answer, mustFit);
      const { kind, said } = checkBody(id, documented, answer, mustFit);
      seen.add(`${id} ${status} ${kind}`);
      details.set(kind, (details.get(kind) ?? new Set()).add(said));
    },
    mustFit,
    missing: () => promises(document).filter((one) => !seen.has(one)),
    details: (type) => [...(details.get(type) ?? [])],
  };
}

function promises(document: Document): string[] {
  return operationsOf(document).flatMap(({ operation: { operationId, responses } }) =>
    Object.entries(responses).flatMap(([status, answer]) =>
      kindsOf(resolve<ResponseObject>(document, answer)).map((kind) => `${operationId} ${status} ${kind}`),
    ),
  );
}

function createFit(document: Document): Conformance['mustFit'] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // Members that are not documented, which apps must ignore, are an error here.
  ajv.addSchema(tightened(document) as object, 'openapi');
  const compiled = new Map<string, ValidateFunction>();
  return (schema, value, what) => {
    const key = JSON.stringify(schema);
    const validate = compiled.get(key) ?? ajv.compile(absolute(tightened(schema)) as object);
    compiled.set(key, validate);
    if (!validate(value)) throw new Error(`${what}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value)}`);
  };
}

type Fit = Conformance['mustFit'];

function checkHeaders(
  document: Document,
  id: string,
  { headers = {} }: ResponseObject,
  answer: Seen,
  mustFit: Fit,
): void {
  const what = `${id} ${answer.status}`;
  const named = Object.entries(headers).map(([name, header]) => [name, resolve<Header>(document, header)] as const);
  for (const [name, { required = false, schema }] of named) {
    const value = answer.headers.get(name);
    if (value === null && required) throw new Error(`${what} came without ${name}`);
    if (value !== null) mustFit(schema, schema['type'] === 'integer' ? Number(value) : value, `${what} ${name}`);
  }
  const known = [...COMMON, ...Object.keys(headers), ...(RATED.includes(id) ? OF_RATES : [])];
  const unknown = [...answer.headers.keys()].filter((name) => !known.some((one) => one.toLowerCase() === name));
  if (unknown.length > 0) throw new Error(`${what} came with ${unknown}, which the document does not name`);
}

/** The type of a problem and what it said; "-" for any other answer. */
function checkBody(id: string, { content }: ResponseObject, answer: Seen, mustFit: Fit) {
  const { status, headers, text } = answer;
  if (content === undefined) {
    if (text !== '') throw new Error(`${id} ${status} came with a body`);
    return { kind: '-', said: '' };
  }
  const type = headers.get('content-type')?.split(';', 1)[0] ?? '';
  const media = content[type];
  if (media === undefined) throw new Error(`${id} ${status} came as ${type}`);
  const value = type.endsWith('json') ? JSON.parse(text) : text;
  mustFit(media.schema, value, `${id} ${status}`);
  return type === 'application/problem+json' ? { kind: value.type, said: value.detail } : { kind: '-', said: '' };
}

/** The types of the problems that an answer may be; "-" for what is none. */
function kindsOf({ content = {} }: ResponseObject): string[] {
  const { 'application/problem+json': problem, ...others } = content;
  const kinds = Object.values(problem?.examples ?? {}).map(({ value }) => (value as { type: string }).type);
  return problem === undefined || Object.keys(others).length > 0 ? ['-', ...kinds] : kinds;
}

export function resolve<T>(document: Document, value: unknown): T {
  if (typeof value !== 'object' || value === null || !('$ref' in value)) return value as T;
  const steps = String(value.$ref).split('/').slice(1);
  return steps.reduce<unknown>((at, step) => (at as { [step: string]: unknown })[step], document) as T;
}

/** The same, but an object that names its members has no others. */
function tightened(value: unknown): unknown {
  return rebuilt(value, (object) =>
    object['type'] === 'object' && 'properties' in object ? { additionalProperties: false, ...object } : object,
  );
}

function absolute(value: unknown): unknown {
  return rebuilt(value, (object) => ('$ref' in object ? { ...object, $ref: `openapi${object['$ref']}` } : object));
}

type Rebuild = (object: { readonly [key: string]: unknown }) => unknown;

function rebuilt(value: unknown, change: Rebuild): unknown {
  if (Array.isArray(value)) return value.map((one) => rebuilt(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return change(Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rebuilt(one, change)])));
}
