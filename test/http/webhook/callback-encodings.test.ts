// Compressed callbacks over real HTTP: decoded, bounded, and never lost.

import { createHmac } from 'node:crypto';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { BodySignatureRule } from '../../../src/callbacks/body-hmac.ts';
import { NO_RULES } from '../../../src/callbacks/checks.ts';
import { dispatchAll, type Harness, startHttp } from '../harness.ts';

const BODY = JSON.stringify({ status: 'COMPLETED', result: { paid: true } });

async function withOne(options: Parameters<typeof startHttp>[0] = {}): Promise<Harness & { path: string }> {
  const http = await startHttp(options);
  await http.submit({ correlationId: 'one' });
  await dispatchAll(http);
  return { ...http, path: await http.callbackPath('one'), [Symbol.asyncDispose]: http[Symbol.asyncDispose] };
}

async function post(http: Harness & { path: string }, body: Uint8Array, headers: Record<string, string>) {
  const response = await fetch(http.url + http.path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

const stateOf = async (http: Harness) => (await http.store.find('one'))?.status;
const lastEntry = async (http: Harness) => (await http.store.trail('one')).at(-1);
const bodiesOf = async (http: Harness) => (await http.store.payloads('one'))?.bodies ?? [];

test.each([
  ['gzip', gzipSync(BODY)],
  ['X-GZIP', gzipSync(BODY)],
  ['br', brotliCompressSync(BODY)],
  ['zstd', zstdCompressSync(BODY)],
  ['br, gzip', gzipSync(brotliCompressSync(BODY))],
])('a callback in %s resolves its execution', async (encoding, body) => {
  await using http = await withOne();
  expect(await post(http, body, { 'content-encoding': encoding })).toMatchObject({
    status: 200,
    text: '{"outcome":"resolved"}',
  });
  expect(await http.store.find('one')).toMatchObject({ status: 'COMPLETED', result: { paid: true } });
});

test('an HMAC covers the received bytes', async () => {
  const secret = 'the-hmac-secret-of-this-tenant-32-ch';
  const bodySignature: BodySignatureRule = {
    header: 'x-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    prefix: '',
    timestampHeader: null,
    secrets: [secret],
    toleranceMs: 300_000,
  };
  await using http = await withOne({ callbackRules: { ...NO_RULES, bodySignature } });
  const body = gzipSync(BODY);
  const sign = (bytes: string | Uint8Array) => createHmac('sha256', secret).update(bytes).digest('hex');
  const headers = { 'content-encoding': 'gzip' };
  expect(await post(http, body, { ...headers, 'x-signature': sign(BODY) })).toMatchObject({ status: 404 });
  expect(await post(http, body, { ...headers, 'x-signature': sign(body) })).toMatchObject({ status: 200 });
});

test('a body that inflates beyond the limit gets 413, and CXone is polled at once', async () => {
  await using http = await withOne();
  const bomb = gzipSync(Buffer.alloc(1024 * 1024 + 1));
  expect(await post(http, bomb, { 'content-encoding': 'gzip' })).toMatchObject({ status: 413 });
  expect(await stateOf(http)).toBe('PENDING');
  expect(await lastEntry(http)).toMatchObject({
    event: 'CALLBACK_UNREADABLE',
    detail: { reason: 'body over 1048576 bytes' },
  });
  expect((await http.store.nextDue()).pollAt).toBe(http.world.now());
});

test('a damaged body gets 202; its bytes are kept and CXone is polled at once', async () => {
  await using http = await withOne();
  const half = gzipSync(BODY).subarray(0, 20);
  expect(await post(http, half, { 'content-encoding': 'gzip' })).toMatchObject({
    status: 202,
    text: '{"outcome":"unreadable"}',
  });
  expect(await lastEntry(http)).toMatchObject({
    event: 'CALLBACK_UNREADABLE',
    detail: {
      reason: 'the body is not valid gzip, which its Content-Encoding names',
    },
  });
  expect((await bodiesOf(http)).map(({ bytes }) => Buffer.from(bytes))).toEqual([half]);
  expect((await http.store.nextDue()).pollAt).toBe(http.world.now());
});

test('an unknown coding gets 415 with the known ones; the bytes are kept and CXone is polled at once', async () => {
  await using http = await withOne();
  const answer = await post(http, Buffer.from('xyz'), { 'content-encoding': 'snappy' });
  expect(answer.status).toBe(415);
  expect(answer.headers.get('accept-encoding')).toBe('gzip, deflate, br, zstd, identity');
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await lastEntry(http)).toMatchObject({
    event: 'CALLBACK_UNREADABLE',
    detail: { reason: 'the content coding "snappy" is not supported' },
  });
  expect((await bodiesOf(http)).map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['xyz']);
  expect((await http.store.nextDue()).pollAt).toBe(http.world.now());
});
