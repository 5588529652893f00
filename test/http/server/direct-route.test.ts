// The direct routes of callbacks and submissions respond as the adapter does, byte for byte, and leave every unusual request to it.

import { EventEmitter } from 'node:events';
import { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { DirectRoute, Fetch, PlainRequest } from '../../../src/http/fetch.ts';
import { json, respond } from '../../../src/http/response/json.ts';
import { createDirectRoute } from '../../../src/http/server/direct-route.ts';
import { type Limits, listen } from '../../../src/http/server/server.ts';
import { currentRequest } from '../../../src/lib/request-context.ts';
import { eventually } from '../../support/eventually.ts';
import { ALICE_KEY, ORDERS_KEY, startHttp, wire } from '../harness.ts';

const PATH = '/webhook/cxone-execution/token.mac';
const TARGET = /^\/webhook\/cxone-execution\/([\w-][\w.-]*)$/;
const MAX_BYTES = 1_000;

/** Describes the request in the response, and how it was served. */
async function describeRequest(request: PlainRequest, token: string): Promise<Response> {
  const names = ['content-type', 'content-length', 'x-request-id', 'x-list', 'cookie', 'authorization', 'absent'];
  const headers = names.map((name) => [name, request.headers.get(name), request.headers.has(name)]);
  const body = Buffer.from(await request.arrayBuffer()).toString('latin1');
  return json(200, { token, headers, body }, { 'x-more': 'a' });
}

/** Serves every path as the callback whose token is its last segment, directly or by the adapter. */
async function start({ isDirect = true, limits = {}, handle = describeRequest }: Options = {}) {
  const handled = vi.fn(handle);
  const fetch: Fetch = (request) => handle(request, new URL(request.url).pathname.split('/').at(-1) ?? '');
  const find: DirectRoute['find'] = ({ target }) => {
    const token = TARGET.exec(target)?.[1];
    return token === undefined ? null : (request) => handled(request, token);
  };
  const handler = Object.assign(fetch, { direct: { maxBytes: MAX_BYTES, find } });
  const served: Fetch = isDirect ? handler : (...call) => fetch(...call);
  const server = await listen(served, { host: '127.0.0.1', port: 0, limits });
  return { ...server, handled, [Symbol.asyncDispose]: () => server.close(0) };
}

interface Options {
  readonly isDirect?: boolean;
  readonly limits?: Partial<Limits>;
  readonly handle?: (request: PlainRequest, token: string) => Promise<Response>;
}

/** Sends the bytes to a connection of its own, and returns the responses without the time of day. */
async function exchange(port: number, bytes: string | Uint8Array): Promise<string> {
  const raw = wire(port);
  raw.send(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  return (await raw.closed).replaceAll(/Date: [^\r]*/g, 'Date: now');
}

interface Parts {
  readonly line?: string;
  readonly host?: string | null;
  readonly fields?: readonly string[];
  readonly length?: string | null;
  readonly body?: string;
}

/** The bytes of a request that is the last of its connection. */
function requestOf({
  line = `POST ${PATH} HTTP/1.1`,
  host = 'receiver',
  fields = [],
  body = '{}',
  length,
}: Parts = {}) {
  const framing = length === null ? [] : [`Content-Length: ${length ?? body.length}`];
  const head = [line, ...(host === null ? [] : [`Host: ${host}`]), 'Connection: close', ...framing, ...fields];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

const DIRECT: readonly (readonly [string, Parts])[] = [
  ['a plain callback', {}],
  ['no body', { body: '' }],
  ['a body of the limit', { body: 'x'.repeat(MAX_BYTES) }],
  ['bytes that are not ASCII', { body: '\xff\x00\xfe', fields: ['X-List: caf\xe9'] }],
  ['a field several times', { fields: ['X-List: a', 'x-list: b', 'X-LIST: c'] }],
  [
    'a single field several times',
    { fields: ['Content-Type: text/a', 'Content-Type: text/b', 'Authorization: a', 'Authorization: b'] },
  ],
  ['cookies several times', { fields: ['Cookie: a=1', 'Cookie: b=2'] }],
  ['space around a value', { fields: ['X-List: \t a b \t ', 'Content-Type:application/json'] }],
  ['an empty value', { fields: ['X-List:', 'Content-Type: '] }],
  ['a space that is not of HTTP at the end of a value', { fields: ['X-List: a\xa0'] }],
  ['a host with a port', { host: 'receiver.example:8080' }],
  ['a token with dots inside', { line: 'POST /webhook/cxone-execution/a..b HTTP/1.1' }],
  ['an expectation', { fields: ['Expect: 100-continue'] }],
];

const ADAPTED: readonly (readonly [string, Parts])[] = [
  ['another method', { line: `PUT ${PATH} HTTP/1.1` }],
  ['another path', { line: 'POST /v1/executions HTTP/1.1' }],
  ['a query', { line: `POST ${PATH}?a=1 HTTP/1.1` }],
  ['a dot segment', { line: 'POST /webhook/cxone-execution/.. HTTP/1.1' }],
  ['an encoded segment', { line: 'POST /webhook/cxone-execution/a%2eb HTTP/1.1' }],
  ['a longer path', { line: `POST ${PATH}/more HTTP/1.1` }],
  ['an absolute target', { line: `POST http://elsewhere${PATH} HTTP/1.1` }],
  ['HTTP/1.0', { line: `POST ${PATH} HTTP/1.0` }],
  ['no host', { line: `POST ${PATH} HTTP/1.0`, host: null }],
  ['an empty host', { host: '' }],
  ['a host in capitals', { host: 'RECEIVER' }],
  ['an IPv6 host', { host: '[::1]:8080' }],
  ['a port out of range', { host: 'receiver:99999' }],
  ['a user in the host', { host: 'a@receiver' }],
  ['a path in the host', { host: 'receiver/x' }],
  ['no length', { length: null, body: '' }],
  ['chunks', { length: null, fields: ['Transfer-Encoding: chunked'], body: '2\r\n{}\r\n0\r\n\r\n' }],
  ['a body over the limit', { body: 'x'.repeat(MAX_BYTES + 1) }],
];

describe('the response to', () => {
  test.each([...DIRECT, ...ADAPTED])('%s has the bytes of the adapter', async (_, parts) => {
    await using direct = await start();
    await using adapter = await start({ isDirect: false });
    const response = await exchange(direct.port, requestOf(parts));
    expect(response).toMatch(/^HTTP\/1.1 /);
    expect(response).toBe(await exchange(adapter.port, requestOf(parts)));
  });

  test.each(DIRECT)('%s comes from the direct route', async (_, parts) => {
    await using server = await start();
    expect(await exchange(server.port, requestOf(parts))).toMatch(/HTTP\/1.1 200 OK/);
    expect(server.handled).toHaveBeenCalledOnce();
  });

  test.each(ADAPTED)('%s comes from the adapter', async (_, parts) => {
    await using server = await start();
    await exchange(server.port, requestOf(parts));
    expect(server.handled).not.toHaveBeenCalled();
  });

  test('any header field and body has the bytes of the adapter', async () => {
    await using direct = await start();
    await using adapter = await start({ isDirect: false });
    const value = fc.string({
      unit: fc.constantFrom('a', ' ', '\t', ',', ';', '"', '\xe9', '\xa0', ':'),
      maxLength: 8,
    });
    const name = fc.constantFrom(
      'X-List',
      'x-list',
      'Content-Type',
      'Cookie',
      'Authorization',
      'Set-Cookie',
      'X-Request-Id',
    );
    // Not empty: the adapter trims a list of empty values or keeps its space, depending on the name.
    const fields = fc.array(
      fc.tuple(name, value).map(([field, text]) => `${field}: a${text}`),
      { maxLength: 5 },
    );
    const body = fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    await fc.assert(
      fc.asyncProperty(fields, body, async (fields, body) => {
        const request = requestOf({ fields, body });
        expect(await exchange(direct.port, request)).toBe(await exchange(adapter.port, request));
      }),
      { numRuns: 60 },
    );
  });

  test('requests in one go on one connection have the bytes of the adapter', async () => {
    await using direct = await start();
    await using adapter = await start({ isDirect: false });
    const kept = requestOf().replace('Connection: close\r\n', '');
    const chunked = requestOf({ length: null, fields: ['Transfer-Encoding: chunked'], body: '1\r\nx\r\n0\r\n\r\n' });
    const requests = kept + kept + chunked.replace('Connection: close\r\n', '') + kept + requestOf({ body: 'last' });
    const responses = await exchange(direct.port, requests);
    expect(responses.match(/HTTP\/1.1 200/g)).toHaveLength(5);
    expect(responses).toBe(await exchange(adapter.port, requests));
  });
});

describe('a response that does not wait for the body', () => {
  const handle = async () => respond(404, 'no', { 'content-type': 'text/plain' });

  test('leaves the connection open for the next request when the rest arrives', async () => {
    await using server = await start({ handle });
    const raw = wire(server.port);
    raw.send(requestOf({ body: 'abcd' }).replace('Connection: close\r\n', '').slice(0, -2));
    await raw.until(/no$/);
    raw.send(`cd${requestOf()}`);
    expect((await raw.closed).match(/HTTP\/1.1 404/g)).toHaveLength(2);
    expect(server.handled).toHaveBeenCalledTimes(2);
  });

  test('closes the connection when the rest does not arrive', { timeout: 20_000 }, async () => {
    await using server = await start({ handle });
    const raw = wire(server.port);
    raw.send(requestOf({ body: 'abcd' }).replace('Connection: close\r\n', '').slice(0, -2));
    expect((await raw.closed).match(/HTTP\/1.1/g)).toHaveLength(1);
  });
});

/** The server is in this process: some turns of the event loop later it knows of a reset. */
async function noticed(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
}

test('a complete body can be read after its connection has broken', async () => {
  const broken = Promise.withResolvers<void>();
  const read = Promise.withResolvers<string>();
  await using server = await start({
    handle: async (request) => {
      await broken.promise;
      read.resolve(Buffer.from(await request.arrayBuffer()).toString());
      return json(200, {});
    },
  });
  const raw = wire(server.port);
  raw.send(requestOf({ body: 'complete' }));
  await eventually(() => server.handled.mock.calls.length === 1);
  raw.socket.resetAndDestroy();
  await raw.closed;
  await noticed();
  broken.resolve();
  expect(await read.promise).toBe('complete');
});

test.each([
  ['that arrives with its head', requestOf({ body: 'body' }), '', false],
  ['that arrives later', requestOf({ body: 'body' }).slice(0, -2), 'dy', true],
] as const)(
  'a body of a kept connection %s is read with a stream only if it must be',
  async (_, first, rest, isStreamed) => {
    await using server = await start();
    const raw = wire(server.port);
    raw.send(requestOf({ body: 'used' }).replace('Connection: close\r\n', ''));
    await raw.until(/"body":"used"/);
    const listen = vi.spyOn(IncomingMessage.prototype, 'on');
    using _restored = { [Symbol.dispose]: () => listen.mockRestore() };
    const isListenedTo = () => listen.mock.calls.some(([event]) => event === 'data');
    raw.send(first);
    if (rest !== '') await eventually(isListenedTo);
    raw.send(rest);
    expect(await raw.closed).toContain('"body":"body"');
    expect(isListenedTo()).toBe(isStreamed);
  },
);

describe('a request of a kept connection is alone', () => {
  /** Two requests of kept connections that arrive in one turn of the event loop, or one after the other. */
  function serving(handle: (request: PlainRequest) => Promise<Response>) {
    const serve = createDirectRoute({ maxBytes: MAX_BYTES, find: () => handle }, undefined);
    const socket = {};
    const outgoing = Object.assign(new EventEmitter(), { writeHead: () => {}, end: () => {}, destroy: () => {} });
    return () => {
      const headers = { host: 'receiver', 'content-length': '2' };
      const incoming = { method: 'POST', httpVersion: '1.1', headers, rawHeaders: [], url: PATH, socket };
      serve(incoming as never, outgoing as never);
    };
  }

  test('unless others began before their responses, or in the same turn', async () => {
    const seen: unknown[] = [];
    const responses = [Promise.withResolvers<Response>(), Promise.withResolvers<Response>()];
    const arrive = serving((request) => {
      seen.push(request.isAlone);
      return responses[seen.length - 1]?.promise ?? Promise.resolve(json(200, {}));
    });
    arrive();
    expect(seen).toEqual([false]);
    arrive();
    await noticed();
    expect(seen).toEqual([false, false]);
    for (const { resolve } of responses) resolve(json(200, {}));
    await noticed();
    arrive();
    await noticed();
    arrive();
    arrive();
    await noticed();
    expect(seen).toEqual([false, false, true, false, false]);
  });

  test('also behind a request that failed', async () => {
    const seen: unknown[] = [];
    const arrive = serving((request) => {
      seen.push(request.isAlone);
      return seen.length === 1 ? Promise.reject(new Error('failed')) : Promise.resolve(json(200, {}));
    });
    arrive();
    await noticed();
    arrive();
    await noticed();
    expect(seen).toEqual([false, true]);
  });
});

test.each(['before', 'while'] as const)('a body that was cut off %s it is read is an error', async (when) => {
  const cut = Promise.withResolvers<void>();
  const read = Promise.withResolvers<unknown>();
  await using server = await start({
    handle: async (request) => {
      if (when === 'before') await cut.promise;
      read.resolve(await request.arrayBuffer().catch((error: unknown) => error));
      return json(200, {});
    },
  });
  const raw = wire(server.port);
  raw.send(requestOf({ body: 'incomplete', length: '100' }));
  await eventually(() => server.handled.mock.calls.length === 1);
  raw.socket.resetAndDestroy();
  await raw.closed;
  await noticed();
  cut.resolve();
  expect(await read.promise).toEqual(new Error('the body did not arrive whole'));
});

test.each([
  ['everything', true, true],
  ['webhook', true, false],
  ['apps', false, true],
] as const)(
  'the listener of %s has a direct route for callbacks: %s, for submissions: %s',
  async (role, ...expected) => {
    await using http = await startHttp({ role });
    const targets = ['/webhook/cxone-execution/token.mac', '/v1/executions'];
    const isDirect = targets.map((target) => http.handler.direct?.find({ target, headers: {} }) != null);
    expect(isDirect).toEqual(expected);
  },
);

describe('a submission', () => {
  const KEY = `Authorization: Bearer ${ORDERS_KEY}`;
  const JSON_TYPE = 'Content-Type: application/json';
  const line = 'POST /v1/executions HTTP/1.1';
  const id = 'X-Request-Id: mine';
  const body = JSON.stringify({
    actionId: 'charge-card',
    correlationId: 'order-1',
    inputs: { amount: 1.5, name: 'é' },
  });
  const valid: Parts = { line, fields: [KEY, JSON_TYPE, id], body };

  const PLAIN: readonly (readonly [string, Parts])[] = [
    ['that is valid', valid],
    ['with an idempotency key and a trace', { ...valid, fields: [KEY, JSON_TYPE, id, 'Idempotency-Key: "a"'] }],
    ['with an invalid idempotency key', { ...valid, fields: [KEY, JSON_TYPE, id, 'Idempotency-Key: a, b'] }],
    ['without a key', { ...valid, fields: [JSON_TYPE, id] }],
    ['with a wrong key', { ...valid, fields: ['Authorization: Bearer wrong-key-0123456789', JSON_TYPE, id] }],
    ['with the key of an operator', { ...valid, fields: [`Authorization: Bearer ${ALICE_KEY}`, JSON_TYPE, id] }],
    ['without a media type', { ...valid, fields: [KEY, id] }],
    ['with a coding', { ...valid, fields: [KEY, JSON_TYPE, id, 'Content-Encoding: gzip'] }],
    ['without a body', { ...valid, body: '' }],
    ['that is not JSON', { ...valid, body: '{"actionId":' }],
    ['that is nested too deeply', { ...valid, body: '['.repeat(100) }],
    ['with unknown and invalid fields', { ...valid, body: '{"action":"a","timeoutSeconds":1}' }],
    ['that is long', { ...valid, body: JSON.stringify({ actionId: 'a', inputs: { text: 'x'.repeat(200_000) } }) }],
    ['with too many values', { ...valid, body: JSON.stringify({ inputs: { list: Array(60_000).fill(1) } }) }],
  ];
  const UNUSUAL: readonly (readonly [string, Parts])[] = [
    ['that waits', { ...valid, fields: [KEY, JSON_TYPE, id, 'Prefer: handling=lenient'] }],
    ['of a browser', { ...valid, fields: [JSON_TYPE, id, 'Accept: text/html,application/xhtml+xml'] }],
    ['with a query', { ...valid, line: 'POST /v1/executions?a=1 HTTP/1.1' }],
    ['with a slash at the end', { ...valid, line: 'POST /v1/executions/ HTTP/1.1' }],
    [
      'in chunks',
      { ...valid, length: null, fields: [...(valid.fields ?? []), 'Transfer-Encoding: chunked'], body: '0\r\n\r\n' },
    ],
  ];
  const limits = { appRates: new Map([['orders', 1]]), appQueueCapacities: new Map([['orders', 1]]) };

  /** The same exchanges with the direct route and without it, on receivers that have the same ids and times. */
  async function both(requests: readonly string[], shares = {}): Promise<readonly [string[], string[]]> {
    await using direct = await startHttp({ shares });
    await using other = await startHttp({ shares });
    await using adapter = await listenAlone(other.handler);
    const responses = async (port: number) => {
      const found: string[] = [];
      for (const request of requests) found.push(sorted(await exchange(port, Buffer.from(request))));
      return found;
    };
    return [await responses(direct.port), await responses(adapter.port)];
  }

  test.each([...PLAIN, ...UNUSUAL])('%s is answered with the bytes of the adapter', async (_, parts) => {
    const request = requestOf({
      ...parts,
      length: parts.length === null ? null : String(Buffer.byteLength(parts.body ?? '')),
    });
    const [direct, adapter] = await both([request, request]);
    expect(direct[0]).toMatch(/^HTTP\/1.1 /);
    expect(direct).toEqual(adapter);
  });

  test('over the rate or the share of its app has the fields of the limits, as by the adapter', async () => {
    const first = requestOf({ ...valid, length: String(Buffer.byteLength(body)) });
    const [direct, adapter] = await both([first, first.replace('order-1', 'order-2'), first], { ...limits });
    expect(direct[0]).toMatch(/\r\nratelimit: "submissions";r=0/);
    expect(direct).toEqual(adapter);
    const rates = new Map([['orders', 10]]);
    const [full, byAdapter] = await both([first, first.replace('order-1', 'order-2')], { ...limits, appRates: rates });
    expect(full[1]).toMatch(/\r\nratelimit: "submissions";r=\d+;t=\d+, "queue";r=0/);
    expect(full).toEqual(byAdapter);
  });

  test('reaches the store as one that is alone, on a connection that was used before', async () => {
    await using http = await startHttp();
    const { add } = http.store;
    const seen: unknown[] = [];
    vi.spyOn(http.store, 'add').mockImplementation((submission) => {
      seen.push(currentRequest()?.isAlone);
      return add(submission);
    });
    const request = requestOf({ ...valid, length: String(Buffer.byteLength(body)) });
    const raw = wire(http.port);
    raw.send(Buffer.from(request.replace('Connection: close\r\n', '')));
    await raw.until(/"order-1"/);
    raw.send(Buffer.from(request));
    await raw.closed;
    expect(seen).toEqual([false, true]);
  });

  test('is served directly unless it is unusual', async () => {
    await using http = await startHttp();
    const find = (headers: Record<string, string>, target = '/v1/executions') =>
      http.handler.direct?.find({ target, headers }) != null;
    expect(find({ accept: 'application/json' })).toBe(true);
    expect(find({ prefer: 'wait=5' })).toBe(false);
    expect(find({ accept: 'text/html' })).toBe(false);
    expect(find({}, '/v1/executions?a=1')).toBe(false);
    await using behind = await startHttp({ access: { basePath: '/receiver' } });
    expect(behind.handler.direct?.find({ target: '/v1/executions', headers: {} })).toBeNull();
  });
});

/** A response whose header fields are in alphabetical order: without the direct route, that order depends on the routes. */
function sorted(response: string): string {
  const [head = '', body = ''] = response.split('\r\n\r\n', 2);
  const [status = '', ...fields] = head.split('\r\n');
  return [status, ...fields.toSorted(), '', body].join('\r\n');
}

/** Serves by the adapter alone. */
async function listenAlone(handler: Fetch) {
  const server = await listen((...call) => handler(...call), { host: '127.0.0.1', port: 0 });
  return { ...server, [Symbol.asyncDispose]: () => server.close(0) };
}
