// The client against the whole service and the simulator over real HTTP, with lost responses and restarts of the receiver.

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { createClient, type LiveEvent, ReceiverError, verifyNotification } from '../../src/client/client.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { APP_KEY, OTHER_APP_KEY, type Stage, setStage } from '../stories/stage.ts';
import { type LossyProxy, startProxy } from './proxy.ts';

interface Scene {
  readonly stage: Stage;
  readonly proxy: LossyProxy;
  readonly client: ReturnType<typeof createClient>;
  /** Advances the clock in small steps until the promise is settled. */
  settled<T>(promise: Promise<T>): Promise<T>;
}

async function setScene(env: Record<string, string> = {}): Promise<Scene> {
  const stage = await setStage(env);
  const proxy = await startProxy(() => stage.service().url);
  // The clock runs faster here than responses arrive.
  const patient = { answerWithinMs: 1_000_000, surroundings: stage.world };
  const client = createClient({ baseUrl: proxy.url, key: APP_KEY, ...patient });
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let done = false;
    const end = promise.finally(() => {
      done = true;
    });
    end.catch(() => {});
    while (!done) await stage.pass(100, 100);
    return await end;
  };
  return { stage, proxy, client, settled };
}

const CHARGE = { actionId: 'charge', inputs: { simulate: { fate: 'callback' } } };

test('an execution is submitted, read and listed, and its audit trail is read', async () => {
  const { client, stage } = await setScene();
  const accepted = await client.submit({ ...CHARGE, correlationId: 'order-1', priority: 9 });
  expect(accepted).toMatchObject({ correlationId: 'order-1', status: 'QUEUED', app: 'shop' });
  await stage.untilStatus('order-1', 'COMPLETED');
  expect(await client.get('order-1')).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback' });
  expect((await client.audit('order-1')).map(({ event }) => event)).toEqual(await stage.events('order-1'));
});

test('a submission whose response is lost twice runs once', async () => {
  const { client, proxy, settled, stage } = await setScene();
  proxy.loseAnswers(2);
  const { correlationId } = await settled(client.submit(CHARGE));
  expect(proxy.passed).toEqual(Array.from({ length: 3 }, () => 'POST /v1/executions'));
  await stage.untilStatus(correlationId, 'COMPLETED');
  expect(stage.simulator.execution(correlationId)?.runs).toBe(1);
  expect(stage.simulator.stats().requests.execute).toBe(1);
});

test('a submission with an idempotency key whose response is lost runs once', async () => {
  const { client, proxy, settled, stage } = await setScene();
  proxy.loseAnswers(1);
  const first = await settled(client.submit(CHARGE, { idempotencyKey: 'order-4711' }));
  const again = await client.submit(CHARGE, { idempotencyKey: 'order-4711' });
  expect(again.correlationId).toBe(first.correlationId);
  await stage.untilStatus(first.correlationId, 'COMPLETED');
  expect(stage.simulator.stats().requests.execute).toBe(1);
  const other = client.submit({ ...CHARGE, actionId: 'refund' }, { idempotencyKey: 'order-4711' });
  await expect(other).rejects.toMatchObject({ code: 'idempotency-key-reused', idempotencyKey: 'order-4711' });
});

test('a batch whose response is lost runs each of its items once, and reports each', async () => {
  const { client, proxy, settled, stage } = await setScene();
  proxy.loseAnswers(1);
  const wrong = { actionId: 'no such/action' };
  const { items, accepted, refused } = await settled(client.submitBatch([CHARGE, wrong, CHARGE]));
  expect([accepted, refused]).toEqual([2, 1]);
  const [one, two, three] = items;
  expect(two).toMatchObject({ status: 422, problem: { errors: [{ pointer: '#/executions/1/actionId' }] } });
  for (const item of [one, three]) {
    if (item === undefined || !('execution' in item)) throw new Error('an item was not accepted');
    await stage.untilStatus(item.execution.correlationId, 'COMPLETED');
  }
  expect(stage.simulator.stats().requests.execute).toBe(2);
});

test('an atomic batch is refused as a whole', async () => {
  const { client } = await setScene();
  const batch = client.submitBatch([CHARGE, { actionId: '' }], { atomic: true });
  await expect(batch).rejects.toMatchObject({
    code: 'invalid-input',
    problem: { errors: [{ pointer: '#/executions/1/actionId' }] },
  });
  for await (const { correlationId } of client.list()) throw new Error(`${correlationId} was accepted`);
});

test('an outcome is awaited over several held responses', async () => {
  const { client, proxy, settled } = await setScene();
  const slow = { actionId: 'report', inputs: { simulate: { runMs: 110_000 } }, graceSeconds: 300 };
  const ended = await settled(client.submitAndWait({ ...slow, correlationId: 'report-1' }, { timeoutMs: 200_000 }));
  expect(ended).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback' });
  expect(proxy.passed).toEqual(['POST /v1/executions', 'GET /v1/executions/report-1', 'GET /v1/executions/report-1']);
});

test('an execution that fails is an outcome like any other', async () => {
  const { client, settled } = await setScene();
  const failing = { actionId: 'charge', inputs: { simulate: { outcome: 'failed' } } };
  expect((await settled(client.submitAndWait(failing))).status).toBe('FAILED');
});

test('after the time limit the execution continues, and the error has its id', async () => {
  const { client, settled, stage } = await setScene();
  const slow = { actionId: 'report', inputs: { simulate: { runMs: 60_000 } }, graceSeconds: 300 };
  const waiting = settled(client.submitAndWait(slow, { timeoutMs: 30_000 }));
  const error = await waiting.catch((thrown: unknown) => thrown);
  if (!(error instanceof ReceiverError) || error.correlationId === null) throw new Error('it names no execution');
  expect(error.code).toBe('not-in-time');
  const { correlationId } = error;
  await stage.pass(60_000);
  await stage.untilStatus(correlationId, 'COMPLETED');
});

test('an outcome arrives although the receiver restarts during the wait', async () => {
  const { client, settled, stage } = await setScene();
  const lost = {
    actionId: 'charge',
    correlationId: 'order-1',
    inputs: { simulate: { runMs: 20_000 } },
    graceSeconds: 60,
  };
  const waiting = client.submitAndWait(lost);
  await stage.untilStatus('order-1', 'PENDING');
  const restarted = stage.restart();
  await settled(restarted);
  expect((await settled(waiting)).status).toBe('COMPLETED');
  expect(stage.simulator.execution('order-1')?.runs).toBe(1);
});

test('a full queue is retried after the time that the receiver states', async () => {
  const { client, settled, stage, proxy } = await setScene({ QUEUE_CAPACITY: '1' });
  stage.simulator.outage({ answer: 503, ms: 6000 });
  await client.submit({ ...CHARGE, correlationId: 'first' });
  const second = await settled(client.submit({ ...CHARGE, correlationId: 'second' }));
  expect(second.correlationId).toBe('second');
  expect(proxy.passed.length).toBeGreaterThan(2);
});

test('lists cover all pages, newest first', async () => {
  const { client } = await setScene();
  const names = Array.from({ length: 7 }, (_, index) => `order-${index}`);
  for (const correlationId of names) await client.submit({ ...CHARGE, correlationId });
  const listed: string[] = [];
  for await (const { correlationId } of client.list({ limit: 3, actionId: 'charge' })) listed.push(correlationId);
  expect(listed).toEqual(names.toReversed());
});

test('an execution is cancelled, also when the response is lost', async () => {
  const { client, proxy, settled, stage } = await setScene();
  stage.simulator.outage({ answer: 503, ms: 60_000 });
  await client.submit({ ...CHARGE, correlationId: 'order-1' });
  proxy.loseAnswers(1);
  expect(await settled(client.cancel('order-1'))).toMatchObject({ status: 'CANCELLED', resolvedBy: 'cancel' });
  await stage.pass(90_000);
  expect(stage.simulator.execution('order-1')?.runs ?? 0).toBe(0);
});

test('another app cannot read the execution', async () => {
  const { client, proxy } = await setScene();
  await client.submit({ ...CHARGE, correlationId: 'order-1' });
  const other = createClient({ baseUrl: proxy.url, key: OTHER_APP_KEY });
  await expect(other.get('order-1')).rejects.toMatchObject({ code: 'not-found', correlationId: 'order-1' });
  await expect(other.cancel('order-1')).rejects.toMatchObject({ code: 'not-found' });
});

/** Collects events until the execution has ended. */
async function follow(events: AsyncIterable<LiveEvent>): Promise<LiveEvent[]> {
  const seen: LiveEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (event.terminalStatus !== null) break;
  }
  return seen;
}

test('events are followed over a lost connection and a restart, without a gap or a repetition', async () => {
  const { client, proxy, settled, stage } = await setScene();
  const slow = { actionId: 'report', inputs: { simulate: { runMs: 30_000 } }, graceSeconds: 300 };
  await client.submit({ ...slow, correlationId: 'order-1' });
  await stage.untilStatus('order-1', 'PENDING');
  const seen: LiveEvent[] = [];
  const following = follow(
    (async function* () {
      for await (const event of client.events({ correlationId: 'order-1' })) {
        seen.push(event);
        yield event;
      }
    })(),
  );
  await stage.until(() => seen.length === 3);
  proxy.cut();
  await settled(stage.restart());
  const received = await settled(following);
  expect(received.map(({ event }) => event)).toEqual(await stage.events('order-1'));
  expect(new Set(received.map(({ id }) => id)).size).toBe(received.length);
  expect(received.at(-1)).toMatchObject({ terminalStatus: 'COMPLETED' });
  expect(proxy.passed.filter((path) => path.endsWith('/events')).length).toBeGreaterThan(1);
});

test('all executions of an app are followed from now on, or from a known event', async () => {
  const { client, proxy, settled, stage } = await setScene();
  await client.submit({ ...CHARGE, correlationId: 'before' });
  await stage.untilStatus('before', 'COMPLETED');
  const following = follow(client.events());
  await stage.until(() => proxy.passed.includes('GET /v1/events'));
  await client.submit({ ...CHARGE, correlationId: 'after' });
  const received = await settled(following);
  expect(received.map(({ correlationId }) => correlationId)).toEqual(received.map(() => 'after'));
  const again = await settled(follow(client.events({ lastEventId: (received[0]?.id ?? 1) - 1 })));
  expect(again).toEqual(received);
});

test('an event id that was never issued is refused, and named', async () => {
  const { client } = await setScene();
  const following = follow(client.events({ lastEventId: 'yesterday' }));
  await expect(following).rejects.toMatchObject({ code: 'invalid-header', status: 400 });
});

interface Notice {
  readonly id: string;
  readonly status: string;
}

interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An app's server that responds with these statuses; the last one repeats. */
async function startApp(port: number, statuses: number[]): Promise<Delivery[]> {
  const received: Delivery[] = [];
  const server = createServer(async (request, response) => {
    const status = statuses[received.length] ?? statuses.at(-1);
    received.push({ headers: request.headers, body: await buffer(request) });
    response.writeHead(status ?? 500).end();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return received;
}

test('a notification that an app refused is found, replayed, and verified by the client and by the public package', async () => {
  const port = await freePort();
  const { client, settled, stage } = await setScene({ NOTIFY_ALLOWED_HOSTS: `shop:http://127.0.0.1:${port}` });
  const received = await startApp(port, [410, 204]);
  await client.submit({ ...CHARGE, correlationId: 'order-1', notifyUrl: `http://127.0.0.1:${port}/hook` });
  const dead = async () => (await client.request<{ items: Notice[] }>('GET', '/v1/notifications?status=DEAD')).items[0];
  await stage.until(async () => (await dead()) !== undefined);
  const { id = '' } = (await dead()) ?? {};
  const replayed = await client.request('POST', `/v1/notifications/${id}/replay`);
  expect(replayed).toMatchObject({ id, status: 'PENDING', type: 'execution.completed' });
  await settled(stage.until(() => received.length === 2));
  const found = () => client.request<Notice>('GET', `/v1/notifications/${id}`);
  await stage.until(async () => (await found()).status === 'DELIVERED');
  const delivered = { status: 'DELIVERED', correlationId: 'order-1' };
  expect(await client.request('POST', '/v1/notifications/replay', { body: delivered })).toEqual({ replayed: 1 });
  await settled(stage.until(() => received.length === 3));

  const { secrets } = await client.request<{ secrets: string[] }>('GET', '/v1/notifications/secrets');
  const now = stage.world.now();
  for (const { headers, body } of received) {
    expect(headers['webhook-id']).toBe(id);
    const payload = await verifyNotification(secrets, headers, body, { now });
    expect(payload).toEqual({
      type: 'execution.completed',
      timestamp: payload.data.resolvedAt,
      data: await client.get('order-1'),
    });
    const sentAt = new Date(Number(headers['webhook-timestamp']) * 1000);
    const signatures = secrets.map((secret) => new Webhook(secret).sign(id, sentAt, String(body)));
    expect(headers['webhook-signature']).toBe(signatures.join(' '));
    const tampered = Buffer.from(String(body).replace('order-1', 'order-2'));
    await expect(verifyNotification(secrets, headers, tampered, { now })).rejects.toThrow(/no signature fits/);
    await expect(verifyNotification(secrets, headers, body, { now: now + 600_000 })).rejects.toThrow(/long ago/);
  }
});
