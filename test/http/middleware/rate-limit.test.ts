// How fast an app may submit, and what it is told about it.

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

test('an app may submit what it may in a second at once, and then gets 429 until it has gained one', async () => {
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

test('it is refused before anything of it is read, and only once the key is known', async () => {
  await using http = await startHttp({ ...FAST, shares: { appRates: new Map([['orders', 1]]) } });
  await http.submit();
  const options = { body: 'this is no JSON', headers: { 'content-type': 'text/plain' } };
  expect((await http.call('POST', '/v1/executions', options)).status).toBe(429);
  expect((await http.call('POST', '/v1/executions', { ...options, key: 'a-wrong-key-0123456789' })).status).toBe(401);
  expect((await http.store.openCounts()).QUEUED).toBe(1);
});

test("one app's rate is nobody else's, and an app without one is told nothing of it", async () => {
  await using http = await startHttp({ ...FAST, shares: { appRates: new Map([['orders', 1]]) } });
  await http.submit();
  expect((await http.submit()).status).toBe(429);
  for (let i = 0; i < 20; i += 1) {
    const answer = await http.call('POST', '/v1/executions', { key: BILLING_KEY, body: { actionId: 'charge-card' } });
    expect([answer.status, limitsIn(answer)]).toMatchObject([202, { policy: null, limit: null }]);
  }
});

test('looking, waiting and cancelling are not counted', async () => {
  await using http = await startHttp({ ...FAST, shares: { appRates: new Map([['orders', 1]]) } });
  const { json } = await http.submit();
  for (let i = 0; i < 5; i += 1) {
    expect((await http.call('GET', `/v1/executions/${json.correlationId}`)).status).toBe(200);
  }
  expect((await http.call('POST', `/v1/executions/${json.correlationId}/cancel`)).status).toBe(200);
});

test('a batch counts as what is in it: one that is larger than the rate is taken, and what it is too large is waited for', async () => {
  await using http = await startHttp({ ...FAST, shares: { appRates: new Map([['orders', 50]]) } });
  const taken = await http.call('POST', '/v1/executions/batch', { body: batchOf(1000) });
  expect([taken.status, taken.json.accepted, limitsIn(taken).limit]).toEqual([200, 1000, '"submissions";r=0;t=20']);
  for (const [path, body] of [
    ['/v1/executions', { actionId: 'charge-card' }],
    ['/v1/executions/batch', batchOf(1)],
  ] as const) {
    const refused = await http.call('POST', path, { body });
    expect([refused.status, limitsIn(refused)]).toEqual([
      429,
      { policy: '"submissions";q=50;w=1', limit: '"submissions";r=0;t=20', retryAfter: '20' },
    ]);
  }
  await http.world.advance(20_000);
  expect((await http.call('POST', '/v1/executions/batch', { body: batchOf(1) })).status).toBe(200);
});

test('of two batches at the same time the second finds what the first has left: nothing', async () => {
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
  // What was accepted is known again, full or not.
  expect((await http.submit({ correlationId: 'first' })).status).toBe(200);
  await dispatchAll(http);
  expect((await http.submit()).status).toBe(202);
});

test('with a rate and a share, both limits are told', async () => {
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

test('the queue that is full for all is a 503, as it is nobody in particular who sent too much', async () => {
  await using http = await startHttp();
  for (let i = 0; i < QUEUE_CAPACITY; i += 1) await http.submit();
  expect((await http.submit()).status).toBe(503);
});
