// The rate limit of an app, and the headers that state it.

import { expect, test } from 'vitest';
import { type Answer, BILLING_KEY, dispatchAll, QUEUE_CAPACITY, startHttp } from '../harness.ts';

const FAST = { queueCapacity: 10_000 };

function limitsIn({ headers }: Answer): { policy: string | null; limit: string | null; retryAfter: string | null } {
  return {
    policy: headers.get('ratelimit-policy'),
    limit: headers.get('ratelimit'),
    retryAfter: headers.get('retry-after'),
  };
}

const batchOf = (count: number) => ({ executions: Array.from({ length: count }, () => ({ actionId: 'charge-card' })) });

test("an app may submit one second's rate at once, and then gets 429 until the next permit", async () => {
  await using http = await startHttp({ ...FAST, shares: { appRates: new Map([['orders', 5]]) } });
  const first = await http.submit();
  expect([first.status, limitsIn(first)]).toMatchObject([
    202,
    { policy: '"submissions";q=5;w=1', limit: '"submissions";r=4;t=1' },
  ]);
  for (let i = 0; i < 4; i += 1) expect((await http.submit()).status).toBe(202);
  const refused = await http.submit();
  expect([refused.status, refused.json]).toMatchObject([
    429,
    {
      type: 'urn:cxone-callback-receiver:problem:rate-limited',
      detail: expect.stringContaining('5 executions a second'),
    },
  ]);
  expect(limitsIn(refused)).toEqual({
    policy: '"submissions";q=5;w=1',
    limit: '"submissions";r=0;t=1',
    retryAfter: '1',
  });
  await http.world.advance(199);
  expect((await http.submit()).status).toBe(429);
  await http.world.advance(1);
  expect([(await http.submit()).status, (await http.submit()).status]).toEqual([202, 429]);
});

test('a submission over the limit is refused before its body is read, and only after its key is checked', async () => {
  await using http = await startHttp({ ...FAST, shares: { appRates: new Map([['orders', 1]]) } });
  await http.submit();
  const options = { body: 'this is not JSON', headers: { 'content-type': 'text/plain' } };
  expect((await http.call('POST', '/v1/executions', options)).status).toBe(429);
  expect((await http.call('POST', '/v1/executions', { ...options, key: 'a-wrong-key-0123456789' })).status).toBe(401);
  expect((await http.store.openCounts()).QUEUED).toBe(1);
});

test('the rate of one app does not affect another, and an app without a rate gets no headers about it', async () => {
  await using http = await startHttp({ ...FAST, shares: { appRates: new Map([['orders', 1]]) } });
  await http.submit();
  expect((await http.submit()).status).toBe(429);
  for (let i = 0; i < 20; i += 1) {
    const answer = await http.call('POST', '/v1/executions', { key: BILLING_KEY, body: { actionId: 'charge-card' } });
    expect([answer.status, limitsIn(answer)]).toMatchObject([202, { policy: null, limit: null }]);
  }
});

test('reads, waits and cancellations are not counted', async () => {
  await using http = await startHttp({ ...FAST, shares: { appRates: new Map([['orders', 1]]) } });
  const { json } = await http.submit();
  for (let i = 0; i < 5; i += 1) {
    expect((await http.call('GET', `/v1/executions/${json.correlationId}`)).status).toBe(200);
  }
  expect((await http.call('POST', `/v1/executions/${json.correlationId}/cancel`)).status).toBe(200);
});

test('a batch counts as its items: one that is larger than the rate is accepted, and the excess is waited for', async () => {
  await using http = await startHttp({ ...FAST, shares: { appRates: new Map([['orders', 50]]) } });
  const taken = await http.call('POST', '/v1/executions/batch', { body: batchOf(200) });
  expect([taken.status, taken.json.accepted, limitsIn(taken).limit]).toEqual([200, 200, '"submissions";r=0;t=4']);
  for (const [path, body] of [
    ['/v1/executions', { actionId: 'charge-card' }],
    ['/v1/executions/batch', batchOf(1)],
  ] as const) {
    const refused = await http.call('POST', path, { body });
    expect([refused.status, limitsIn(refused)]).toEqual([
      429,
      { policy: '"submissions";q=50;w=1', limit: '"submissions";r=0;t=4', retryAfter: '4' },
    ]);
  }
  await http.world.advance(4_000);
  expect((await http.call('POST', '/v1/executions/batch', { body: batchOf(1) })).status).toBe(200);
});

test('of two simultaneous batches the second finds only the permits that the first has left', async () => {
  await using http = await startHttp({ ...FAST, shares: { appRates: new Map([['orders', 10]]) } });
  const post = () => http.call('POST', '/v1/executions/batch', { body: batchOf(100) });
  const answers = await Promise.all([post(), post()]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 429]);
  const refused = answers.find(({ status }) => status === 429);
  expect(refused && limitsIn(refused)).toMatchObject({ policy: '"submissions";q=10;w=1', retryAfter: '10' });
  expect((await http.store.openCounts()).QUEUED).toBe(100);
});

test('an app whose share of the queue is full gets 429 that names it, while others are still accepted', async () => {
  await using http = await startHttp({ shares: { appQueueCapacities: new Map([['orders', 2]]) } });
  await http.submit({ correlationId: 'first' });
  await http.submit();
  const refused = await http.submit();
  expect([refused.status, refused.json.type, limitsIn(refused)]).toEqual([
    429,
    'urn:cxone-callback-receiver:problem:app-queue-full',
    { policy: '"queue";q=2', limit: '"queue";r=0;t=5', retryAfter: '5' },
  ]);
  const other = await http.call('POST', '/v1/executions', { key: BILLING_KEY, body: { actionId: 'charge-card' } });
  expect(other.status).toBe(202);
  // An accepted submission is recognised even when the queue is full.
  expect((await http.submit({ correlationId: 'first' })).status).toBe(200);
  await dispatchAll(http);
  expect((await http.submit()).status).toBe(202);
});

test('with a rate and a share, the response states both limits', async () => {
  await using http = await startHttp({
    shares: { appRates: new Map([['orders', 50]]), appQueueCapacities: new Map([['orders', 1]]) },
  });
  await http.submit();
  expect(limitsIn(await http.submit())).toEqual({
    policy: '"submissions";q=50;w=1, "queue";q=1',
    limit: '"submissions";r=48;t=1, "queue";r=0;t=5',
    retryAfter: '5',
  });
});

test('a queue that is full for all apps gets 503, because no single app exceeds its limit', async () => {
  await using http = await startHttp();
  for (let i = 0; i < QUEUE_CAPACITY; i += 1) await http.submit();
  expect((await http.submit()).status).toBe(503);
});
