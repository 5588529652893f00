// Every answer that the OpenAPI document promises, given by the real thing: each operation, each status, each problem.

import { describe, expect, test } from 'vitest';
import { openApiDocument } from '../../../src/http/operations.ts';
import { NoLeader, OrderUnconfirmed } from '../../../src/store/leader-port.ts';
import { type Store, StoreUnavailable } from '../../../src/store/port.ts';
import type { Reconciliation } from '../../../src/usecases/reconcile/report.ts';
import { eventually } from '../../support/eventually.ts';
import { createPausedControl } from '../../support/pause.ts';
import { ALICE_KEY, CAROL_KEY, dispatchAll, type Harness, head, ORDERS_KEY, startHttp } from '../harness.ts';
import { createConformance, operationsOf } from './conformance.ts';
import { examplesIn, exchanged, failing, followed, shape } from './driver.ts';

const DOCUMENT = openApiDocument();
const OPERATIONS = operationsOf(DOCUMENT);
const conformance = createConformance(DOCUMENT);

const TOKEN = `${'A'.repeat(22)}.${'A'.repeat(43)}`;
const MIB = 1024 * 1024;
const DONE = { status: 'COMPLETED', result: { paid: true } };
const NOTIFIED = { notifyUrl: 'https://hooks.example/executions' };
const SECRETS = { notificationSecrets: () => ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] };

/** CXone and OAuth clients may add to these URLs. */
const OF_THE_WEBHOOK = new Set(['completeExecution', 'getCallbackToken']);

type Call = Parameters<Harness['call']>[2] & { readonly path?: string };

/** Calls an operation of the document and holds the answer to it. */
async function call(http: Harness, operationId: string, { path, ...options }: Call = {}) {
  const { method, path: template } = placed(operationId);
  const answer = await http.call(method.toUpperCase(), path ?? pathOf(template), options);
  conformance.check(operationId, answer);
  return answer;
}

function placed(operationId: string) {
  const found = OPERATIONS.find(({ operation }) => operation.operationId === operationId);
  if (found === undefined) throw new Error(`the document has no ${operationId}`);
  return found;
}

function pathOf(template: string): string {
  return template.replace('{correlationId}', 'one').replace('{id}', 'msg_none').replace('{token}', TOKEN);
}

/** What an operation is sent when all is well. */
function bodyOf(operationId: string): { readonly body?: unknown } {
  const { operation } = placed(operationId);
  const [media] = Object.values(operation.requestBody?.content ?? {});
  const [example] = Object.values(media?.examples ?? {});
  return example === undefined ? {} : { body: example.value };
}

/** Of the answers of an operation to an example that is right, with the key that is right. */
function rightly(operationId: string): Call {
  const { security } = placed(operationId).operation;
  const forOperators = security.length > 0 && !security.some((scheme) => 'appKey' in scheme);
  return { ...bodyOf(operationId), key: forOperators ? ALICE_KEY : ORDERS_KEY };
}

/** The key of somebody who may not. */
function strangerTo(operationId: string): string {
  const schemes = placed(operationId).operation.security.flatMap((scheme) => Object.keys(scheme));
  const strangers = { appKey: ORDERS_KEY, operatorKey: ALICE_KEY, readerKey: CAROL_KEY };
  const [key] = Object.entries(strangers).flatMap(([scheme, one]) => (schemes.includes(scheme) ? [] : [one]));
  if (key === undefined) throw new Error(`everybody may call ${operationId}`);
  return key;
}

const documents = (status: string, problem: string) =>
  OPERATIONS.filter(({ operation }) => {
    const answer = operation.responses[status];
    return (
      answer !== undefined &&
      JSON.stringify(answer).toLowerCase().replaceAll('-', '').includes(problem.replaceAll('-', ''))
    );
  }).map(({ operation }) => operation.operationId);

describe('what any operation may answer', () => {
  test('400: a request that cannot be understood', async () => {
    await using http = await startHttp();
    for (const { method, path, operation } of OPERATIONS) {
      const twoHosts = head(method.toUpperCase(), pathOf(path), { connection: 'close' }).replace(
        '\r\n',
        '\r\nhost: other\r\n',
      );
      conformance.check(operation.operationId, await exchanged(http, twoHosts));
    }
  });

  test('408: a request that does not arrive', async () => {
    await using http = await startHttp({ limits: { headersTimeout: 200, connectionsCheckingInterval: 20 } });
    const answers = OPERATIONS.map(async ({ method, path, operation }) => {
      const unfinished = head(method.toUpperCase(), pathOf(path)).slice(0, -2);
      conformance.check(operation.operationId, await exchanged(http, unfinished));
    });
    await Promise.all(answers);
  });

  test('431: headers that are too large', async () => {
    await using http = await startHttp();
    for (const { method, path, operation } of OPERATIONS) {
      const large = head(method.toUpperCase(), pathOf(path), { more: 'x'.repeat(17_000) });
      conformance.check(operation.operationId, await exchanged(http, large));
    }
  });

  test('401: no key', async () => {
    await using http = await startHttp();
    for (const id of documents('401', 'unauthorized')) {
      expect((await call(http, id, { ...bodyOf(id), key: null })).status).toBe(401);
    }
  });

  test('429: too many wrong keys', async () => {
    await using http = await startHttp();
    const wrong = { key: 'a-key-that-is-unknown' };
    for (let failures = 0; failures < 20; failures += 1) await http.call('GET', '/v1/executions', wrong);
    for (const id of documents('429', 'too-many-failures')) {
      expect((await call(http, id, { ...bodyOf(id), ...wrong })).status).toBe(429);
    }
  });

  test('403: the key of somebody else', async () => {
    await using http = await startHttp();
    for (const id of documents('403', 'forbidden')) {
      expect((await call(http, id, { ...bodyOf(id), key: strangerTo(id) })).status).toBe(403);
    }
  });

  test('500: a fault', async () => {
    await using http = await startHttp(failing(new TypeError('a fault')));
    const path = new URL(http.callbackUrls.mint('019c1405-7a00-7000-8000-000000000001')).pathname;
    for (const id of documents('500', 'internal-error')) {
      const answer = await call(http, id, { ...rightly(id), ...(id === 'completeExecution' ? { path } : {}) });
      expect({ id, status: answer.status }).toEqual({ id, status: 500 });
    }
  });

  test('503: the store cannot commit', async () => {
    await using http = await startHttp(failing(new StoreUnavailable('the disk is full')));
    const path = new URL(http.callbackUrls.mint('019c1405-7a00-7000-8000-000000000001')).pathname;
    for (const id of documents('503', 'store-unavailable')) {
      const answer = await call(http, id, { ...rightly(id), ...(id === 'completeExecution' ? { path } : {}) });
      expect({ id, type: answer.json.type }).toEqual({
        id,
        type: 'urn:cxone-callback-receiver:problem:store-unavailable',
      });
    }
  });

  test('503: an order that the leader has not confirmed may have been done, and the response says so', async () => {
    const lift = async () => {
      throw new OrderUnconfirmed('the leader has ended');
    };
    await using http = await startHttp({ controls: { liftPause: lift } });
    const { status, json, headers } = await call(http, 'liftPause', { key: ALICE_KEY, body: bodyOf('liftPause').body });
    expect({ status, title: json.title }).toEqual({ status: 503, title: expect.stringContaining('stored') });
    expect(json.detail).toContain('It may have been done');
    expect(json.detail).not.toContain('Nothing was changed');
    expect(headers.get('retry-after')).toMatch(/^\d+$/);
  });

  test('503: no receiver leads, which alone could carry out the order', async () => {
    const refused = async () => {
      throw new NoLeader('no receiver leads');
    };
    await using http = await startHttp({
      controls: {
        liftPause: refused,
        reconciliations: { start: refused, find: () => undefined },
        probe: refused,
      },
    });
    const orders = documents('503', 'no-leader');
    expect(orders.toSorted()).toEqual(['liftPause', 'probeEndpoint', 'startReconciliation']);
    for (const id of orders) {
      const body = id === 'probeEndpoint' ? { app: 'orders', origin: 'https://hooks.example' } : bodyOf(id).body;
      const { status, json, headers } = await call(http, id, { key: ALICE_KEY, body });
      expect({ id, status }).toEqual({ id, status: 503 });
      expect(json).toMatchObject({
        title: 'No receiver leads at the moment',
        detail: expect.stringContaining('Nothing was changed.'),
      });
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect(http.logLines.filter(({ level }) => level !== 'debug').map(({ message }) => message)).toEqual([
      'refused an order because no receiver leads',
    ]);
  });

  test('400, 413 and 415: a body that cannot be read', async () => {
    await using http = await startHttp();
    for (const id of documents('415', 'unsupported-media-type')) {
      // The bodies of apps are not read where only an operator gives a reason.
      const { requestBody } = placed(id).operation;
      const { key = null } = requestBody?.required === false ? { key: ALICE_KEY } : rightly(id);
      await call(http, id, { key, body: '{"actionId":"a",}' });
      await call(http, id, { key, body: 'x', headers: { 'content-type': 'text/plain' } });
      await call(http, id, { key, body: 'x', headers: { 'content-encoding': 'gzip' } });
      await call(http, id, { key, body: ' '.repeat((id === 'submitBatch' ? 10 : 1) * MIB + 1) });
    }
  });

  test('404: an unknown execution', async () => {
    await using http = await startHttp();
    for (const id of documents('404', 'not-found')) expect((await call(http, id, rightly(id))).status).toBe(404);
  });

  test('422: a query parameter that the operation does not have', async () => {
    await using http = await startHttp();
    const answering = OPERATIONS.map(({ operation }) => operation.operationId).filter((id) => !OF_THE_WEBHOOK.has(id));
    expect(documents('422', 'invalid-input')).toEqual(answering);
    for (const id of answering) {
      await http.submit({ correlationId: 'one' });
      const path = pathOf(placed(id).path);
      for (const query of ['?unknown=1', '?unknown', '?limit2=&unknown=']) {
        const { status, json } = await call(http, id, { ...rightly(id), path: path + query });
        expect({ id, query, status }).toEqual({ id, query, status: 422 });
        expect(json.errors).toContainEqual({ pointer: '#/unknown', detail: 'is unknown here; leave it out' });
      }
    }
  });

  test('a callback counts whatever its sender adds to the URL', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    await dispatchAll(http);
    const path = `${await http.callbackPath('one')}?source=cxone&attempt=1`;
    const { json } = await call(http, 'completeExecution', { path, key: null, body: DONE });
    expect(json).toEqual({ outcome: 'resolved' });
  });

  test('503: the receiver is shutting down', async () => {
    await using http = await startHttp({ lifecycle: { draining: () => true } });
    for (const id of ['submitExecution', 'submitBatch']) await call(http, id, rightly(id));
  });
});

describe('submitting', () => {
  test('one', async () => {
    await using http = await startHttp();
    const body = { actionId: 'charge-card', correlationId: 'one' };
    expect((await call(http, 'submitExecution', { body })).status).toBe(202);
    expect((await call(http, 'submitExecution', { body })).status).toBe(200);
    expect((await call(http, 'submitExecution', { body: { ...body, actionId: 'other' } })).status).toBe(409);
    expect((await call(http, 'submitExecution', { body: { ...body, timeoutSeconds: 4 } })).status).toBe(422);
    const held = call(http, 'submitExecution', { body: { actionId: 'a' }, headers: { prefer: 'wait=5' } });
    await eventually(() => http.waiters.size > 0);
    await http.world.advance(5_000);
    expect((await held).status).toBe(202);
    await http.call('POST', '/v1/executions/one/cancel');
    const ended = await call(http, 'submitExecution', { body, headers: { prefer: 'wait=5' } });
    expect([ended.status, ended.headers.get('retry-after')]).toEqual([200, null]);
  });

  test('under a key', async () => {
    await using http = await startHttp();
    const headers = { 'idempotency-key': '"order-4711"' };
    const first = await call(http, 'submitExecution', { body: { actionId: 'a' }, headers });
    const again = await call(http, 'submitExecution', { body: { actionId: 'a' }, headers });
    expect([again.status, again.json]).toEqual([202, first.json]);
    expect((await call(http, 'submitExecution', { body: { actionId: 'b' }, headers })).status).toBe(422);
    const empty = { body: { actionId: 'a' }, headers: { 'idempotency-key': '""' } };
    expect((await call(http, 'submitExecution', empty)).status).toBe(400);
  });

  test('many', async () => {
    await using http = await startHttp();
    const executions = [
      { actionId: 'a', correlationId: 'one' },
      { actionId: 'a', timeoutSeconds: 4 },
    ];
    const headers = { 'idempotency-key': 'batch-1' };
    const answer = await call(http, 'submitBatch', { body: { executions }, headers });
    expect(answer.json.items.map(({ status }: { status: number }) => status)).toEqual([202, 422]);
    await call(http, 'submitBatch', { body: { executions }, headers });
    expect((await call(http, 'submitBatch', { body: { executions: [{ actionId: 'b' }] }, headers })).status).toBe(422);
    expect(
      (await call(http, 'submitBatch', { body: { executions }, headers: { 'idempotency-key': 'a b' } })).status,
    ).toBe(400);
    const [one] = executions;
    const again = await call(http, 'submitBatch', { body: { executions: [one, { ...one, actionId: 'other' }] } });
    expect(again.json.items.map(({ status }: { status: number }) => status)).toEqual([200, 409]);
    const taken = { executions: [{ ...one, actionId: 'other' }, { actionId: 'a' }], atomic: true };
    expect((await call(http, 'submitBatch', { body: taken })).status).toBe(409);
    expect((await call(http, 'submitBatch', { body: { executions, atomic: true } })).status).toBe(422);
    expect((await call(http, 'submitBatch', { body: { executions: [] } })).status).toBe(422);
  });

  test('more than there is room for', async () => {
    await using http = await startHttp({ queueCapacity: 1 });
    const body = { executions: [{ actionId: 'a' }, { actionId: 'b' }], atomic: true };
    expect((await call(http, 'submitBatch', { body })).status).toBe(503);
    await http.submit();
    expect((await call(http, 'submitExecution', { body: { actionId: 'a' } })).status).toBe(503);
    await using shared = await startHttp({ shares: { appQueueCapacities: new Map([['orders', 1]]) } });
    expect((await call(shared, 'submitBatch', { body })).status).toBe(429);
    await call(shared, 'submitExecution', { body: { actionId: 'a' } });
    expect((await call(shared, 'submitExecution', { body: { actionId: 'a' } })).status).toBe(429);
  });

  test('more bodies than may be received at the same time', async () => {
    const full = { reserve: () => null };
    await using http = await startHttp({ bodies: { ofApps: full, ofCallbacks: full } });
    const path = new URL(http.callbackUrls.mint('019b76da-a800-7000-8000-0734a88bc231')).pathname;
    expect((await call(http, 'submitExecution', { body: { actionId: 'a' } })).status).toBe(503);
    expect((await call(http, 'submitBatch', { body: { executions: [{ actionId: 'a' }] } })).status).toBe(503);
    expect((await call(http, 'completeExecution', { path, key: null, body: DONE })).status).toBe(503);
  });

  test('faster than the app may', async () => {
    await using http = await startHttp({ queueCapacity: 100, shares: { appRates: new Map([['orders', 50]]) } });
    const executions = Array(50).fill({ actionId: 'a' });
    expect((await call(http, 'submitBatch', { body: { executions } })).status).toBe(200);
    expect((await call(http, 'submitBatch', { body: { executions } })).status).toBe(429);
    expect((await call(http, 'submitExecution', { body: { actionId: 'a' } })).status).toBe(429);
    await http.world.advance(1_000);
    expect((await call(http, 'submitExecution', { body: { actionId: 'a' } })).status).toBe(202);
  });
});

describe('looking', () => {
  test('at executions', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    await http.submit({ correlationId: 'two' });
    await call(http, 'getExecution');
    const held = call(http, 'getExecution', { headers: { prefer: 'wait=5' } });
    await eventually(() => http.waiters.size > 0);
    await http.world.advance(5_000);
    expect((await held).headers.get('preference-applied')).toBe('wait=5');
    await dispatchAll(http);
    await http.call('POST', await http.callbackPath('one'), { key: null, body: DONE });
    expect((await call(http, 'getExecution')).json.status).toBe('COMPLETED');
    expect((await call(http, 'getAuditTrail')).json.nextCursor).toBeNull();
    const first = await call(http, 'getAuditTrail', { path: '/v1/executions/one/audit?limit=1' });
    expect(first.headers.get('link')).toContain(`cursor=${first.json.nextCursor}`);
    expect((await call(http, 'getAuditTrail', { path: '/v1/executions/one/audit?limit=0' })).status).toBe(422);
    expect((await call(http, 'listExecutions', { path: '/v1/executions?limit=1' })).json.nextCursor).not.toBeNull();
    expect((await call(http, 'listExecutions', { path: '/v1/executions?limit=0' })).status).toBe(422);
    expect((await call(http, 'cancelExecution', { path: '/v1/executions/two/cancel' })).json.status).toBe('CANCELLED');
    await http.call('POST', await http.callbackPath('two'), { key: null, body: DONE });
    expect((await call(http, 'getExecution', { path: '/v1/executions/two' })).json.lateResult).not.toBeNull();
  });

  test('at events', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    await http.call('POST', '/v1/executions/one/cancel');
    for (const [id, path, headers, count] of [
      ['followExecution', '/v1/executions/one/events', {}, 2],
      ['followExecutions', '/v1/events', { 'last-event-id': '1' }, 1],
    ] as const) {
      const { answer, events } = await followed(http, path, headers, count);
      conformance.check(id, answer);
      expect(events).toHaveLength(count);
      for (const event of events) conformance.mustFit({ $ref: '#/components/schemas/StreamEvent' }, event, id);
    }
    for (const id of ['followExecution', 'followExecutions']) {
      for (const place of ['x', '999']) {
        expect((await call(http, id, { headers: { 'last-event-id': place } })).status).toBe(400);
        const path = `${pathOf(placed(id).path)}?lastEventId=${place}`;
        expect((await call(http, id, { path })).status).toBe(422);
      }
    }
  });

  test('and searches by text, too many of one key', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const listJson: Store['listJson'] = async () => {
      await opened;
      return { items: Buffer.from('[]'), next: null, search: { scanned: 7, reachedAt: null } };
    };
    await using http = await startHttp({ store: { listJson } });
    const search = () => call(http, 'listExecutions', { path: '/v1/executions?text=x' });
    const searches = Array.from({ length: 13 }, search);
    expect((await Promise.race(searches)).status).toBe(429);
    open();
    const answers = (await Promise.all(searches)).filter(({ status }) => status === 200);
    expect(answers).toHaveLength(12);
    for (const { json } of answers) expect([json.scanned, json.searchedThrough]).toEqual([7, null]);
  });

  test('and bulk actions by text, too many of one key', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    await using http = await startHttp({ store: { list: () => opened.then(() => ({ items: [], next: null })) } });
    const bodies = { pollExecutions: {}, cancelExecutions: {}, eraseExecutions: { reason: 'because' } };
    const waiting = Array.from({ length: 13 }, () =>
      call(http, 'pollExecutions', { key: ALICE_KEY, body: { text: 'x' } }),
    );
    // Only a refusal is answered now.
    expect((await Promise.race(waiting)).status).toBe(429);
    for (const [id, body] of Object.entries(bodies)) {
      expect((await call(http, id, { key: ALICE_KEY, body: { ...body, text: 'x' } })).status).toBe(429);
    }
    open();
    await Promise.all(waiting);
  });

  test('and replays, faster than the app may', async () => {
    await using http = await startHttp({
      store: { replayNotifications: async () => ({ replayed: 1_100, next: null }) },
    });
    await http.submit({ correlationId: 'one', notifyUrl: 'https://hooks.example/executions' });
    await http.call('POST', '/v1/executions/one/cancel');
    const [{ id }] = (await http.call('GET', '/v1/notifications')).json.items;
    const app = { key: ORDERS_KEY, body: {} };
    expect((await call(http, 'replayNotifications', app)).status).toBe(202);
    expect((await call(http, 'replayNotifications', app)).status).toBe(429);
    const path = `/v1/notifications/${id}/replay`;
    expect((await call(http, 'replayNotification', { ...app, path })).status).toBe(429);
  });

  test('and lists at a position that a restore lost', async () => {
    await using http = await startHttp();
    const { correlationId } = (await http.submit({ correlationId: 'one' })).json;
    expect(correlationId).toBe('one');
    const { store } = http;
    const gap = { after: 12, next: 1_767_000_000_000_001, lostFrom: 0, restoredAt: 0 };
    const feed = store.feed;
    store.feed = async (query) => ({ ...(await feed(query)), gap });
    const page = { items: [], next: null };
    store.listJson = async () => ({
      ...page,
      items: Buffer.from('[]'),
      resumeBefore: '019c1405-7a00-7000-8000-000000000001',
    });
    store.listNotifications = async () => ({ ...page, resumeBefore: gap.next });
    for (const id of ['followExecution', 'followExecutions']) {
      const lost = await call(http, id, { headers: { 'last-event-id': '28' } });
      expect([lost.status, lost.json.resumeAfter]).toEqual([410, 12]);
    }
    for (const id of ['listExecutions', 'listNotifications']) {
      const lost = await call(http, id);
      expect(lost.status).toBe(410);
      expect(lost.json.detail).toContain(`continue with cursor=${lost.json.resumeCursor}.`);
    }
  });

  test('at events that are no longer kept', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'old' });
    await http.call('POST', '/v1/executions/old/cancel');
    await http.world.advance(60_000);
    await http.submit({ correlationId: 'one' });
    expect((await http.store.prune(10, http.world.now())).entries).toBe(2);
    for (const id of ['followExecution', 'followExecutions']) {
      expect((await call(http, id, { headers: { 'last-event-id': '1' } })).status).toBe(410);
    }
  });

  test('at events of too many, and of a receiver that stops', async () => {
    for (const outcome of [{ outcome: 'too-many', bound: 'perReader', limit: 100 }, { outcome: 'stopping' }] as const) {
      await using http = await startHttp({
        events: { streams: { open: async () => outcome, openPage: () => outcome } },
      });
      await http.submit({ correlationId: 'one' });
      for (const id of ['followExecution', 'followExecutions']) await call(http, id);
    }
  });

  test('at notifications', async () => {
    await using http = await startHttp(SECRETS);
    await http.submit({ correlationId: 'one', ...NOTIFIED });
    await http.call('POST', '/v1/executions/one/cancel');
    const [{ id }] = (await call(http, 'listNotifications')).json.items;
    const path = `/v1/notifications/${id}`;
    expect((await call(http, 'listNotifications', { path: '/v1/notifications?status=LOST' })).status).toBe(422);
    expect((await call(http, 'getNotification', { path })).status).toBe(200);
    expect((await call(http, 'replayNotification', { path: `${path}/replay` })).status).toBe(409);
    const answered = { httpStatus: 200, latencyMs: 5 } as const;
    await http.store.recordDelivery(id, { type: 'delivered', ...answered }, http.world.now());
    expect((await call(http, 'replayNotification', { path: `${path}/replay` })).status).toBe(202);
    expect((await call(http, 'replayNotifications', { body: { status: 'DEAD' } })).status).toBe(202);
    expect((await call(http, 'replayNotifications', { body: { status: 'LOST' } })).status).toBe(422);
    await http.store.recordDelivery(id, { type: 'delivered', ...answered }, http.world.now());
    const old = http.world.now() + 1;
    await http.store.prunePayloads(await http.store.prunablePayloads(9, old, null), old, old);
    expect((await call(http, 'replayNotification', { path: `${path}/replay` })).status).toBe(409);
    expect((await call(http, 'getNotificationSecrets')).status).toBe(200);
  });
});

describe('what operators do', () => {
  const alice = { key: ALICE_KEY };

  test('their activity', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    await call(http, 'cancelExecutions', { ...alice, body: { status: 'OPEN', reason: 'ticket 1' } });
    const { json } = await call(http, 'listActivity', { key: CAROL_KEY });
    expect(json.items).toMatchObject([{ action: 'cancel', by: 'operator:alice', changed: 1, reason: 'ticket 1' }]);
  });

  test('reconciling', async () => {
    await using http = await startHttp();
    const body = { from: '2026-01-01', to: '2026-01-02T00:00:00Z', actionId: 'charge-card', app: 'orders' };
    const started = await call(http, 'startReconciliation', { ...alice, body });
    expect(started.status).toBe(202);
    for (const wrong of [{}, { ...body, to: '2025-12-31' }, { ...body, until: 'x' }, []]) {
      expect((await call(http, 'startReconciliation', { ...alice, body: wrong })).status).toBe(422);
    }
    const path = started.headers.get('location') ?? '';
    const report = await call(http, 'getReconciliation', { key: CAROL_KEY, path });
    expect(report.json).toMatchObject({ id: started.json.id, by: 'operator:alice', counts: { asked: 0 } });
    const reconciliation = { id: '019c1405-7a00-7000-8000-000000000001' } as Reconciliation;
    const running = { start: () => ({ outcome: 'running', reconciliation }) as const, find: () => undefined };
    await using busy = await startHttp({ controls: { reconciliations: running } });
    expect((await call(busy, 'startReconciliation', { ...alice, body })).status).toBe(409);
    const stopping = { start: () => ({ outcome: 'stopping' }) as const, find: () => undefined };
    await using draining = await startHttp({ controls: { reconciliations: stopping } });
    expect((await call(draining, 'startReconciliation', { ...alice, body })).status).toBe(503);
  });

  test('incidents', async () => {
    await using http = await startHttp();
    const id = '019c1405-7a00-7000-8000-000000000002';
    const about = { id, cause: 'CxoneFails', subject: '', problem: 'CXone answers 503' } as const;
    const times = { startedAt: http.world.now(), lastSeenAt: http.world.now(), endedAt: null, acknowledgedAt: null };
    const incident = { ...about, ...times, affected: 3, total: 4, actions: ['charge'], apps: [], acknowledgedBy: null };
    const events = [{ incident: id, at: http.world.now(), type: 'opened', by: null }] as const;
    await http.store.saveIncidents({ incidents: [incident], events, references: [] }, null);
    expect((await call(http, 'listIncidents', { key: CAROL_KEY })).json.items).toMatchObject([{ id, state: 'open' }]);
    const wrong = await call(http, 'listIncidents', { key: CAROL_KEY, path: '/v1/incidents?state=closed' });
    expect(wrong.json).toMatchObject({ status: 422, detail: '1 query parameter is wrong; errors names each.' });
    const acknowledge = { ...alice, path: `/v1/incidents/${id}/acknowledge` };
    expect((await call(http, 'acknowledgeIncident', acknowledge)).json).toMatchObject({
      acknowledgedBy: 'operator:alice',
    });
    expect((await call(http, 'acknowledgeIncident', { ...alice, path: '/v1/incidents/x/acknowledge' })).status).toBe(
      404,
    );
    const found = await call(http, 'getIncident', { key: CAROL_KEY, path: `/v1/incidents/${id}` });
    expect(found.json.history).toMatchObject([{ event: 'opened' }, { event: 'acknowledged', by: 'operator:alice' }]);
    expect((await call(http, 'getIncident', { key: CAROL_KEY, path: '/v1/incidents/x' })).status).toBe(404);
  });

  test('endpoints of apps', async () => {
    await using http = await startHttp();
    const body = { app: 'orders', origin: 'https://hooks.example', reason: 'maintenance' };
    const paused = await call(http, 'pauseEndpoint', { ...alice, body });
    expect(paused.json.pause).toMatchObject({ by: 'operator:alice', reason: 'maintenance' });
    expect((await call(http, 'listEndpoints', { key: CAROL_KEY })).json.items).toMatchObject([{ app: 'orders' }]);
    expect((await call(http, 'probeEndpoint', { ...alice, body })).json.pause).not.toBeNull();
    expect((await call(http, 'resumeEndpoint', { ...alice, body })).json.pause).toBeNull();
    for (const id of ['pauseEndpoint', 'resumeEndpoint', 'probeEndpoint']) {
      expect((await call(http, id, { ...alice, body: { app: 'orders', origin: 'nowhere' } })).status).toBe(422);
    }
  });

  test('the pause', async () => {
    await using http = await startHttp({ controls: createPausedControl() });
    expect((await call(http, 'getPause', { key: CAROL_KEY })).json.pause).toMatchObject({ app: 'shop' });
    expect((await call(http, 'liftPause', alice)).json.lifted).toMatchObject({ app: 'shop' });
  });

  test('pausing and resuming', async () => {
    await using http = await startHttp();
    for (const body of [{ actionId: 'a' }, { app: 'orders' }, { all: true }]) {
      expect((await call(http, 'pauseSending', { ...alice, body })).status).toBe(201);
      expect((await call(http, 'pauseSending', { ...alice, body })).status).toBe(200);
    }
    expect((await call(http, 'listPauses', { key: CAROL_KEY })).json.items).toHaveLength(3);
    for (const id of ['pauseSending', 'resumeSending']) {
      for (const body of [{}, { all: false }, { actionId: 'a', app: 'orders' }, []]) {
        expect((await call(http, id, { ...alice, body })).status).toBe(422);
      }
    }
    for (const resumed of [expect.objectContaining({ app: 'orders' }), null]) {
      expect((await call(http, 'resumeSending', { ...alice, body: { app: 'orders' } })).json).toEqual({ resumed });
    }
  });

  test('submitting again', async () => {
    let isDraining = false;
    const appQueueCapacities = new Map([['orders', 1]]);
    await using http = await startHttp({ lifecycle: { draining: () => isDraining }, shares: { appQueueCapacities } });
    await http.submit({ correlationId: 'one' });
    const body = { mayRunTwice: true };
    expect((await call(http, 'resubmitExecution', { ...alice, body })).status).toBe(409);
    await http.call('POST', '/v1/executions/one/cancel');
    expect((await call(http, 'resubmitExecution', { ...alice, body: {} })).status).toBe(422);
    await http.submit({ correlationId: 'two' });
    expect((await call(http, 'resubmitExecution', { ...alice, body })).status).toBe(429);
    isDraining = true;
    expect((await call(http, 'resubmitExecution', { ...alice, body })).status).toBe(503);
    isDraining = false;
    await dispatchAll(http);
    expect((await call(http, 'resubmitExecution', { ...alice, body })).status).toBe(202);
    expect((await call(http, 'resubmitExecution', { ...alice, body })).status).toBe(200);
    await using full = await startHttp({ queueCapacity: 1 });
    await full.submit({ correlationId: 'one' });
    await full.call('POST', '/v1/executions/one/cancel');
    await full.submit();
    expect((await call(full, 'resubmitExecution', { ...alice, body })).status).toBe(503);
  });

  test('polling and cancelling', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    expect((await call(http, 'pollExecution', alice)).status).toBe(409);
    const reread = { ...alice, path: '/v1/executions/one/reread' };
    expect((await call(http, 'rereadExecution', reread)).json.items).toEqual([]);
    await dispatchAll(http);
    expect((await call(http, 'pollExecution', alice)).status).toBe(202);
    for (const id of ['pollExecutions', 'cancelExecutions']) {
      const answer = await call(http, id, { ...alice, body: { status: 'OPEN' } });
      expect([answer.status, answer.json]).toEqual([202, { matched: 1, done: 1 }]);
      expect((await call(http, id, { ...alice, body: {} })).status).toBe(422);
    }
  });

  test('holding and erasing', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    const order = { ...alice, body: { reason: 'request 4711' } };
    expect((await call(http, 'eraseExecution', order)).json).toMatchObject({
      type: 'urn:cxone-callback-receiver:problem:execution-open',
    });
    await http.call('POST', '/v1/executions/one/cancel');
    expect((await call(http, 'holdExecution', order)).json).toEqual({
      correlationId: 'one',
      heldAt: expect.any(String),
    });
    expect((await call(http, 'eraseExecution', order)).json).toMatchObject({
      type: 'urn:cxone-callback-receiver:problem:execution-held',
    });
    expect((await call(http, 'releaseExecution', order)).json).toEqual({ correlationId: 'one', heldAt: null });
    for (const id of ['holdExecution', 'releaseExecution', 'eraseExecution', 'eraseExecutions']) {
      for (const body of [{}, { reason: ' ' }, { reason: 'x', why: 'y' }, []]) {
        expect((await call(http, id, { ...alice, body })).status).toBe(422);
      }
    }
    const many = { actionId: 'charge-card', reason: 'request 4711' };
    const erase = (body: object) => call(http, 'eraseExecutions', { ...alice, body: { ...many, ...body } });
    expect((await erase({})).json).toMatchObject({ matched: 1, erased: 0, walEmptied: null });
    expect((await erase({ confirm: 2 })).json).toMatchObject({ status: 409, matched: 1 });
    expect((await erase({ confirm: 1 })).json).toMatchObject({ matched: 1, erased: 1, walEmptied: true });
    expect((await call(http, 'eraseExecution', order)).json.execution).toMatchObject({ erasedAt: expect.any(String) });
    expect((await call(http, 'getExecution', alice)).json).toMatchObject({ error: null, erasedAt: expect.any(String) });
  });

  test('an erasure of many that stops half way', async () => {
    await using http = await startHttp({ queueCapacity: 30 });
    for (let each = 0; each < 21; each += 1) await http.submit({ correlationId: `e-${each}` });
    await http.call('POST', '/v1/executions/cancel', { key: ALICE_KEY, body: { status: 'OPEN' } });
    let erasures = 0;
    const erase: typeof http.store.erase = async (...order) => {
      erasures += 1;
      if (erasures > 20) throw new StoreUnavailable('the disk is full');
      return http.store.erase(...order);
    };
    await using broken = await startHttp({ store: { ...http.store, erase } });
    const body = { actionId: 'charge-card', reason: 'request 4711', confirm: 21 };
    const answer = await call(broken, 'eraseExecutions', { ...alice, body });
    expect(answer.json).toMatchObject({ status: 503, matched: 21, done: 20 });
  });

  test('an action on many that stops half way', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    await http.submit({ correlationId: 'two' });
    let records = 0;
    const record: typeof http.store.record = async (reference, event, now) => {
      records += 1;
      if (records > 1) throw new StoreUnavailable('the disk is full');
      return http.store.record(reference, event, now);
    };
    await using broken = await startHttp({ store: { ...http.store, record } });
    const answer = await call(broken, 'cancelExecutions', { ...alice, body: { status: 'OPEN' } });
    expect(answer.json).toMatchObject({ status: 503, matched: 2, done: 1 });
  });
});

test('a replay of many that stops half way', async () => {
  await using http = await startHttp();
  let steps = 0;
  const replay = async () => {
    steps += 1;
    if (steps > 1) throw new StoreUnavailable('the disk is full');
    return { replayed: 100, next: 5 };
  };
  await using broken = await startHttp({ store: { ...http.store, replayNotifications: replay } });
  expect((await call(broken, 'replayNotifications', { body: {} })).json).toMatchObject({ status: 503, replayed: 100 });
});

test('getting a token for that', async () => {
  const client = { name: 'cxone', key: 'a-secret-of-this-client' };
  await using http = await startHttp({ tokenClients: [client] });
  const ask = (body: unknown) => call(http, 'getCallbackToken', { key: null, body });
  const right = { grant_type: 'client_credentials', client_id: client.name, client_secret: client.key };
  expect((await ask(right)).json.expires_in).toBe(300);
  expect((await ask(new URLSearchParams(right).toString())).status).toBe(200);
  expect((await ask({ ...right, client_secret: 'another-secret' })).status).toBe(401);
  expect((await ask({ ...right, grant_type: 'password' })).json.error).toBe('unsupported_grant_type');
  expect((await ask({})).json.error).toBe('invalid_request');
  expect((await ask('x'.repeat(MIB + 1))).status).toBe(413);
});

test('what CXone calls back', async () => {
  await using http = await startHttp();
  await http.submit({ correlationId: 'one' });
  await dispatchAll(http);
  const path = await http.callbackPath('one');
  const post = (body: unknown) => call(http, 'completeExecution', { path, key: null, body });
  expect((await post('x'.repeat(MIB + 1))).status).toBe(413);
  expect((await post('neither JSON nor a form')).json.outcome).toBe('unreadable');
  const compressed = { path, key: null, body: 'x', headers: { 'content-encoding': 'snappy' } };
  expect((await call(http, 'completeExecution', compressed)).status).toBe(415);
  expect((await post({ ...DONE, executionId: 'another' })).status).toBe(409);
  for (const [body, outcome] of [
    [{ status: 'RUNNING' }, 'progress'],
    [DONE, 'resolved'],
    [DONE, 'duplicate'],
    [{ status: 'FAILED' }, 'conflict'],
  ]) {
    expect((await post(body)).json.outcome).toBe(outcome);
  }
});

describe('the service itself', () => {
  test('is alive, ready and measured', async () => {
    await using http = await startHttp();
    for (const id of ['isAlive', 'isReady']) expect((await call(http, id, { key: null })).status).toBe(200);
    expect((await call(http, 'getMetrics', { key: ALICE_KEY })).status).toBe(200);
  });

  test('is not ready', async () => {
    await using http = await startHttp({
      lifecycle: {
        ready: async () => [{ part: 'the database takes no writes', words: 'disk full' }],
        draining: () => true,
      },
    });
    expect((await call(http, 'isReady', { key: null })).status).toBe(503);
  });

  test('is described', async () => {
    await using http = await startHttp();
    for (const id of ['getOpenApi', 'getDocumentation']) {
      const answer = await call(http, id, { key: null });
      const headers = { 'if-none-match': answer.headers.get('etag') ?? '' };
      expect((await call(http, id, { key: null, headers })).status).toBe(304);
    }
  });
});

// These two look back at all of the above, so they come last.
describe('all in all', () => {
  test('every answer that the document promises was given', () => {
    expect(conformance.missing()).toEqual([]);
  });

  test('every problem says what its example says', () => {
    const { schemas } = DOCUMENT.components;
    expect(Object.keys(schemas)).toContain('Problem');
    const examples = OPERATIONS.flatMap(({ operation }) => Object.values(operation.responses)).flatMap((answer) => {
      return Object.values(examplesIn(DOCUMENT, answer));
    });
    expect(examples.length).toBeGreaterThan(30);
    for (const { type, detail } of examples) {
      // Numbers and times are those of the example.
      const said = conformance.details(type).map(shape);
      expect(said, type).toContain(shape(detail));
    }
  });
});
