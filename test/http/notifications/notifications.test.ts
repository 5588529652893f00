// /v1/notifications: the notifications to apps, and their replay: one, by filter, by time.

import { describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { anExecution } from '../../support/executions.ts';
import { createStoreInMemory } from '../../support/store-in-memory.ts';
import { ALICE_KEY, BILLING_KEY, type Harness, startHttp } from '../harness.ts';

const HOUR_MS = 60 * 60 * 1000;
const DELIVERED = { type: 'delivered', httpStatus: 204, latencyMs: 12 } as const;
const GONE = { type: 'gone', httpStatus: 410, latencyMs: 9, message: 'answered 410' } as const;
const CARRIED = { DELIVERED, DEAD: GONE } as const;

/** Creates an execution with a notification in this state; returns the id of the notification. */
async function notified(http: Harness, status: 'PENDING' | 'DELIVERED' | 'DEAD', correlationId: string, key?: string) {
  const options = key === undefined ? {} : { key };
  const body = { actionId: 'charge', correlationId, notifyUrl: 'https://hooks.example/executions' };
  await http.call('POST', '/v1/executions', { ...options, body });
  await http.call('POST', `/v1/executions/${correlationId}/cancel`, options);
  const query = { app: null, correlationId, limit: 1 };
  const id = (await http.store.listNotifications(query)).items[0]?.id ?? '';
  if (status !== 'PENDING') await http.store.recordDelivery(id, CARRIED[status], http.world.now());
  return id;
}

const idsOf = (answer: { json: { items: { id: string }[] } }) => answer.json.items.map(({ id }) => id);

describe('looking', () => {
  test('a notification is returned with its state', async () => {
    await using http = await startHttp();
    const id = await notified(http, 'DEAD', 'order-1');
    const answer = await http.call('GET', `/v1/notifications/${id}`);
    expect(answer.status).toBe(200);
    const now = new Date(http.world.now()).toISOString();
    expect(answer.json).toEqual({
      id,
      correlationId: 'order-1',
      app: 'orders',
      type: 'execution.cancelled',
      url: 'https://hooks.example/executions',
      status: 'DEAD',
      createdAt: now,
      nextAttemptAt: null,
      giveUpAt: new Date(http.world.now() + 24 * HOUR_MS).toISOString(),
      attempts: 1,
      lastAttemptAt: now,
      lastHttpStatus: 410,
      lastError: 'answered 410',
      deliveredAt: null,
    });
  });

  test('an app sees only its own, an operator all or those of one app; every other id gets the same 404', async () => {
    await using http = await startHttp();
    const own = await notified(http, 'DEAD', 'order-1');
    const theirs = await notified(http, 'DEAD', 'bill-1', BILLING_KEY);
    expect(idsOf(await http.call('GET', '/v1/notifications'))).toEqual([own]);
    expect(idsOf(await http.call('GET', '/v1/notifications?correlationId=bill-1'))).toEqual([]);
    expect(idsOf(await http.call('GET', '/v1/notifications', { key: ALICE_KEY }))).toEqual([theirs, own]);
    expect(idsOf(await http.call('GET', '/v1/notifications?app=orders', { key: ALICE_KEY }))).toEqual([own]);
    const [foreign, unknown] = await Promise.all(
      [theirs, 'msg_0_ended'].map((id) => http.call('GET', `/v1/notifications/${id}`)),
    );
    expect(foreign?.status).toBe(404);
    expect(foreign?.text).toBe(unknown?.text);
    expect((await http.call('GET', `/v1/notifications/${theirs}`, { key: ALICE_KEY })).status).toBe(200);
    expect((await http.call('GET', '/v1/notifications', { key: null })).status).toBe(401);
  });

  test('a list is filtered by status, type, execution and time, and read page by page', async () => {
    await using http = await startHttp();
    const first = await notified(http, 'DEAD', 'order-1');
    await http.world.advance(HOUR_MS);
    const second = await notified(http, 'DELIVERED', 'order-2');
    await http.world.advance(HOUR_MS);
    const third = await notified(http, 'PENDING', 'order-3');
    const list = async (query: string) => idsOf(await http.call('GET', `/v1/notifications?${query}`));
    expect(await list('status=DEAD')).toEqual([first]);
    expect(await list('type=execution.cancelled&correlationId=order-2')).toEqual([second]);
    expect(await list('type=execution.late_result')).toEqual([]);
    const at = (hours: number) => encodeURIComponent(new Date(http.world.now() + hours * HOUR_MS).toISOString());
    expect(await list(`from=${at(-1)}&to=${at(0)}`)).toEqual([second]);
    const page = await http.call('GET', '/v1/notifications?limit=2');
    expect(idsOf(page)).toEqual([third, second]);
    expect(await list(`limit=2&cursor=${page.json.nextCursor}`)).toEqual([first]);
    const last = await http.call('GET', `/v1/notifications?limit=2&cursor=${page.json.nextCursor}`);
    expect(last.json.nextCursor).toBeNull();
  });

  test('every invalid parameter is named', async () => {
    await using http = await startHttp();
    const query = 'status=LOST&type=ended&correlationId=a%2Fb&from=noon&to=2&limit=0&cursor=x&app=billing&color=red';
    const answer = await http.call('GET', `/v1/notifications?${query}&limit=5`);
    expect(answer.status).toBe(422);
    const pointers = answer.json.errors.map(({ pointer }: { pointer: string }) => pointer);
    const names = ['status', 'type', 'correlationId', 'from', 'to', 'limit', 'cursor', 'app', 'color'];
    expect(new Set(pointers)).toEqual(new Set(names.map((name) => `#/${name}`)));
    const foreign = Buffer.from('0').toString('base64url');
    expect((await http.call('GET', `/v1/notifications?cursor=${foreign}`)).status).toBe(422);
  });
});

describe('replaying one', () => {
  test('makes it due at once, and the audit trail names the requester', async () => {
    await using http = await startHttp();
    const id = await notified(http, 'DEAD', 'order-1');
    await http.world.advance(HOUR_MS);
    const answer = await http.call('POST', `/v1/notifications/${id}/replay`);
    expect(answer.status).toBe(202);
    const nextAttemptAt = new Date(http.world.now()).toISOString();
    expect(answer.json).toMatchObject({ id, status: 'PENDING', nextAttemptAt, attempts: 0 });
    const delivered = await notified(http, 'DELIVERED', 'order-2');
    const byAlice = await http.call('POST', `/v1/notifications/${delivered}/replay`, { key: ALICE_KEY });
    expect(byAlice.json).toMatchObject({ status: 'PENDING', deliveredAt: null });
    const by = async (correlationId: string) => {
      const { json } = await http.call('GET', `/v1/executions/${correlationId}/audit`);
      const { event, detail } = json.items.at(-1);
      return [event, detail.by];
    };
    expect(await by('order-1')).toEqual(['NOTIFICATION_REPLAYED', 'app:orders']);
    expect(await by('order-2')).toEqual(['NOTIFICATION_REPLAYED', 'operator:alice']);
  });

  test('does not affect a pending notification, and the response states when it is sent', async () => {
    await using http = await startHttp();
    const id = await notified(http, 'PENDING', 'order-1');
    const answer = await http.call('POST', `/v1/notifications/${id}/replay`);
    expect(answer.status).toBe(409);
    expect(answer.json.type).toBe('urn:cxone-callback-receiver:problem:notification-pending');
    expect(answer.json.detail).toContain(new Date(http.world.now()).toISOString());
  });

  test('is refused if its result is no longer kept, complete or in part; the rest can still be read', async () => {
    await using http = await startHttp();
    const id = await notified(http, 'DEAD', 'order-1');
    const before = (await http.call('GET', '/v1/executions/order-1')).json;
    const old = http.world.now() + 1;
    await http.store.prunePayloads(await http.store.prunablePayloads(9, old, null), old, old);
    const answer = await http.call('POST', `/v1/notifications/${id}/replay`);
    expect(answer.status).toBe(409);
    expect(answer.json).toMatchObject({
      type: 'urn:cxone-callback-receiver:problem:payload-pruned',
      detail: expect.stringContaining('PAYLOAD_RETENTION_DAYS'),
    });
    expect((await http.call('POST', '/v1/notifications/replay', { body: {} })).json).toEqual({ replayed: 0 });
    expect((await http.call('GET', '/v1/executions/order-1')).json).toEqual({ ...before, result: null, error: null });
    const again = { actionId: 'charge', correlationId: 'order-1', notifyUrl: 'https://hooks.example/executions' };
    const repeated = await http.call('POST', '/v1/executions', { body: again });
    expect([repeated.status, repeated.json.status]).toEqual([200, 'CANCELLED']);
  });

  test('takes effect once for simultaneous requests', async () => {
    await using http = await startHttp();
    const id = await notified(http, 'DEAD', 'order-1');
    const replay = () => http.call('POST', `/v1/notifications/${id}/replay`);
    const answers = await Promise.all(Array.from({ length: 8 }, replay));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array(7).fill(409)]);
  });

  test('is not possible for another app, which learns nothing', async () => {
    await using http = await startHttp();
    const id = await notified(http, 'DEAD', 'order-1');
    const answers = await Promise.all(
      [id, 'msg_0_ended'].map((one) => http.call('POST', `/v1/notifications/${one}/replay`, { key: BILLING_KEY })),
    );
    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
    expect(answers[0]?.text).toBe(answers[1]?.text);
    expect(await http.store.findNotification(id)).toMatchObject({ status: 'DEAD' });
  });
});

describe('replaying many', () => {
  const replay = (http: Harness, body: unknown, key?: string) =>
    http.call('POST', '/v1/notifications/replay', { body, ...(key === undefined ? {} : { key }) });

  test('covers dead letters by default, and only those of the requesting app', async () => {
    await using http = await startHttp();
    const dead = await notified(http, 'DEAD', 'order-1');
    const delivered = await notified(http, 'DELIVERED', 'order-2');
    const theirs = await notified(http, 'DEAD', 'bill-1', BILLING_KEY);
    const answer = await replay(http, {});
    expect([answer.status, answer.json]).toEqual([202, { replayed: 1 }]);
    const status = async (id: string) => (await http.store.findNotification(id))?.status;
    expect([await status(dead), await status(delivered), await status(theirs)]).toEqual([
      'PENDING',
      'DELIVERED',
      'DEAD',
    ]);
    expect((await replay(http, { status: 'DELIVERED', correlationId: 'order-2' })).json).toEqual({ replayed: 1 });
    expect((await replay(http, {}, ALICE_KEY)).json).toEqual({ replayed: 1 });
    expect((await replay(http, {}, ALICE_KEY)).json).toEqual({ replayed: 0 });
  });

  test('accepts a period and, from an operator, an app', async () => {
    await using http = await startHttp();
    const before = await notified(http, 'DEAD', 'order-1');
    await http.world.advance(HOUR_MS);
    const from = new Date(http.world.now()).toISOString();
    await notified(http, 'DEAD', 'order-2');
    await notified(http, 'DEAD', 'bill-1', BILLING_KEY);
    await http.world.advance(HOUR_MS);
    const to = new Date(http.world.now()).toISOString();
    await notified(http, 'DEAD', 'order-3');
    expect((await replay(http, { from, to, app: 'billing' }, ALICE_KEY)).json).toEqual({ replayed: 1 });
    expect((await replay(http, { from, to }, ALICE_KEY)).json).toEqual({ replayed: 1 });
    expect(await http.store.findNotification(before)).toMatchObject({ status: 'DEAD' });
  });

  test('works in steps, and replays each notification once, although they are sent again meanwhile', async () => {
    const store = createStoreInMemory();
    const steps: number[] = [];
    const counted = {
      ...store,
      replayNotifications: async (...args: Parameters<typeof store.replayNotifications>) => {
        const step = await store.replayNotifications(...args);
        steps.push(step.replayed);
        // The endpoint responds at once: a replayed notification is DELIVERED again before the next step.
        const { items } = await store.listNotifications({ app: null, status: 'PENDING', limit: 1000 });
        await Promise.all(items.map(({ id }) => store.recordDelivery(id, DELIVERED, 0)));
        return step;
      },
    };
    await using http = await startHttp({ store: counted });
    for (let i = 0; i < 250; i += 1) {
      const execution = anExecution({ app: 'orders', notifyUrl: 'https://hooks.example/' }, http.world.now());
      await store.add({ execution, fingerprint: 'print', queueCapacity: 1000 });
      await store.record(execution.reference, { type: 'cancelled', by: 'app:orders' }, http.world.now());
    }
    const { items } = await store.listNotifications({ app: null, limit: 1000 });
    for (const { id } of items) await store.recordDelivery(id, DELIVERED, http.world.now());
    expect((await replay(http, { status: 'DELIVERED' })).json).toEqual({ replayed: 250 });
    expect(steps).toEqual([100, 100, 50]);
  });

  test('states how many were replayed when the store fails in between', async () => {
    const store = createStoreInMemory();
    let calls = 0;
    const failing = {
      ...store,
      replayNotifications: async () => {
        calls += 1;
        if (calls % 2 === 0) throw new StoreUnavailable('the disk is full');
        return { replayed: 100, next: 100 };
      },
    };
    await using http = await startHttp({ store: failing });
    const answer = await replay(http, {});
    expect([answer.status, answer.json.replayed]).toEqual([503, 100]);
    expect(answer.json.detail).toContain('100 were replayed');
    expect(answer.headers.get('retry-after')).toBe('5');
  });

  test('names every invalid field, and replays nothing', async () => {
    await using http = await startHttp();
    const id = await notified(http, 'DEAD', 'order-1');
    const body = { status: 'PENDING', type: 7, correlationId: '..', from: 5, to: 'noon', app: 'billing', color: 'red' };
    const answer = await replay(http, body);
    expect(answer.status).toBe(422);
    const pointers = answer.json.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(new Set(pointers)).toEqual(new Set(Object.keys(body).map((name) => `#/${name}`)));
    expect(answer.text).not.toContain('billing');
    expect((await replay(http, [])).json.errors).toEqual([{ pointer: '#', detail: 'must be a JSON object' }]);
    expect((await replay(http, '{')).status).toBe(400);
    expect(await http.store.findNotification(id)).toMatchObject({ status: 'DEAD' });
  });
});
