// Clients that request large results and do not read them: their responses stay in memory, so that only some are made.

import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { LargeJson } from '../../../src/execution/json.ts';
import { createBodies } from '../../../src/http/request/body-budget.ts';
import { callback, completed } from '../../support/executions.ts';
import { BILLING_KEY, dispatchAll, type Harness, ORDERS_KEY, startHttp } from '../harness.ts';

/** More than the system keeps of a response that is not read. */
const LARGE = LargeJson.from(JSON.stringify('x'.repeat(9_500_000)));
/** Room for two such responses of one app. */
const BODIES_BYTES = 48 * 1024 * 1024;
const roomForTwo = () => ({ bodies: createBodies({ maxBodiesBytes: BODIES_BYTES, maxBodyValues: 50_000 }) });

async function ended(http: Harness, correlationId: string, key = ORDERS_KEY): Promise<void> {
  const body = { actionId: 'look-up', correlationId };
  expect((await http.call('POST', '/v1/executions', { body, key })).status).toBe(202);
  await dispatchAll(http);
  const { reference = '' } = (await http.store.find(correlationId)) ?? {};
  await http.store.record(reference, callback(completed(LARGE)), http.world.now());
}

/** Sends requests on connections from which nothing is read. */
function requestsOf(
  http: Harness,
  count: number,
  head: string,
  { body = '', prefer = 'return=representation' } = {},
): Socket[] {
  const headers = `Host: receiver\r\nAuthorization: Bearer ${ORDERS_KEY}\r\nPrefer: ${prefer}\r\nContent-Type: application/json`;
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(http.port, '127.0.0.1').pause();
    socket.on('error', () => {});
    socket.write(`${head} HTTP/1.1\r\n${headers}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    return socket;
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return sockets;
}

/** Returns the number of responses that were made once no further one is. */
async function madeAtRest(listed: { readonly mock: { readonly calls: readonly unknown[] } }): Promise<number> {
  for (let made = -1; made !== listed.mock.calls.length; ) {
    made = listed.mock.calls.length;
    for (let turn = 0; turn < 500; turn += 1) await new Promise(setImmediate);
  }
  return listed.mock.calls.length;
}

const SUBMISSION = JSON.stringify({ actionId: 'look-up', correlationId: 'large' });

test.for([
  ['a GET', 'GET /v1/executions/large', ''],
  ['a submission that comes again', 'POST /v1/executions', SUBMISSION],
] as const)(
  'clients that do not read the response to %s get as many as have room, and others are served',
  async ([, head, body]) => {
    await using http = await startHttp(roomForTwo());
    await ended(http, 'large');
    await ended(http, 'of-billing', BILLING_KEY);
    const listed = vi.spyOn(http.store, 'listJson');
    const sockets = requestsOf(http, 5, head, { body });
    await expect.poll(() => listed.mock.calls.length).toBe(2);
    expect(await madeAtRest(listed)).toBe(2);
    const other = await http.call('GET', '/v1/executions/of-billing', { key: BILLING_KEY });
    expect(other.json.result).toHaveLength(9_500_000);
    expect((await http.call('GET', '/v1/executions?limit=1', { key: BILLING_KEY })).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    expect((await http.call('GET', '/v1/executions/large')).json.result).toHaveLength(9_500_000);
  },
);

test('clients that wait for one outcome get as many responses as have room', async () => {
  await using http = await startHttp(roomForTwo());
  await http.call('POST', '/v1/executions', { body: { actionId: 'look-up', correlationId: 'large' } });
  await dispatchAll(http);
  const found = vi.spyOn(http.store, 'find');
  const listed = vi.spyOn(http.store, 'listJson');
  requestsOf(http, 5, 'GET /v1/executions/large', { prefer: 'wait=50' });
  await expect.poll(() => http.waiters.size).toBe(1);
  const { execution: { reference = '' } = {} } = (await http.store.findBrief('large')) ?? {};
  await http.store.record(reference, callback(completed(LARGE)), http.world.now());
  await expect.poll(() => listed.mock.calls.length).toBe(2);
  expect([await madeAtRest(listed), found.mock.calls.length]).toEqual([2, 0]);
});

test('of lists that are not read, as many are made as have room', async () => {
  await using http = await startHttp(roomForTwo());
  await ended(http, 'large');
  const listed = vi.spyOn(http.store, 'listJson');
  requestsOf(http, 5, 'GET /v1/executions');
  await expect.poll(() => listed.mock.calls.length).toBe(2);
  expect(await madeAtRest(listed)).toBe(2);
});

const BATCH_OF_ONE = { body: `{"executions":[${SUBMISSION}]}` };

test('of batches that come again and are not read, as many are made as have room', async () => {
  const { bodies } = roomForTwo();
  await using http = await startHttp({ bodies });
  await ended(http, 'large');
  const listed = vi.spyOn(http.store, 'list');
  const taken = vi.spyOn(bodies.responses, 'take');
  requestsOf(http, 5, 'POST /v1/executions/batch', BATCH_OF_ONE);
  await expect.poll(() => [listed.mock.calls.length, taken.mock.calls.length]).toEqual([2, 5]);
  expect(await madeAtRest(listed)).toBe(2);
  const room = bodies.ofApps.reserve('orders', BODIES_BYTES / 2);
  room?.();
  expect(room, 'the room for bodies of this app is free').not.toBeNull();
});

test.for([
  ['a large result', 'listJson', 'GET /v1/executions/large', {}],
  ['a list', 'listJson', 'GET /v1/executions', {}],
  ['a batch of repeats', 'list', 'POST /v1/executions/batch', BATCH_OF_ONE],
] as const)('clients that leave while %s waits for room cost no reading', async ([, method, head, more]) => {
  const { bodies } = roomForTwo();
  await using http = await startHttp({ bodies });
  await ended(http, 'large');
  const listed = vi.spyOn(http.store, method);
  const taken = vi.spyOn(bodies.responses, 'take');
  requestsOf(http, 2, head, more);
  await expect.poll(() => listed.mock.calls.length).toBe(2);
  const leaving = requestsOf(http, 3, head, more);
  await expect.poll(() => taken.mock.calls.length).toBe(5);
  for (const socket of leaving) socket.destroy();
  const left = () => http.logLines.flatMap(({ facts, message }) => (message === 'answered' ? [facts['status']] : []));
  await expect.poll(() => left().slice(-3)).toEqual([499, 499, 499]);
  expect(await madeAtRest(listed)).toBe(2);
});
