// The delivery of a notification: over real HTTP, signed, in bounded time, to checked addresses, without redirects.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Webhook } from 'standardwebhooks';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createGuardedConnector, type ResolvedAddress } from '../../src/webhooks/guarded-connect.ts';
import type { WebhookRequest, WebhookSender } from '../../src/webhooks/port.ts';
import { createWebhookSender } from '../../src/webhooks/sender.ts';
import { type AllowedOrigin, createUrlPolicy } from '../../src/webhooks/url-policy.ts';
import { createManualWorld, type ManualWorld, START } from '../support/manual-world.ts';
import { startRaw } from '../support/upstream.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const LOOPBACK: ResolvedAddress = { address: '127.0.0.1', family: 4 };

interface Stage {
  readonly world: ManualWorld;
  readonly receiver: WebhookReceiver;
  readonly courier: WebhookSender;
  /** The addresses of every name, one response after the other; the last one stays. */
  names: ResolvedAddress[][];
  deliver(change?: Partial<WebhookRequest>): ReturnType<WebhookSender['deliver']>;
}

async function setStage(allowed: readonly Omit<AllowedOrigin, 'app'>[] = []): Promise<Stage> {
  const world = createManualWorld();
  const receiver = await startWebhookReceiver();
  const { port } = new URL(receiver.url);
  const origins = [receiver.origin, `http://hook.internal:${port}`, ...allowed.map(({ origin }) => origin)];
  const courier = createWebhookSender({
    policy: createUrlPolicy(origins.map((origin) => ({ app: 'shop', origin }))),
    secretsOf: () => [SECRET],
    world,
    resolve: async () => (stage.names.length > 1 ? stage.names.shift() : stage.names[0]) ?? [],
  });
  const stage: Stage = {
    world,
    receiver,
    courier,
    names: [[LOOPBACK]],
    deliver: (change = {}) =>
      courier.deliver({
        id: 'msg_1',
        app: 'shop',
        url: receiver.url,
        body: '{"ü":1}',
        traceparent: null,
        tracestate: null,
        ...change,
      }),
  };
  onTestFinished(() => courier.close());
  return stage;
}

/** The number of response headers received; the manual clock does not cover loopback. */
function headsSeen(): { count: number } {
  const seen = { count: 0 };
  const note = () => {
    seen.count += 1;
  };
  subscribe('undici:request:headers', note);
  onTestFinished(() => void unsubscribe('undici:request:headers', note));
  return seen;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

test('a notification arrives as it was signed, with the headers that an app needs to verify it', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: START });
  onTestFinished(() => void vi.useRealTimers());
  const { deliver, receiver } = await setStage();
  expect(await deliver()).toMatchObject({ type: 'delivered', httpStatus: 204 });
  const [{ method, path, headers, body }] = receiver.received as [WebhookReceiver['received'][number]];
  expect([method, path, body]).toEqual(['POST', '/hook', '{"ü":1}']);
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': 'cxone-callback-receiver',
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(START / 1000),
  });
  expect(headers).not.toHaveProperty('traceparent');
  expect(new Webhook(SECRET).verify(body, headers)).toEqual({ ü: 1 });
});

test('the trace context is sent if there is one', async () => {
  const { deliver, receiver } = await setStage();
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await deliver({ traceparent, tracestate: 'vendor=1' });
  expect(receiver.received[0]?.headers).toMatchObject({ traceparent, tracestate: 'vendor=1' });
});

test.for([200, 201, 202, 204, 299])('%d is success, whatever the body contains', async (status) => {
  const { deliver, receiver } = await setStage();
  receiver.answer = () => ({ status, ...(status === 204 ? {} : { body: '<h1>Error</h1>' }) });
  expect(await deliver()).toMatchObject({ type: 'delivered', httpStatus: status });
});

test.for([301, 302, 303, 307, 308])('%d is a failure that states it, and is not followed', async (status) => {
  const { deliver, receiver } = await setStage();
  receiver.answer = () => ({ status, headers: { location: '/elsewhere' } });
  const message = `answered ${status}, a redirect to /elsewhere, which is not followed`;
  expect(await deliver()).toMatchObject({ type: 'failed', httpStatus: status, message });
  expect(receiver.received.map(({ path }) => path)).toEqual(['/hook']);
});

test.for([
  ...[400, 403, 404, 405, 406, 409, 411, 413, 414, 415, 417, 418, 422, 428, 431, 451, 499].map(
    (status) => [status, 'rejected'] as const,
  ),
  ...[401, 402, 407, 408, 425, 429, 500, 501, 502, 503, 504, 507, 520, 599].map(
    (status) => [status, 'failed'] as const,
  ),
  [410, 'gone'] as const,
])('%d is %s, with the text of the endpoint for the audit trail', async ([status, type]) => {
  const { deliver, receiver } = await setStage();
  receiver.answer = () => ({ status, body: 'no\u0000 such\r\nhook\u202E' });
  expect(await deliver()).toMatchObject({ type, httpStatus: status, message: `answered ${status}: no such hook` });
});

test.for([
  [429, '120', 120_000],
  [503, '1.5', 1_500],
  [503, new Date(START + 60_000).toUTCString(), 60_000],
  [503, '99999999', 6 * 3_600_000],
  [503, 'soon', 0],
  [413, '60', 60_000],
] as const)('%d with Retry-After: %s requests a pause', async ([status, value, retryAfterMs]) => {
  const { deliver, receiver } = await setStage();
  receiver.answer = () => ({ status, headers: { 'retry-after': value } });
  expect(await deliver()).toMatchObject({ retryAfterMs });
});

test('a response of megabytes is not read to its end, and a short excerpt is kept', async () => {
  const { deliver, receiver } = await setStage();
  receiver.answer = () => ({ status: 500, body: 'x'.repeat(5_000_000) });
  const { message } = (await deliver()) as { message: string };
  expect(message.length).toBeLessThan(600);
});

test('no response within 15 seconds is a failure', async () => {
  const { deliver, receiver, world } = await setStage();
  receiver.answer = () => 'hang';
  const receipt = deliver();
  await until(() => receiver.received.length === 1);
  await world.advance(14_999);
  await world.advance(1);
  expect(await receipt).toMatchObject({
    type: 'failed',
    httpStatus: 0,
    latencyMs: 15_000,
    message: 'no answer: it took longer than 15 s',
  });
  expect(world.sleepers).toBe(0);
});

// undici waits 15 real seconds for the connection.
test('an endpoint that falls silent while the connection is opened is a failure after 15 seconds', {
  timeout: 10_000,
}, async () => {
  const silent = await startRaw(() => {});
  const url = silent.url.replace('http:', 'https:');
  const { deliver, world } = await setStage([{ origin: url }]);
  const receipt = deliver({ url });
  await until(() => silent.sockets.length === 1);
  await world.advance(15_000);
  expect(await receipt).toMatchObject({ type: 'failed', message: 'no answer: it took longer than 15 s' });
});

test('a response whose body never ends is closed after 15 seconds, and its status counts', async () => {
  const { deliver, receiver, world } = await setStage();
  for (const [stall, type] of [
    [200, 'delivered'],
    [500, 'failed'],
  ] as const) {
    receiver.answer = () => ({ stall });
    const heads = headsSeen();
    const receipt = deliver();
    await until(() => heads.count > 0);
    await world.advance(15_000);
    expect(await receipt).toMatchObject({ type, httpStatus: stall });
  }
});

test('a refused connection is a failure with the text of the network', async () => {
  const { deliver } = await setStage([{ origin: 'http://127.0.0.1:1' }]);
  expect(await deliver({ url: 'http://127.0.0.1:1/' })).toMatchObject({
    type: 'failed',
    httpStatus: 0,
    message: expect.stringMatching(/ECONNREFUSED/),
  });
});

test('closing aborts the delivery in progress, and sends nothing more', async () => {
  const { deliver, courier, receiver } = await setStage();
  receiver.answer = () => 'hang';
  const receipt = deliver();
  await until(() => receiver.received.length === 1);
  courier.close();
  expect(await receipt).toMatchObject({ type: 'failed', message: expect.stringContaining('closing') });
  expect(await deliver()).toMatchObject({ type: 'failed', message: expect.stringContaining('closing') });
  expect(receiver.received).toHaveLength(1);
});

describe('the addresses of a name are checked at each connection', () => {
  const byName = (stage: Stage) => `http://hook.internal:${new URL(stage.receiver.url).port}/hook`;
  const METADATA: ResolvedAddress = { address: '169.254.169.254', family: 4 };
  const MAPPED: ResolvedAddress = { address: '::ffff:169.254.169.254', family: 6 };

  test('a listed name may resolve to an internal address', async () => {
    const stage = await setStage();
    expect(await stage.deliver({ url: byName(stage) })).toMatchObject({ type: 'delivered' });
  });

  test.for([
    ['a metadata service', [METADATA], 'link-local'],
    ['one that is mapped into IPv6', [MAPPED], 'link-local'],
    ['nothing', [], 'none'],
  ] as const)('a name that resolves to %s is not connected to', async ([, addresses, kind]) => {
    const stage = await setStage();
    stage.names = [[...addresses]];
    expect(await stage.deliver({ url: byName(stage) })).toMatchObject({
      type: 'failed',
      httpStatus: 0,
      message: `no answer: the name leads to an address that may not be called (${kind})`,
    });
    expect(stage.receiver.connections).toBe(0);
  });

  test('of several addresses only the allowed ones are tried', async () => {
    const stage = await setStage();
    stage.names = [[METADATA, MAPPED, LOOPBACK]];
    expect(await stage.deliver({ url: byName(stage) })).toMatchObject({ type: 'delivered' });
  });

  test('a name that resolves to another address the second time is checked again', async () => {
    const stage = await setStage();
    stage.receiver.answer = () => ({ status: 204, headers: { connection: 'close' } });
    stage.names = [[LOOPBACK], [METADATA]];
    expect(await stage.deliver({ url: byName(stage) })).toMatchObject({ type: 'delivered' });
    expect(await stage.deliver({ url: byName(stage) })).toMatchObject({ type: 'failed', httpStatus: 0 });
  });

  test.for(['10.0.0.1', '127.0.0.1', '::1', 'fd00::1', '100.64.0.1', '::ffff:127.0.0.1', '2002:7f00:1::'])(
    'a name that is not listed must not resolve to %s',
    async (address) => {
      const stage = await setStage();
      stage.names = [[{ address, family: address.includes(':') ? 6 : 4 }]];
      const { port } = new URL(stage.receiver.url);
      const receipt = await stage.deliver({ app: 'other', url: `https://hooks.example:${port}/` });
      expect(receipt).toMatchObject({ type: 'failed', message: expect.stringContaining('may not be called') });
      expect(stage.receiver.connections).toBe(0);
    },
  );
});

test.for(['127.0.0.1', '[::1]', '169.254.169.254', '[::ffff:10.0.0.1]'])(
  'an address in place of a name is checked as well: %s',
  async (hostname) => {
    const connect = createGuardedConnector('public', () => Promise.reject(new Error('not a name')), 1_000);
    const error = await new Promise((resolve) =>
      connect({ hostname, protocol: 'http:', port: '80' }, (...answer) => resolve(answer[0])),
    );
    expect(String(error)).toContain('may not be called');
  },
);

test('nothing is sent once another receiver may be active', async () => {
  const { receiver } = await setStage();
  const courier = createWebhookSender({
    policy: createUrlPolicy([{ app: 'shop', origin: receiver.origin }]),
    secretsOf: () => [SECRET],
    world: createManualWorld(),
    maySend: () => false,
  });
  onTestFinished(() => courier.close());
  const webhook = { id: 'msg_1', app: 'shop', url: receiver.url, body: '{}', traceparent: null, tracestate: null };
  expect(await courier.deliver(webhook)).toMatchObject({
    type: 'failed',
    httpStatus: 0,
    message: 'not sent: another receiver may be active',
  });
  expect(receiver.connections).toBe(0);
});

test('a URL that was accepted under other rules is not called', async () => {
  const { deliver, receiver } = await setStage();
  const url = receiver.url;
  expect(await deliver({ app: 'other', url })).toMatchObject({
    type: 'failed',
    httpStatus: 0,
    message: expect.stringMatching(/^not sent: the URL must be https/),
  });
  expect(await deliver({ url: 'https://elsewhere.example/' })).toMatchObject({
    message: expect.stringMatching(/^not sent: the URL has an origin that is not allowed/),
  });
  expect(receiver.connections).toBe(0);
});
