// The fetch of requests to CXone: what is sent, and that each response arrives as it is, without its content codings.

import { connect } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { Agent } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { plainFetch } from '../../src/cxone/plain-fetch.ts';
import { startUpstream } from '../support/upstream.ts';

const TEXT = JSON.stringify({ status: 'COMPLETED', result: 'x'.repeat(5_000) });

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString();
}

test.each([
  ['gzip', gzipSync(TEXT)],
  ['X-GZIP', gzipSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['deflate', deflateRawSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['zstd', zstdCompressSync(TEXT)],
  ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
  ['deflate,gzip', gzipSync(deflateRawSync(TEXT))],
])('a body with the codings “%s” is decoded', async (codings, bytes) => {
  const { url } = await startUpstream((_, response) =>
    response.writeHead(200, { 'content-encoding': codings }).end(bytes),
  );
  expect(await bytesOf((await plainFetch(url)).body)).toBe(TEXT);
});

test.each([
  ['identity', Buffer.from(TEXT)],
  ['gzip, gzip, gzip, gzip, gzip', Buffer.from(TEXT)],
])('a body with the codings “%s”, which are not decoded, stays as it is', async (codings, bytes) => {
  const { url } = await startUpstream((_, response) =>
    response.writeHead(200, { 'content-encoding': codings }).end(bytes),
  );
  expect(await bytesOf((await plainFetch(url)).body)).toBe(TEXT);
});

test('a compressed body without its end is what can be decoded of it', async () => {
  const bytes = gzipSync(TEXT);
  const { url } = await startUpstream((_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes.subarray(0, -8)),
  );
  expect(await bytesOf((await plainFetch(url)).body)).toBe(TEXT);
});

test('a compressed body that breaks off ends with an error', async () => {
  const { url } = await startUpstream((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': '10000' });
    response.write(gzipSync(TEXT).subarray(0, 30), () => response.destroy());
  });
  await expect(bytesOf((await plainFetch(url)).body)).rejects.toThrow();
});

test.each([201, 204, 302, 307, 407, 421, 503])(
  'a response of %i is returned, and the request is sent once',
  async (status) => {
    const { url, received } = await startUpstream((_, response) =>
      response.writeHead(status, { location: '/elsewhere', 'retry-after': '7' }).end(),
    );
    const answer = await plainFetch(url, { method: 'POST', body: '{"amount":1}' });
    expect([answer.status, answer.headers.get('retry-after'), await bytesOf(answer.body)]).toEqual([status, '7', '']);
    expect(received).toHaveLength(1);
  },
);

test('header fields of a response that repeat are all there', async () => {
  const { url } = await startUpstream((_, response) =>
    response
      .writeHead(
        200,
        [
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
          ['x-request', 'caf\u00e9'],
        ].flat(),
      )
      .end(),
  );
  const { headers } = await plainFetch(url);
  expect([headers.getSetCookie(), headers.get('x-request')]).toEqual([['a=1', 'b=2'], 'caf\u00e9']);
});

test('a request has the header fields of its caller, and otherwise a name, and the codings that are decoded', async () => {
  const { url, received } = await startUpstream((_, response) => response.end());
  await plainFetch(url, { headers: new Headers({ 'User-Agent': 'Contact Centre/1', 'X-Tenant': 'acme' }) });
  await plainFetch(url, { method: 'POST', body: 'a=1' });
  expect(received.map(({ method, headers, body }) => ({ method, body, ...pick(headers) }))).toEqual([
    { method: 'GET', body: '', 'user-agent': 'Contact Centre/1', 'accept-encoding': 'gzip, br', 'x-tenant': 'acme' },
    { method: 'POST', body: 'a=1', 'user-agent': 'cxone-callback-receiver', 'accept-encoding': 'gzip, br' },
  ]);
});

test('a request that is given up fails with the reason, before the response and within its body', async () => {
  const reason = new Error('given up');
  const begin = startUpstream((_, response) => void response.writeHead(200).write('a'));
  const silent = await startUpstream(() => {});
  const controller = new AbortController();
  const waiting = plainFetch(silent.url, { signal: controller.signal });
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  const later = new AbortController();
  const { body } = await plainFetch((await begin).url, { signal: later.signal });
  later.abort(reason);
  await expect(bytesOf(body)).rejects.toBe(reason);
});

test('a request that is given up before its connection is open fails with the reason at once, and is not sent once it opens', async () => {
  const reason = new Error('given up');
  const upstream = await startUpstream((_, response) => response.end());
  const { hostname, port } = new URL(upstream.url);
  const connecting = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const dispatcher = new Agent({
    connections: 1,
    connect: (_, opened) => {
      connecting.resolve();
      released.promise.then(() => {
        const socket = connect(Number(port), hostname, () => opened(null, socket));
      });
    },
  });
  onTestFinished(() => dispatcher.destroy());
  const controller = new AbortController();
  const waiting = plainFetch(`${upstream.url}/first`, {
    method: 'POST',
    body: '1',
    signal: controller.signal,
    dispatcher,
  });
  await connecting.promise;
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  const next = plainFetch(`${upstream.url}/next`, { method: 'POST', body: '2', dispatcher });
  released.resolve();
  expect((await next).status).toBe(200);
  expect(upstream.received.map(({ url }) => url)).toEqual(['/next']);
  await expect(plainFetch(upstream.url, { signal: controller.signal })).rejects.toBe(reason);
});

function pick(headers: NodeJS.Dict<string | string[]>) {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => ['user-agent', 'accept-encoding', 'x-tenant'].includes(name)),
  );
}
