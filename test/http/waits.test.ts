// What the API states about waiting: why, since when, and when the next attempt is, which is never in the past.

import { expect, test } from 'vitest';
import type { LiveCircuit } from '../../src/usecases/leader/live-state.ts';
import { NOTHING_SENT } from '../support/pause.ts';
import { ALICE_KEY, type Harness, startHttp } from './harness.ts';

const ORIGIN = 'https://hooks.example';
const HOUR_MS = 3_600_000;

/** Cancels an execution whose app is notified, and returns the id of the notification. */
async function notified(http: Harness, correlationId: string): Promise<string> {
  await http.submit({ correlationId, notifyUrl: `${ORIGIN}/executions` });
  await http.call('POST', `/v1/executions/${correlationId}/cancel`);
  const { items } = await http.store.listNotifications({ app: null, correlationId, limit: 1 });
  return items[0]?.id ?? '';
}

async function shown(http: Harness, id: string) {
  const one = (await http.call('GET', `/v1/notifications/${id}`)).json;
  const { items } = (await http.call('GET', '/v1/notifications')).json;
  expect(items).toContainEqual(one);
  const { status, nextAttemptAt, wait } = one;
  return { status, nextAttemptAt, wait };
}

const iso = (time: number) => new Date(time).toISOString();

test('a notification that is overdue has its next attempt now, and one that is delivered has none', async () => {
  await using http = await startHttp();
  const id = await notified(http, 'one');
  await notified(http, 'two');
  await http.world.advance(HOUR_MS);
  const wait = { reason: 'turn', since: null, others: 1 };
  expect(await shown(http, id)).toEqual({ status: 'PENDING', nextAttemptAt: iso(http.world.now()), wait });
  await http.store.recordDelivery(id, { type: 'delivered', httpStatus: 204, latencyMs: 3 }, http.world.now());
  expect(await shown(http, id)).toEqual({ status: 'DELIVERED', nextAttemptAt: null, wait: undefined });
});

test('nothing is attempted while the endpoint is paused, and the app learns no more than that', async () => {
  await using http = await startHttp();
  const id = await notified(http, 'one');
  const since = http.world.now();
  await http.store.pauseEndpoint({ app: 'orders', origin: ORIGIN, since, by: 'operator:alice', reason: 'secret' });
  await http.world.advance(HOUR_MS);
  const wait = { reason: 'endpoint-paused', since: iso(since), others: 0 };
  expect(await shown(http, id)).toEqual({ status: 'PENDING', nextAttemptAt: null, wait });
  const replay = await http.call('POST', `/v1/notifications/${id}/replay`);
  expect(replay.json.detail).toContain('when its endpoint is resumed');
});

test('the next attempt is the next probe while the circuit is open', async () => {
  const circuits: LiveCircuit[] = [];
  await using http = await startHttp({ controls: { state: () => ({ ...NOTHING_SENT, circuits }) } });
  const id = await notified(http, 'one');
  const since = http.world.now();
  const nextProbeAt = since + HOUR_MS + 40_000;
  circuits.push({ app: 'orders', origin: ORIGIN, failure: 'ECONNREFUSED', failures: 7, since, nextProbeAt });
  await http.world.advance(HOUR_MS);
  const wait = { reason: 'endpoint-fails', since: iso(since), others: 0 };
  const nextAttemptAt = iso(nextProbeAt);
  expect(await shown(http, id)).toEqual({ status: 'PENDING', nextAttemptAt, wait });
});

test('a queued execution has its position and what it waits for, until it is sent', async () => {
  await using http = await startHttp();
  for (const correlationId of ['one', 'two']) await http.submit({ correlationId });
  const waitOf = async (key?: string) => (await http.call('GET', '/v1/executions/two', key ? { key } : {})).json.wait;
  expect(await waitOf()).toEqual({ position: 2, reason: 'limits', since: null, until: null, detail: null });
  expect(await waitOf(ALICE_KEY)).toEqual(await waitOf());
  const since = http.world.now() + 1000;
  await http.store.pauseSending({ app: 'orders', actionId: null, since, by: 'operator:alice', reason: 'secret' });
  const paused = { position: 2, reason: 'paused', since: iso(since), until: null, detail: null };
  expect([await waitOf(), await waitOf(ALICE_KEY)]).toEqual([paused, paused]);
  await http.call('POST', '/v1/executions/two/cancel');
  expect((await http.call('GET', '/v1/executions/two')).json).not.toHaveProperty('wait');
});

test('operators see why CXone cannot be reached, and apps see that it cannot', async () => {
  const connectionProblems = [{ origin: 'https://cxone.internal', reason: 'ECONNREFUSED', since: 5_000 }];
  const upstream = { ...NOTHING_SENT.upstream, connectionProblems };
  await using http = await startHttp({ controls: { state: () => ({ ...NOTHING_SENT, upstream }) } });
  await http.submit({ correlationId: 'one' });
  const path = '/v1/executions/one';
  const wait = { position: 1, reason: 'no-connection', since: iso(5_000), until: null };
  expect((await http.call('GET', path)).json.wait).toEqual({ ...wait, detail: null });
  const detail = 'https://cxone.internal: ECONNREFUSED';
  expect((await http.call('GET', path, { key: ALICE_KEY })).json.wait).toEqual({ ...wait, detail });
});
