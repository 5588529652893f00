// Bodies that are made to cost: many small values, many at once, from apps and from clients without a key.

import { expect, test } from 'vitest';
import { head, wire } from './harness.ts';
import { besiege, COMPLETED, exchange, statuses } from './hostile.ts';

const MIB = 1024 * 1024;

/** Above what eight rejected batches may add: the room for bodies, and what parses of that much leave behind. */
const MAX_GROWTH_BYTES = 250 * MIB;

test('eight batches with millions of values at once get 413 or 503, cost little memory, and callbacks resolve meanwhile', async () => {
  const siege = await besiege();
  const { id, path } = await siege.waiting();
  const body = `{"executions":[{"actionId":"a","inputs":{"x":[${'1,'.repeat(2_500_000)}1]}}]}`;
  const framing = {
    authorization: 'Bearer the-shop-key-0123456789',
    'content-type': 'application/json',
    'content-length': String(body.length),
  };
  const before = process.memoryUsage().rss;
  const apps = Array.from({ length: 8 }, async () => {
    const raw = wire(Number(new URL(siege.service().url).port));
    raw.send(head('POST', '/v1/executions/batch', framing) + body);
    const answer = await raw.until(/problem:[\w-]+/);
    raw.socket.destroy();
    return answer.slice(9, 12);
  });
  const callback = head('POST', path, { 'content-length': String(COMPLETED.length), connection: 'close' }) + COMPLETED;
  expect(statuses(await exchange(siege.port, callback))).toEqual([200]);
  for (const status of await Promise.all(apps)) expect(['413', '503']).toContain(status);
  expect(await siege.get(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback' });
  expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH_BYTES);
});

test('hundreds of clients without a key that send to /webhook/token cost no memory for their bodies', async () => {
  const siege = await besiege({ CALLBACK_CLIENTS: 'cxone:client-secret-0123456789' });
  const before = process.memoryUsage().arrayBuffers;
  const clients = Array.from({ length: 200 }, () => {
    const raw = wire(siege.port);
    raw.send(head('POST', '/webhook/token', { 'content-length': String(MIB) }) + 'x'.repeat(MIB - 1));
    return raw;
  });
  for (const raw of clients) expect(await raw.until(/problem:[\w-]+/)).toMatch(/^HTTP\/1.1 413 /);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * MIB);
  for (const raw of clients) raw.socket.destroy();
});
