// Failures: the client repeats safe requests for a limited time and reports what failed.

import { describe, expect, test } from 'vitest';
import { type Client, createClient, ReceiverError } from '../../src/client/client.ts';
import { against, ENDED, execution, KEY, NETWORK_ERROR, problem, response } from './harness.ts';

const ACCEPTED = response(202, execution());

/** What the promise rejects with. */
async function errorOf(promise: Promise<unknown>): Promise<ReceiverError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ReceiverError)) throw new Error(`no ReceiverError but ${String(error)}`);
  return error;
}

describe('submitting', () => {
  test('is repeated unchanged when the response is lost, under an id that exists before the first attempt', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR, NETWORK_ERROR, ACCEPTED]);
    await settled(client.submit({ actionId: 'charge', inputs: { amount: 5 } }));
    expect(sent).toHaveLength(3);
    expect(sent[0]?.body).toEqual({
      actionId: 'charge',
      inputs: { amount: 5 },
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(new Set(sent.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  test('two submissions never share an id', async () => {
    const { client, sent } = against([ACCEPTED]);
    await client.submit({ actionId: 'charge' });
    await client.submit({ actionId: 'charge' });
    expect(new Set(sent.map(({ body }) => body.correlationId)).size).toBe(2);
  });

  test('keeps the id that the app chose', async () => {
    const { client, sent } = against([ACCEPTED]);
    await client.submit({ actionId: 'charge', correlationId: 'order-1' });
    expect(sent[0]?.body.correlationId).toBe('order-1');
  });

  test('with an idempotency key leaves the body unchanged, because a repetition must have the same body', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR, ACCEPTED]);
    await settled(client.submit({ actionId: 'charge' }, { idempotencyKey: 'a "key" \\ of mine' }));
    expect(sent.map(({ body }) => body)).toEqual([{ actionId: 'charge' }, { actionId: 'charge' }]);
    for (const { headers } of sent) expect(headers.get('idempotency-key')).toBe('"a \\"key\\" \\\\ of mine"');
  });

  test('a batch gives each of its items an id, so that none of them runs twice', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR, response(200, { items: [], accepted: 0, refused: 0 })]);
    await settled(client.submitBatch([{ actionId: 'a' }, { actionId: 'b', correlationId: 'mine' }], { atomic: true }));
    expect(sent).toHaveLength(2);
    expect(sent[1]?.body).toEqual(sent[0]?.body);
    expect(sent[0]?.body).toEqual({
      atomic: true,
      executions: [
        { actionId: 'a', correlationId: expect.any(String) },
        { actionId: 'b', correlationId: 'mine' },
      ],
    });
  });
});

describe('a batch of which some items are refused for now', () => {
  const taken = (correlationId: string) => ({ status: 202, execution: execution({ correlationId }) });
  const full = (index: number) => ({
    status: 503,
    problem: {
      ...{ type: 'urn:cxone-callback-receiver:problem:queue-full', title: 'full', status: 503, detail: 'full' },
      ...{ retryAfter: 7, errors: [{ pointer: `#/executions/${index}`, detail: 'no room' }] },
    },
  });
  const wrong = { status: 422, problem: { type: 'x', title: 'x', status: 422, detail: 'x' } };
  const answer = (...items: object[]) => response(200, { items, accepted: 0, refused: 0 });
  const ITEMS = ['a', 'b', 'c', 'd'].map((correlationId) => ({ actionId: 'charge', correlationId }));

  test('has these sent again when the receiver asks for it, and reports the last result of each', async () => {
    const replies = [answer(taken('a'), full(1), wrong, full(3)), answer(taken('b'), full(1)), answer(taken('d'))];
    const { client, sent, settled } = against(replies);
    const { items, accepted, refused } = await settled(client.submitBatch(ITEMS));
    expect([accepted, refused, items.map(({ status }) => status)]).toEqual([3, 1, [202, 202, 422, 202]]);
    const ids = sent.map(({ body }) => body.executions.map((one: { correlationId: string }) => one.correlationId));
    expect(ids).toEqual([['a', 'b', 'c', 'd'], ['b', 'd'], ['d']]);
    expect((sent[1]?.at ?? 0) - (sent[0]?.at ?? 0)).toBeGreaterThanOrEqual(7000);
  });

  test('is sent again as a whole under its key', async () => {
    const { client, sent, settled } = against([answer(taken('a'), full(1)), answer(taken('a'), taken('b'))]);
    const submissions = [{ actionId: 'x' }, { actionId: 'y' }];
    const { accepted } = await settled(client.submitBatch(submissions, { idempotencyKey: 'k' }));
    expect(accepted).toBe(2);
    expect(sent.map(({ body }) => body.executions)).toEqual([submissions, submissions]);
  });

  test('is reported with what is still refused when the attempts or the time are spent, or the receiver fails', async () => {
    const refusing = [answer(taken('a'), full(1), wrong, full(3)), answer(full(0), full(1))];
    const spent = against(refusing, { attempts: 3 });
    const { items } = await spent.settled(spent.client.submitBatch(ITEMS));
    expect(spent.sent).toHaveLength(3);
    const problems = items.map((item) => ('problem' in item ? item.problem.errors?.[0]?.pointer : 'accepted'));
    expect(problems).toEqual(['accepted', '#/executions/1', undefined, '#/executions/3']);
    const late = against(refusing, { retryForMs: 5000 });
    expect(await late.settled(late.client.submitBatch(ITEMS))).toMatchObject({ accepted: 1, refused: 3 });
    expect(late.sent).toHaveLength(1);
    const failing = against([refusing[0] as Response, problem('unauthorized', 401)]);
    expect(await failing.settled(failing.client.submitBatch(ITEMS))).toMatchObject({ accepted: 1, refused: 3 });
  });
});

describe('retries', () => {
  test.for([429, 503])('a %i is retried, no sooner than Retry-After', async (status) => {
    const { client, sent, settled } = against([problem('queue-full', status, { 'retry-after': '7' }), ACCEPTED]);
    await settled(client.submit({ actionId: 'charge' }));
    const waited = (sent[1]?.at ?? 0) - (sent[0]?.at ?? 0);
    expect(waited).toBeGreaterThanOrEqual(7000);
    expect(waited).toBeLessThan(8000);
  });

  test('Retry-After may be a date', async () => {
    const { client, sent, settled, world } = against([
      ({ at }) => problem('draining', 503, { 'retry-after': new Date(at + 9000).toUTCString() }),
      ACCEPTED,
    ]);
    const before = world.now();
    await settled(client.submit({ actionId: 'charge' }));
    expect((sent[1]?.at ?? 0) - before).toBeGreaterThanOrEqual(9000);
  });

  test.for([408, 502, 504, 520, 521, 522, 523, 524, 530])(
    'a %i of a gateway means a lost response: the request is repeated, up to the limit, unless that is unsafe',
    async (status) => {
      const lost = new Response('<html>', { status });
      const { client, sent, settled } = against([lost, ACCEPTED]);
      await settled(client.submit({ actionId: 'charge' }));
      expect(sent).toHaveLength(2);
      const limited = against([lost], { attempts: 3 });
      expect(await errorOf(limited.settled(limited.client.get('order-1')))).toMatchObject({ status });
      expect(limited.sent).toHaveLength(3);
      const unsafe = against([lost, response(202, { replayed: 1 })]);
      const replay = unsafe.client.request('POST', '/v1/notifications/replay', { body: { status: 'DEAD' } });
      expect(await errorOf(unsafe.settled(replay))).toMatchObject({ status });
      expect(unsafe.sent).toHaveLength(1);
    },
  );

  test('a wait continues after any of them', async () => {
    const gateway = [408, 520, 524, 530].map((status) => new Response('<html>', { status }));
    const { client, settled } = against([ACCEPTED, ...gateway, response(200, execution(ENDED))]);
    expect(await settled(client.submitAndWait({ actionId: 'charge' }))).toMatchObject(ENDED);
  });

  test('the Retry-After of a proxy counts as well', async () => {
    const busy = new Response('<html>', { status: 503, headers: { 'retry-after': '7' } });
    const { client, sent, settled } = against([busy, ACCEPTED]);
    await settled(client.submit({ actionId: 'charge' }));
    expect((sent[1]?.at ?? 0) - (sent[0]?.at ?? 0)).toBeGreaterThanOrEqual(7000);
  });

  test.for([
    ['unauthorized', 401],
    ['not-found', 404],
    ['correlation-id-taken', 409],
    ['invalid-input', 422],
    ['too-many-failures', 429],
    ['internal-error', 500],
  ] as const)('%s (%i) is reported at once, because a repetition cannot help', async ([code, status]) => {
    const { client, sent, settled } = against([problem(code, status)]);
    expect(await errorOf(settled(client.submit({ actionId: 'charge' })))).toMatchObject({ code, status });
    expect(sent).toHaveLength(1);
  });

  test('ends after the configured number of attempts', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR], { attempts: 3 });
    expect(await errorOf(settled(client.get('order-1')))).toMatchObject({ code: 'no-answer', status: 0 });
    expect(sent).toHaveLength(3);
  });

  test('ends after the configured time', async () => {
    const { client, sent, settled, world } = against([NETWORK_ERROR], { attempts: 1_000, retryForMs: 300_000 });
    const before = world.now();
    await errorOf(settled(client.get('order-1'), 1_000));
    expect(sent.length).toBeGreaterThan(20);
    expect(world.now() - before).toBeGreaterThan(280_000);
    expect(world.now() - before).toBeLessThan(320_000);
  });

  test('ends at once if Retry-After exceeds the time limit of all attempts', async () => {
    const { client, sent, world } = against([problem('queue-full', 503, { 'retry-after': '61' })]);
    const before = world.now();
    expect(await errorOf(client.get('order-1'))).toMatchObject({ code: 'queue-full', retryAfterMs: 61_000 });
    expect([sent.length, world.now()]).toEqual([1, before]);
  });

  test('backs off with jitter, so that clients that failed together do not return together', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR]);
    await errorOf(settled(client.get('order-1'), 1));
    const pauses = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
    expect(pauses).toHaveLength(5);
    for (const [index, pause] of pauses.entries()) expect(pause).toBeLessThanOrEqual(250 * 2 ** index + 1);
    expect(new Set(pauses).size).toBe(5);
  });

  test('a request without a response is aborted and repeated', async () => {
    const { client, sent, settled, world } = against(['hang', response(200, execution())]);
    await settled(client.get('order-1'), 1000);
    expect(sent).toHaveLength(2);
    expect(sent[0]?.signal?.aborted).toBe(true);
    expect(world.sleepers).toBe(0);
  });

  test('the time limit of a response includes the time that it is held', async () => {
    const { client, sent, settled } = against(['hang', response(200, execution())]);
    await settled(client.get('order-1', { waitSeconds: 60 }), 1000);
    expect((sent[1]?.at ?? 0) - (sent[0]?.at ?? 0)).toBeGreaterThanOrEqual(90_000);
  });

  test('a replay is repeated only if it cannot have run', async () => {
    const lost = against([NETWORK_ERROR]);
    const replay = (client: Client) => client.request('POST', '/v1/notifications/replay', { body: { status: 'DEAD' } });
    expect(await errorOf(lost.settled(replay(lost.client)))).toMatchObject({ code: 'no-answer' });
    expect(lost.sent).toHaveLength(1);
    const refused = against([problem('store-unavailable', 503), response(202, { replayed: 4 })]);
    expect(await refused.settled(replay(refused.client))).toEqual({ replayed: 4 });
    expect(refused.sent.map(({ body }) => body)).toEqual([{ status: 'DEAD' }, { status: 'DEAD' }]);
  });

  test('a GET is repeated when its response is lost', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR, response(200, { secrets: ['whsec_AAAA'] })]);
    const secrets = client.request('GET', '/v1/notifications/secrets');
    expect(await settled(secrets)).toEqual({ secrets: ['whsec_AAAA'] });
    expect(sent).toHaveLength(2);
  });

  test('a repetition sends the original body, even if the caller has changed its object', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR, ACCEPTED]);
    const inputs = { amount: 5 };
    const submitted = client.submit({ actionId: 'charge', inputs });
    inputs.amount = 6;
    await settled(submitted);
    expect(sent.map(({ body }) => body.inputs)).toEqual([{ amount: 5 }, { amount: 5 }]);
  });
});

describe('waiting for an outcome', () => {
  test('polls until there is one, whatever its status', async () => {
    const held = (reply: Response) => async () => {
      await world.sleep(50_000);
      return reply;
    };
    const { client, sent, settled, world } = against([
      held(response(202, execution())),
      held(response(200, execution({ status: 'PENDING' }))),
      response(200, execution({ ...ENDED, status: 'FAILED' })),
    ]);
    const ended = await settled(client.submitAndWait({ actionId: 'charge' }), 1000);
    expect(ended.status).toBe('FAILED');
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/executions',
      'GET /v1/executions/order-1',
      'GET /v1/executions/order-1',
    ]);
    expect(sent.map(({ headers }) => headers.get('prefer'))).toEqual(['wait=50', 'wait=50', 'wait=20']);
  });

  test('its time limit rejects with the correlationId', async () => {
    const { client, sent, settled, world } = against([response(202, execution()), 'hang']);
    const before = world.now();
    const error = await errorOf(settled(client.submitAndWait({ actionId: 'charge' }, { timeoutMs: 5000 })));
    expect(error).toMatchObject({ code: 'not-in-time', correlationId: 'order-1' });
    expect(world.now() - before).toBeLessThan(6000);
    expect(sent.at(-1)?.signal?.aborted).toBe(true);
  });

  test('the limit applies to the submission too, whose id is already known', async () => {
    const { client, sent, settled } = against(['hang']);
    const error = await errorOf(settled(client.submitAndWait({ actionId: 'charge' }, { timeoutMs: 5000 })));
    expect(error).toMatchObject({ code: 'not-in-time', correlationId: sent[0]?.body.correlationId });
  });

  test('a receiver that is unavailable for a while is polled until the limit', async () => {
    const { client, settled } = against([
      response(202, execution()),
      ...Array.from({ length: 12 }, () => NETWORK_ERROR),
      response(200, execution(ENDED)),
    ]);
    expect((await settled(client.submitAndWait({ actionId: 'charge' }))).status).toBe('COMPLETED');
  });

  test('a receiver that is unavailable for longer: the error reports it and names the execution', async () => {
    const { client, settled } = against([response(202, execution()), NETWORK_ERROR]);
    const error = await errorOf(settled(client.submitAndWait({ actionId: 'charge' }, { timeoutMs: 30_000 })));
    expect(error).toMatchObject({ code: 'no-answer', correlationId: 'order-1', cause: NETWORK_ERROR });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a server that does not hold its response, for example a stopping receiver, is polled with pauses', async () => {
    const { client, sent, settled } = against([response(202, execution())]);
    await errorOf(settled(client.submitAndWait({ actionId: 'charge' }, { timeoutMs: 60_000 })));
    expect(sent.length).toBeGreaterThan(5);
    expect(sent.length).toBeLessThan(40);
  });

  test('the caller may stop waiting, with a reason of its own', async () => {
    const { client, settled } = against([response(202, execution()), 'hang']);
    const caller = new AbortController();
    const waiting = client.submitAndWait({ actionId: 'charge' }, { signal: caller.signal });
    const end = expect(settled(waiting)).rejects.toBe('enough');
    caller.abort('enough');
    await end;
  });
});

describe('errors', () => {
  test('a problem is reported with all its fields, and never with the key', async () => {
    const errors = [{ pointer: '#/actionId', detail: 'is missing' }];
    const { client, settled } = against([problem('invalid-input', 422, {}, { errors })]);
    const error = await errorOf(settled(client.submit({ actionId: '' })));
    expect([error.code, error.status]).toEqual(['invalid-input', 422]);
    const type = 'urn:cxone-callback-receiver:problem:invalid-input';
    expect(error.problem).toEqual({ type, title: 'A title', status: 422, detail: 'What is wrong.', errors });
    expect(error.message).toBe('A title: What is wrong.; #/actionId: is missing');
    expect(JSON.stringify(error) + error.stack).not.toContain(KEY);
  });

  test.for([
    ['a page of a proxy', new Response('<html>hello</html>')],
    ['a response of another server', response(404, { message: 'no such route' })],
    ['a redirect', new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } })],
  ] as const)('%s is not accepted as a response', async ([, reply]) => {
    const { client, sent, settled } = against([reply]);
    expect(await errorOf(settled(client.get('order-1')))).toMatchObject({
      code: 'unexpected-answer',
      correlationId: 'order-1',
    });
    expect(sent).toHaveLength(1);
  });

  test('the caller may end any call, also between two attempts', async () => {
    const { client, settled, sent } = against([NETWORK_ERROR]);
    const caller = new AbortController();
    const end = expect(settled(client.get('order-1', { signal: caller.signal }), 1)).rejects.toBe('enough');
    while (sent.length < 2) await new Promise((resolve) => setImmediate(resolve));
    caller.abort('enough');
    await end;
  });

  test.for(['', '.', '..'])('an id that would lead elsewhere is refused: "%s"', async (id) => {
    const { client, sent } = against([ACCEPTED]);
    await expect(client.get(id)).rejects.toThrow(TypeError);
    await expect(client.cancel(id)).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });

  test('an id may contain any character and remains one path segment', async () => {
    const { client, sent } = against([ACCEPTED]);
    await client.get('a/../b?c#d');
    expect(sent[0]?.path).toBe('/v1/executions/a%2F..%2Fb%3Fc%23d');
  });

  test.for(['receiver.example', 'ftp://receiver.example', 'https://', 'https://receiver.example/?a=b'])(
    'a base URL that is none is refused at once: %s',
    (baseUrl) => expect(() => createClient({ baseUrl, key: KEY })).toThrow(/baseUrl must be/),
  );

  test('a malformed key is refused at once, and the message does not repeat it', () => {
    const key = 'a-secret\nwith a line break';
    expect(() => createClient({ baseUrl: 'https://receiver.example', key })).toThrow(/^key must be/);
    expect(() => createClient({ baseUrl: 'https://receiver.example', key })).not.toThrow(/a-secret/);
  });

  test('the base URL may have a path', async () => {
    const { client, sent } = against([ACCEPTED], { baseUrl: 'https://example.com/receiver/' });
    await client.get('order-1');
    expect(sent[0]?.path).toBe('/receiver/v1/executions/order-1');
  });
});

test('lists are fetched page by page, and no further than the caller reads', async () => {
  const page = (from: number, nextCursor: string | null) =>
    response(200, { items: [1, 2].map((n) => execution({ correlationId: `order-${from + n}` })), nextCursor });
  const { client, sent } = against([page(0, 'next'), page(2, 'more')]);
  const seen: string[] = [];
  const filters = { status: 'COMPLETED', from: new Date(0), limit: 2 } as const;
  for await (const { correlationId } of client.list(filters)) if (seen.push(correlationId) === 3) break;
  expect(seen).toEqual(['order-1', 'order-2', 'order-3']);
  const query = '/v1/executions?status=COMPLETED&from=1970-01-01T00%3A00%3A00.000Z&limit=2';
  expect(sent.map(({ path }) => path)).toEqual([query, `${query}&cursor=next`]);
});

test('a list continues after an empty page, because the receiver was still scanning', async () => {
  const page = (items: object[], nextCursor: string | null) => response(200, { items, nextCursor });
  const found = execution({ correlationId: 'order-1' });
  const { client, sent } = against([page([], 'a'), page([], 'b'), page([found], 'c'), page([], null)]);
  const seen: string[] = [];
  for await (const { correlationId } of client.list({ text: 'Miller', status: 'OPEN' })) seen.push(correlationId);
  expect(seen).toEqual(['order-1']);
  expect(sent.map(({ path }) => path.split('cursor=')[1])).toEqual([undefined, 'a', 'b', 'c']);
  expect(sent[0]?.path).toBe('/v1/executions?text=Miller&status=OPEN');
});

describe('notifications', () => {
  test('are listed over all pages', async () => {
    const page = (id: string, nextCursor: string | null) => response(200, { items: [{ id }], nextCursor });
    const { client, sent } = against([page('msg_2', 'next'), page('msg_1', null)]);
    const ids: string[] = [];
    for await (const { id } of client.listNotifications({ status: 'DEAD', limit: 1 })) ids.push(id);
    expect(ids).toEqual(['msg_2', 'msg_1']);
    expect(sent.map(({ path }) => path)).toEqual([
      '/v1/notifications?status=DEAD&limit=1',
      '/v1/notifications?status=DEAD&limit=1&cursor=next',
    ]);
  });

  test('a replay whose response is lost is not repeated, and one that was refused for now is', async () => {
    const replays: readonly ((client: Client) => Promise<unknown>)[] = [
      (client) => client.replayNotification('msg_1', { reason: 'asked' }),
      (client) => client.replayNotifications({ from: new Date(0) }),
    ];
    for (const replay of replays) {
      const lost = against([NETWORK_ERROR]);
      expect(await errorOf(lost.settled(replay(lost.client)))).toMatchObject({ code: 'no-answer' });
      expect(lost.sent).toHaveLength(1);
      const refused = against([problem('store-unavailable', 503), response(202, { replayed: 2 })]);
      expect(await refused.settled(replay(refused.client))).toEqual({ replayed: 2 });
      expect(refused.sent).toHaveLength(2);
    }
  });

  test('filters of a replay are its body, and the secrets are a list', async () => {
    const { client, sent } = against([response(202, { replayed: 0 })]);
    await client.replayNotifications({ status: 'DELIVERED', from: new Date(0), reason: 'asked' });
    expect(sent[0]?.body).toEqual({ status: 'DELIVERED', from: '1970-01-01T00:00:00.000Z', reason: 'asked' });
    const secrets = against([response(200, { secrets: ['whsec_new', 'whsec_old'] })]);
    expect(await secrets.client.notificationSecrets()).toEqual(['whsec_new', 'whsec_old']);
  });

  test('an id that would lead to another path is refused', async () => {
    const { client, sent } = against([response(200, {})]);
    await expect(client.getNotification('..')).rejects.toThrow('".." is not a valid id');
    await expect(client.replayNotification('')).rejects.toThrow('"" is not a valid id');
    expect(sent).toEqual([]);
  });
});

test('an order about an endpoint has its names and reason as its body, and is not repeated when its response is lost', async () => {
  const endpoint = { app: 'shop', origin: 'https://hooks.example' };
  const { client, sent } = against([response(200, endpoint)]);
  await client.pauseEndpoint({ ...endpoint, reason: 'maintenance' });
  await client.probeEndpoint(endpoint);
  expect(sent.map(({ path, body }) => [path, body])).toEqual([
    ['/v1/endpoints/pause', { ...endpoint, reason: 'maintenance' }],
    ['/v1/endpoints/probe', endpoint],
  ]);
  const lost = against([NETWORK_ERROR]);
  await errorOf(lost.settled(lost.client.resumeEndpoint(endpoint)));
  expect(lost.sent).toHaveLength(1);
});
