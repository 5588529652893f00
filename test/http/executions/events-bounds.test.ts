// Streams of events are bounded in number, in memory and in time, and each that is over frees its place.

import { expect, onTestFinished, test } from 'vitest';
import { HEARTBEAT_MS, STALL_MS } from '../../../src/usecases/follow-events/stream.ts';
import { createStreams } from '../../../src/usecases/follow-events/streams.ts';
import { eventually } from '../../support/eventually.ts';
import { callback, completed, NOON } from '../../support/executions.ts';
import { type Follower, follow } from '../../support/sse.ts';
import { createStoreInMemory } from '../../support/store-in-memory.ts';
import { ALICE_KEY, BILLING_KEY, type Harness, head, ORDERS_KEY, startHttp, wire } from '../harness.ts';

async function open(http: Harness, path: string, key = ORDERS_KEY, lastEventId?: string | number): Promise<Follower> {
  const follower = await follow(http.url + path, key, lastEventId);
  onTestFinished(follower.close);
  return follower;
}

test('more streams than an app may have get 429 with Retry-After; one that is closed makes room at once', async () => {
  const store = createStoreInMemory();
  const harness = await startHttp();
  const streams = createStreams(store, harness.world, { perReader: 2, total: 3 });
  await harness[Symbol.asyncDispose]();
  await using http = await startHttp({ store, events: { streams }, limits: { halfOpenTimeout: 50 } });
  const first = await open(http, '/v1/events');
  await open(http, '/v1/events');
  const refused = await http.call('GET', '/v1/events');
  expect(refused.status).toBe(429);
  expect(refused.json.type).toMatch(/too-many-streams$/);
  expect(refused.json.detail).toMatch(/^2 streams are open for you/);
  expect(refused.headers.get('retry-after')).toBe('30');
  expect(refused.headers.get('ratelimit-policy')).toBe('"streams";q=2');
  expect(refused.headers.get('ratelimit')).toBe('"streams";r=0;t=30');
  await open(http, '/v1/events', BILLING_KEY);
  const full = await http.call('GET', '/v1/events', { key: ALICE_KEY });
  expect([full.status, full.json.detail]).toEqual([429, expect.stringMatching(/^3 streams are open in all/)]);
  await first.close();
  await eventually(() => streams.size === 2);
  await open(http, '/v1/events', ALICE_KEY);
});

test('a client that goes away frees its stream at once, also in the middle of waiting', async () => {
  await using http = await startHttp({ limits: { halfOpenTimeout: 50 } });
  const stream = await open(http, '/v1/events');
  await stream.until(() => stream.lastEventId !== '');
  expect(http.streams.size).toBe(1);
  await stream.close();
  await eventually(() => http.streams.size === 0);
  expect(http.world.sleepers).toBe(0);
  expect(http.logLines.filter(({ level }) => level !== 'debug')).toEqual([]);
});

test('a reader that takes nothing for a minute is cut off; the log says so and others get everything', async () => {
  await using http = await startHttp();
  const { id } = await loud(http, 1);
  await using good = await open(http, '/v1/events', ALICE_KEY, 0);
  const stuck = wire(http.port);
  stuck.socket.pause();
  stuck.send(head('GET', '/v1/events', { authorization: `Bearer ${ALICE_KEY}`, 'last-event-id': '0' }));
  // More than the connection can hold between the two.
  const last = (await loud(http, 200)).id;
  await good.until(() => good.ids.at(-1) === last);
  expect(good.ids).toEqual(Array.from({ length: last }, (_, i) => i + 1));
  expect(id).toBe(2);
  await eventually(() => http.streams.size === 2);
  // Until the connection is full, the reader takes entries, and its minute begins again.
  let passedMs = 0;
  for (; http.streams.size === 2 && passedMs < 10_000 * STALL_MS; passedMs += 1_000) {
    await http.world.advance(1_000);
    await new Promise(setImmediate);
  }
  expect(passedMs).toBeGreaterThanOrEqual(STALL_MS);
  await eventually(() => http.streams.size === 1);
  stuck.socket.resume();
  const received = await stuck.closed;
  expect(received.length).toBeLessThan(200 * LOUD);
  expect(good.over).toBe(false);
  expect(http.logLines).toContainEqual({
    level: 'warn',
    facts: expect.objectContaining({ stalled: 1, reader: 'alice' }),
    message: 'streams of events were broken off',
  });
});

test('once the service is stopping, streams end cleanly and none begins', async () => {
  await using http = await startHttp();
  await http.submit({ correlationId: 'one' });
  const streams = [await open(http, '/v1/events'), await open(http, '/v1/executions/one/events')];
  for (const stream of streams) await stream.until(() => stream.lastEventId !== '');
  http.streams.release();
  await eventually(() => streams.every(({ over }) => over));
  await eventually(() => http.streams.size === 0);
  const { status, json, headers } = await http.call('GET', '/v1/events');
  expect([status, headers.get('retry-after')]).toEqual([503, '5']);
  expect(json.type).toMatch(/draining$/);
});

test('a store that cannot be read ends the stream, and says why in the log alone', async () => {
  await using http = await startHttp();
  await using stream = await open(http, '/v1/events');
  await stream.until(() => stream.lastEventId !== '');
  await http.store.close();
  await http.world.advance(HEARTBEAT_MS);
  await eventually(() => stream.over);
  expect(http.logLines).toContainEqual({
    level: 'warn',
    facts: expect.objectContaining({ failed: 1, reader: 'orders', reason: expect.stringContaining('not open') }),
    message: 'streams of events were broken off',
  });
});

/** Length of the detail of an entry that is loud. */
const LOUD = 100_000;

/** Adds `count` entries with a long detail; returns the id of the last. */
async function loud({ store, submit }: Harness, count: number): Promise<{ id: number }> {
  const correlationId = `loud-${(await store.head()).id}`;
  await submit({ correlationId });
  const { reference = '' } = (await store.find(correlationId)) ?? {};
  await store.record(reference, callback(completed()), NOON);
  for (let i = 1; i < count; i += 1) {
    await store.record(reference, callback(completed({ i, loud: 'x'.repeat(LOUD) })), NOON);
  }
  return store.head();
}
