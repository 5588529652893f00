// Several requests on one connection: each has its response before the next is served, and none is served without one.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Fetch } from '../../../src/http/fetch.ts';
import { inTurn } from '../../../src/http/server/in-turn.ts';
import { type Limits, listen } from '../../../src/http/server/server.ts';
import { head, ORDERS_KEY, startHttp, wire } from '../harness.ts';
import { statuses } from '../hostile.ts';

/** Serves paths, and notes them. The response to `/held` waits for its release, the one to `/last` ends the connection. */
async function start(limits: Partial<Limits> = {}) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const served: string[] = [];
  const answered: string[] = [];
  const fetch: Fetch = async (request) => {
    const { pathname } = new URL(request.url);
    served.push(`${pathname} behind ${answered.length}`);
    if (pathname === '/refused') return new Response('unread', { status: 401 });
    await request.text();
    if (pathname === '/held') await released;
    answered.push(pathname);
    return new Response(pathname, { headers: pathname === '/last' ? { connection: 'close' } : {} });
  };
  const server = await listen(fetch, { host: '127.0.0.1', port: 0, limits });
  return { ...server, served, release, [Symbol.asyncDispose]: () => server.close(0) };
}

const post = (path: string, more: Record<string, string> = {}) =>
  `${head('POST', path, { 'content-length': '4', ...more })}body`;

test('a request is served when the one before it has its response', async () => {
  await using server = await start();
  const raw = wire(server.port);
  raw.send(post('/held') + post('/two') + post('/three', { connection: 'close' }));
  await expect.poll(() => server.served).toEqual(['/held behind 0']);
  server.release();
  expect(statuses(await raw.closed)).toEqual([200, 200, 200]);
  expect(server.served).toEqual(['/held behind 0', '/two behind 1', '/three behind 2']);
});

describe('behind the last response of a connection no request is served:', () => {
  test.for([
    ['which closes it', post('/last')],
    ['to a body that was not requested', post('/refused', { expect: '100-continue' })],
  ] as const)('%s', async ([, first]) => {
    await using server = await start();
    const raw = wire(server.port);
    raw.send(first + post('/two') + post('/three'));
    expect(statuses(await raw.closed)).toHaveLength(1);
    expect(server.served).toHaveLength(1);
  });

  test('to a body that arrives later', async () => {
    await using server = await start();
    const raw = wire(server.port);
    raw.send(post('/refused', { expect: '100-continue', 'content-length': '8' }));
    await raw.until(/unread/);
    raw.send(`more${post('/two')}`);
    expect(statuses(await raw.closed)).toEqual([401]);
    expect(server.served).toHaveLength(1);
  });

  test('of a receiver that stops', async () => {
    await using server = await start();
    const raw = wire(server.port);
    raw.send(post('/held') + post('/two') + post('/three'));
    await expect.poll(() => server.served).toHaveLength(1);
    const closed = server.close(10_000);
    server.release();
    expect(statuses(await raw.closed)).toEqual([200, 200]);
    expect(server.served).toHaveLength(2);
    await closed;
  });
});

test('a client that sends without end is not read while many of its requests wait, and gets all responses', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let arrived = 0;
  const serve = inTurn((_, outgoing) => void released.then(() => outgoing.end('served')));
  const server = createServer((incoming, outgoing) => {
    arrived += 1;
    serve(incoming, outgoing);
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const raw = wire((server.address() as AddressInfo).port);
  // Several times what is read at once.
  const request = head('GET', '/', { 'x-more': 'x'.repeat(900) });
  raw.send(request.repeat(999) + head('GET', '/', { connection: 'close' }));
  await expect.poll(() => arrived).toBeGreaterThanOrEqual(100);
  for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
  expect(arrived).toBeLessThan(300);
  release();
  expect(statuses(await raw.closed)).toHaveLength(1000);
});

describe('a request that was received whole gets its response, though behind it comes', () => {
  test.for([
    ['one byte more', '}'],
    ['a line', 'garbage\r\n\r\n'],
    ['a head that is too large', head('GET', '/', { 'x-more': 'x'.repeat(20_000) })],
    ['a body without an end', `${head('POST', '/two', { 'transfer-encoding': 'chunked' })}x\r\n`],
  ] as const)('%s', async ([, rest]) => {
    await using server = await start();
    const raw = wire(server.port);
    raw.send(post('/held') + rest);
    await expect.poll(() => server.served).toHaveLength(1);
    server.release();
    const received = await raw.closed;
    expect(statuses(received)).toEqual([200]);
    expect(received).toMatch(/connection: close/i);
    expect(server.served).toHaveLength(1);
  });

  test('the beginning of a request, and its time is over', async () => {
    // Longer than a busy machine needs to read what has arrived.
    await using server = await start({ headersTimeout: 1_000, requestTimeout: 1_000, connectionsCheckingInterval: 10 });
    const raw = wire(server.port);
    raw.send(`${post('/held')}GET /`);
    await expect.poll(() => server.served).toHaveLength(1);
    // Another one runs into the time limit meanwhile.
    const other = wire(server.port);
    other.send('GET /');
    expect(statuses(await other.closed)).toEqual([408]);
    server.release();
    expect(statuses(await raw.closed)).toEqual([200]);
  });
});

test('a submission with a byte too many is stored, and its app learns of it', async () => {
  await using http = await startHttp();
  const body = '{"actionId":"charge","correlationId":"order-1"}';
  const headers = { authorization: `Bearer ${ORDERS_KEY}`, 'content-type': 'application/json' };
  const raw = wire(http.port);
  raw.send(`${head('POST', '/v1/executions', { ...headers, 'content-length': String(body.length) })}${body}\t`);
  expect(await raw.closed).toMatch(/^HTTP\/1.1 202 [\s\S]*"correlationId":"order-1"/);
  expect((await http.call('GET', '/v1/executions/order-1')).status).toBe(200);
});

test('another expectation than 100-continue is ignored, and a request without a host gets a problem', async () => {
  await using server = await start();
  const expecting = wire(server.port);
  expecting.send(post('/one', { expect: 'something-else', connection: 'close' }));
  expect(await expecting.closed).toMatch(/^HTTP\/1.1 200 /);
  const nameless = wire(server.port);
  nameless.send('GET / HTTP/1.1\r\n\r\n');
  expect(await nameless.closed).toMatch(/^HTTP\/1.1 400 [\s\S]*problem\+json[\s\S]*"status":400/);
});
