// The notifier: an app is notified once for each outcome, in order, again after a failure, and without delay by other apps.

import { expect, onTestFinished, test } from 'vitest';
import type { Submission } from '../../../src/execution/execution.ts';
import type { Json } from '../../../src/execution/json.ts';
import { type Loop, startLoop } from '../../../src/lib/loop.ts';
import type { Notification } from '../../../src/notification/notification.ts';
import { NO_TRACING } from '../../../src/observability/tracing/tracing.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import type { DeliveryResult, WebhookRequest } from '../../../src/webhooks/port.ts';
import { createLanes } from '../../../src/workers/notifier/lanes.ts';
import { createNotifier } from '../../../src/workers/notifier/notifier.ts';
import { anExecution, callback, completed } from '../../support/executions.ts';
import { createFakeCourier, DELIVERED, DOWN, GONE, REJECTED } from '../../support/fake-courier.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { createStoreInMemory } from '../../support/store-in-memory.ts';

const HOUR = 3_600_000;

const LINKS = new Map(Object.entries({ linked: 1_000, thin: 0 }));

function setUp() {
  const world = createManualWorld();
  const store = createStoreInMemory();
  const outbox = { ...store };
  const courier = createFakeCourier();
  const log = quietLog();
  const start = (): Loop => {
    const loop: Loop = startLoop(
      'notify',
      createNotifier({
        ...{ outbox, webhooks: courier, world, log },
        lanes: createLanes(world),
        tracing: NO_TRACING,
        links: { aboveBytes: LINKS, baseUrl: 'https://receiver.example/cx' },
        freed: () => loop.nudge(world.now()),
      }),
      world,
      log,
    );
    return loop;
  };
  let loop = start();
  store.watch((changes) => {
    for (const { notifyAt = null } of changes) if (notifyAt !== null) loop.nudge(notifyAt);
  });
  const stage = {
    world,
    store,
    outbox,
    courier,
    log,
    /** Ends an execution whose app is to be notified; returns its correlation id. */
    end: async (overrides: Partial<Submission> = {}, result: Json = null): Promise<string> => {
      const execution = anExecution({ notifyUrl: 'https://hooks.example/shop', ...overrides }, world.now());
      await store.add({ execution, fingerprint: 'print', queueCapacity: 10_000 });
      await store.claimDispatches(1, world.now());
      await store.record(execution.reference, callback(completed(result)), world.now());
      await world.settle();
      return execution.correlationId;
    },
    notification: async (correlationId: string): Promise<Notification> => {
      const { items } = await store.listNotifications({ app: null, correlationId, limit: 1 });
      return items[0] as Notification;
    },
    events: async (correlationId: string) =>
      (await store.trail(correlationId)).map(({ event }) => event).filter((event) => event.startsWith('NOTIF')),
    sentTo: (app: string) => courier.parcels.filter((parcel) => parcel.app === app).length,
    stop: () => loop.stop(),
    restart: () => {
      loop = start();
    },
  };
  onTestFinished(async () => void (await Promise.all([loop.stop(), world.advance(120_000)])));
  return stage;
}

/** An endpoint that never responds: each delivery ends with its timeout. */
function hanging(world: ReturnType<typeof setUp>['world']) {
  return async (): Promise<DeliveryResult> => {
    await world.sleep(15_000);
    return DOWN;
  };
}

function failing(retryAfterMs: number, httpStatus = 503): DeliveryResult {
  return { type: 'failed', httpStatus, latencyMs: 5, message: `answered ${httpStatus}`, retryAfterMs };
}

test('an app is notified once, as soon as the execution has ended', async () => {
  const { end, courier, events, notification, world } = setUp();
  const id = await end({ traceparent: '00-a-b-01', tracestate: 'x=1' });
  await world.advance(HOUR);
  expect(courier.parcels).toHaveLength(1);
  const [parcel] = courier.parcels as [WebhookRequest];
  expect(parcel).toMatchObject({ app: 'shop', url: 'https://hooks.example/shop' });
  expect(parcel).toMatchObject({ traceparent: '00-a-b-01', tracestate: 'x=1' });
  expect(JSON.parse(parcel.body)).toMatchObject({ type: 'execution.completed', data: { correlationId: id } });
  expect(await notification(id)).toMatchObject({ id: parcel.id, status: 'DELIVERED', attempts: 1 });
  expect(await events(id)).toEqual(['NOTIFICATION_DELIVERED']);
});

test('a paused endpoint gets nothing until it is resumed, and other endpoints of its app get theirs', async () => {
  const { store, end, courier, world } = setUp();
  const pause = {
    app: 'shop',
    origin: 'https://hooks.example',
    since: world.now(),
    by: 'operator:alice',
    reason: null,
  };
  await store.pauseEndpoint(pause);
  await end();
  await end({ notifyUrl: 'https://other.example/hook' });
  await world.advance(HOUR);
  expect(courier.parcels.map(({ url }) => url)).toEqual(['https://other.example/hook']);
  await store.resumeEndpoint(pause);
  await world.advance(HOUR);
  expect(courier.parcels.at(-1)).toMatchObject({ url: 'https://hooks.example/shop' });
});

test('an app that chose links gets one instead of a result that makes the notification larger than its limit', async () => {
  const { end, courier } = setUp();
  const text = 'ü'.repeat(600);
  const notified = async (app: string, result: Json) => {
    const id = await end({ app }, result);
    const { body } = courier.parcels.at(-1) as WebhookRequest;
    return { id, body: JSON.parse(body) };
  };
  for (const [app, result] of [
    ['shop', { text }],
    ['linked', { text: 'x' }],
  ] as const) {
    const { body } = await notified(app, result);
    expect(body.data.result).toEqual(result);
    expect(body.data).not.toHaveProperty('link');
  }
  for (const [app, result] of [
    ['linked', { text }],
    ['thin', 1],
  ] as const) {
    const { id, body } = await notified(app, result);
    const link = `https://receiver.example/cx/v1/executions/${id}`;
    expect(body).toMatchObject({ type: 'execution.completed', data: { status: 'COMPLETED', result: null, link } });
    expect(JSON.stringify(body)).not.toContain(text);
  }
});

test('a failed delivery is repeated under the same id, at growing intervals, until it succeeds', async () => {
  const { end, courier, events, world } = setUp();
  courier.onDeliver = async () => (courier.parcels.length < 4 ? failing(0) : DELIVERED);
  const id = await end();
  await world.advance(10 * 60_000);
  expect(courier.parcels).toHaveLength(4);
  expect(new Set(courier.parcels.map((parcel) => parcel.id)).size).toBe(1);
  expect(await events(id)).toEqual([...Array(3).fill('NOTIFICATION_FAILED'), 'NOTIFICATION_DELIVERED']);
});

test('a Retry-After of the endpoint is respected', async () => {
  const { end, courier, world } = setUp();
  courier.onDeliver = async () => (courier.parcels.length < 2 ? failing(120_000, 429) : DELIVERED);
  await end();
  await world.advance(119_999);
  expect(courier.parcels).toHaveLength(1);
  await world.advance(10_001);
  expect(courier.parcels).toHaveLength(2);
});

test('an endpoint that responds 410 is not notified again', async () => {
  const { end, courier, events, notification, world } = setUp();
  courier.onDeliver = async () => GONE;
  const id = await end();
  await world.advance(25 * HOUR);
  expect(courier.parcels).toHaveLength(1);
  expect(await notification(id)).toMatchObject({ status: 'DEAD', lastHttpStatus: 410 });
  expect(await events(id)).toEqual(['NOTIFICATION_DEAD']);
});

test('an endpoint that is dead for a day has its whole backlog end as dead letters, after few attempts', async () => {
  const { end, courier, notification, world, log } = setUp();
  courier.onDeliver = async () => DOWN;
  const ids = await Promise.all(Array.from({ length: 50 }, () => end()));
  await world.advance(25 * HOUR);
  for (const id of ids) expect(await notification(id)).toMatchObject({ status: 'DEAD' });
  expect(courier.parcels.length).toBeLessThan(400);
  expect((await notification(ids.at(-1) as string)).lastError).toMatch(
    /the time limit has passed, and the endpoint failed \d+ times/,
  );
  expect(log.lines.filter(({ message }) => message.includes('endpoint of an app fails'))).toHaveLength(1);
});

/** Ends executions with results of 150 kB and then with small ones, as soon as the others have ended. */
async function endLargeAndSmall({ end }: ReturnType<typeof setUp>, large: number, small: number) {
  const text = 'x'.repeat(150_000);
  const largeOnes = await Promise.all(Array.from({ length: large }, () => end({}, { text })));
  return { largeOnes, smallOnes: await Promise.all(Array.from({ length: small }, () => end())) };
}

const isLarge = ({ body }: WebhookRequest) => body.length > 100_000;

test('notifications that an endpoint rejects delay no others, are tried again on their own, and end with their own reason', async () => {
  const stage = setUp();
  const { courier, events, notification, world, log } = stage;
  courier.onDeliver = async (parcel) => (isLarge(parcel) ? REJECTED : DELIVERED);
  const { largeOnes, smallOnes } = await endLargeAndSmall(stage, 12, 10);
  for (const id of smallOnes) expect(await notification(id)).toMatchObject({ status: 'DELIVERED', attempts: 1 });
  expect(log.lines.filter(({ message }) => message.includes('fails'))).toEqual([]);
  await world.advance(HOUR);
  expect((await notification(largeOnes[0] as string)).attempts).toBeGreaterThan(2);
  await world.advance(26 * HOUR);
  for (const id of largeOnes) {
    expect(await notification(id)).toMatchObject({
      status: 'DEAD',
      lastHttpStatus: 413,
      lastError: 'answered 413: too large',
    });
    expect((await events(id)).length).toBeLessThan(60);
  }
});

test.for([
  ['500', failing(0, 500)],
  ['no response', DOWN],
] as const)(
  'large notifications that fail with %s hold the others up for minutes, not for a day',
  async ([, result]) => {
    const stage = setUp();
    const { courier, notification, world } = stage;
    courier.onDeliver = async (parcel) => (isLarge(parcel) ? result : DELIVERED);
    const { smallOnes } = await endLargeAndSmall(stage, 12, 10);
    await world.advance(HOUR);
    for (const id of smallOnes) expect(await notification(id)).toMatchObject({ status: 'DELIVERED' });
  },
);

test('an answer about one notification proves that the endpoint is back', async () => {
  const { end, courier, world, sentTo } = setUp();
  courier.onDeliver = async () => failing(0);
  await Promise.all(Array.from({ length: 20 }, () => end()));
  const before = sentTo('shop');
  courier.onDeliver = async () => (sentTo('shop') === before + 1 ? REJECTED : DELIVERED);
  await world.advance(31_000);
  expect(sentTo('shop')).toBeGreaterThan(before + 10);
});

test('no notification is given up without an attempt while its endpoint answers, whatever it answers', async () => {
  const { end, courier, notification, world } = setUp();
  courier.onDeliver = async () => failing(0);
  const ids = await Promise.all(Array.from({ length: 400 }, () => end()));
  await world.advance(26 * HOUR);
  const found = await Promise.all(ids.map(notification));
  const isDead = ({ status }: Notification) => status === 'DEAD';
  expect(found.filter(isDead).length).toBeGreaterThan(100);
  expect(found.filter(({ attempts }) => attempts === 0).length).toBeGreaterThan(10);
  for (const one of found.filter(isDead)) {
    expect(one.attempts).toBeGreaterThan(0);
    expect(one.lastError).toContain('answered 503');
  }
  await world.advance(24 * HOUR);
  for (const id of ids) expect(await notification(id)).toMatchObject({ status: 'DEAD', attempts: 1 });
});

test('a late result waits for the outcome that its endpoint rejects, and other executions wait for neither', async () => {
  const { end, courier, notification, store, world } = setUp();
  courier.onDeliver = async ({ body }) => (body.includes('"execution.timeout"') ? REJECTED : DELIVERED);
  const execution = anExecution({ notifyUrl: 'https://hooks.example/shop' }, world.now());
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10_000 });
  await store.record(execution.reference, { type: 'cancelled', by: 'app:shop' }, world.now());
  await world.settle();
  expect(await notification(execution.correlationId)).toMatchObject({ status: 'DELIVERED' });
  const other = await end();
  expect(await notification(other)).toMatchObject({ status: 'DELIVERED' });
});

test('a failing endpoint gets one probe at a time, and its whole backlog when it is back', async () => {
  const { end, courier, world, sentTo } = setUp();
  courier.onDeliver = async () => DOWN;
  await Promise.all(Array.from({ length: 20 }, () => end()));
  const before = courier.parcels.length;
  await world.advance(29_000);
  expect(courier.parcels.length).toBe(before);
  await world.advance(2_000);
  expect(courier.parcels.length).toBe(before + 1);
  courier.onDeliver = async () => DELIVERED;
  await world.advance(HOUR);
  expect(sentTo('shop')).toBeGreaterThanOrEqual(before + 21);
});

test('a backlog of hundreds to a dead endpoint does not delay another app', async () => {
  const { end, courier, world, sentTo } = setUp();
  courier.onDeliver = (parcel) => (parcel.app === 'shop' ? hanging(world)() : Promise.resolve(DELIVERED));
  await Promise.all(Array.from({ length: 300 }, () => end()));
  expect(sentTo('shop')).toBe(4);
  for (let i = 0; i < 10; i += 1) {
    await end({ app: 'other', notifyUrl: 'https://other.example/' });
    expect(sentTo('other')).toBe(i + 1);
    await world.advance(3_000);
  }
});

test('many dead endpoints of one app do not delay another app either', async () => {
  const { end, courier, world, sentTo } = setUp();
  courier.onDeliver = (parcel) => (parcel.app === 'shop' ? hanging(world)() : Promise.resolve(DELIVERED));
  await Promise.all(Array.from({ length: 300 }, (_, index) => end({ notifyUrl: `https://hook-${index}.example/` })));
  expect(sentTo('shop')).toBe(16);
  await end({ app: 'other', notifyUrl: 'https://other.example/' });
  expect(sentTo('other')).toBe(1);
});

test('a new notification passes a backlog of its endpoint, as a replay of many makes one', async () => {
  const { end, courier, notification, store, world } = setUp();
  courier.onDeliver = async () => {
    await world.sleep(1_000);
    return DELIVERED;
  };
  await Promise.all(Array.from({ length: 100 }, () => end()));
  await world.advance(3_000);
  const id = await end();
  await world.advance(2_000);
  expect(await notification(id)).toMatchObject({ status: 'DELIVERED' });
  expect((await store.undelivered()).pending).toBeGreaterThan(75);
});

test('a crash between the outcome and the delivery loses nothing', async () => {
  const { end, stop, restart, courier, notification, world } = setUp();
  await stop();
  const id = await end();
  expect(courier.parcels).toHaveLength(0);
  restart();
  await world.settle();
  expect(await notification(id)).toMatchObject({ status: 'DELIVERED' });
});

test('a delivery in progress when the process died is repeated when its lease ends', async () => {
  const { end, stop, restart, courier, world, store } = setUp();
  await stop();
  await end();
  await store.claimNotifications(
    { app: 'shop', origin: 'https://hooks.example' },
    { limit: 1, probe: false },
    world.now(),
    world.now() + 30_000,
  );
  restart();
  await world.advance(29_999);
  expect(courier.parcels).toHaveLength(0);
  await world.advance(1);
  expect(courier.parcels).toHaveLength(1);
});

test('a result that cannot be recorded at once is recorded later, and the notification is not repeated meanwhile', async () => {
  const { end, outbox, courier, notification, store, world } = setUp();
  outbox.recordDelivery = () => Promise.reject(new StoreUnavailable('disk full'));
  const id = await end();
  await world.advance(100_000);
  expect(courier.parcels).toHaveLength(1);
  outbox.recordDelivery = store.recordDelivery;
  await world.advance(1_000);
  expect(await notification(id)).toMatchObject({ status: 'DELIVERED', attempts: 1 });
  await world.advance(HOUR);
  expect(courier.parcels).toHaveLength(1);
});

test('stopping waits for deliveries in progress, records them, and starts nothing more', async () => {
  const { end, stop, courier, notification, world } = setUp();
  courier.onDeliver = async () => {
    await world.sleep(5_000);
    return DELIVERED;
  };
  const ids = await Promise.all(Array.from({ length: 6 }, () => end()));
  expect(courier.parcels).toHaveLength(4);
  const stopped = stop();
  await world.advance(5_000);
  await stopped;
  expect(courier.parcels).toHaveLength(4);
  const statuses = await Promise.all(ids.map(async (id) => (await notification(id)).status));
  expect(statuses.filter((status) => status === 'DELIVERED')).toHaveLength(4);
});
