// What the client does when things go wrong: it repeats what is safe, for a while, and says plainly what it could not do.

import { describe, expect, test } from 'vitest';
import { type Client, createClient, ReceiverError } from '../../src/client/client.ts';
import { against, answer, ENDED, execution, KEY, NETWORK_ERROR, problem } from './harness.ts';

const ACCEPTED = answer(202, execution());

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
  test('is repeated word for word when the answer is lost, under a name given before the first attempt', async () => {
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

  test('two submissions never share a name', async () => {
    const { client, sent } = against([ACCEPTED]);
    await client.submit({ actionId: 'charge' });
    await client.submit({ actionId: 'charge' });
    expect(new Set(sent.map(({ body }) => body.correlationId)).size).toBe(2);
  });

  test('keeps the name that the app gave', async () => {
    const { client, sent } = against([ACCEPTED]);
    await client.submit({ actionId: 'charge', correlationId: 'order-1' });
    expect(sent[0]?.body.correlationId).toBe('order-1');
  });

  test('under an idempotency key leaves the body alone, for whoever repeats it must send the same', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR, ACCEPTED]);
    await settled(client.submit({ actionId: 'charge' }, { idempotencyKey: 'a "key" \\ of mine' }));
    expect(sent.map(({ body }) => body)).toEqual([{ actionId: 'charge' }, { actionId: 'charge' }]);
    for (const { headers } of sent) expect(headers.get('idempotency-key')).toBe('"a \\"key\\" \\\\ of mine"');
  });

  test('a batch names each of its items, so that none of them runs twice', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR, answer(200, { items: [], accepted: 0, refused: 0 })]);
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

describe('trying again', () => {
  test.for([429, 503])('a %i is tried again, and Retry-After is the least to wait', async (status) => {
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

  test.for([502, 504])('a gateway that says %i lost the answer: it is asked for again', async (status) => {
    const { client, sent, settled } = against([new Response('<html>', { status }), ACCEPTED]);
    await settled(client.submit({ actionId: 'charge' }));
    expect(sent).toHaveLength(2);
  });

  test('Retry-After of whoever stands in front of the receiver counts as well', async () => {
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
  ] as const)('%s (%i) is told at once: the same again would be answered the same', async ([code, status]) => {
    const { client, sent, settled } = against([problem(code, status)]);
    expect(await errorOf(settled(client.submit({ actionId: 'charge' })))).toMatchObject({ code, status });
    expect(sent).toHaveLength(1);
  });

  test('ends after so many attempts', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR], { attempts: 3 });
    expect(await errorOf(settled(client.get('order-1')))).toMatchObject({ code: 'no-answer', status: 0 });
    expect(sent).toHaveLength(3);
  });

  test('ends rather than wait longer than the whole call may be repeated', async () => {
    const { client, sent, world } = against([problem('queue-full', 503, { 'retry-after': '61' })]);
    const before = world.now();
    expect(await errorOf(client.get('order-1'))).toMatchObject({ code: 'queue-full', retryAfterMs: 61_000 });
    expect([sent.length, world.now()]).toEqual([1, before]);
  });

  test('backs off with jitter: callers that failed together come back apart', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR]);
    await errorOf(settled(client.get('order-1'), 1));
    const pauses = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
    expect(pauses).toHaveLength(5);
    for (const [index, pause] of pauses.entries()) expect(pause).toBeLessThanOrEqual(250 * 2 ** index + 1);
    expect(new Set(pauses).size).toBe(5);
  });

  test('an answer that does not come is given up, and asked for again', async () => {
    const { client, sent, settled, world } = against(['hang', answer(200, execution())]);
    await settled(client.get('order-1'), 1000);
    expect(sent).toHaveLength(2);
    expect(sent[0]?.signal?.aborted).toBe(true);
    expect(world.sleepers).toBe(0);
  });

  test('a held answer is given the time it was asked to be held', async () => {
    const { client, sent, settled } = against(['hang', answer(200, execution())]);
    await settled(client.get('order-1', { waitSeconds: 60 }), 1000);
    expect((sent[1]?.at ?? 0) - (sent[0]?.at ?? 0)).toBeGreaterThanOrEqual(90_000);
  });

  test('a replay is told again only when it surely was not done', async () => {
    const lost = against([NETWORK_ERROR]);
    const replay = (client: Client) => client.request('POST', '/v1/notifications/replay', { body: { status: 'DEAD' } });
    expect(await errorOf(lost.settled(replay(lost.client)))).toMatchObject({ code: 'no-answer' });
    expect(lost.sent).toHaveLength(1);
    const refused = against([problem('store-unavailable', 503), answer(202, { replayed: 4 })]);
    expect(await refused.settled(replay(refused.client))).toEqual({ replayed: 4 });
    expect(refused.sent.map(({ body }) => body)).toEqual([{ status: 'DEAD' }, { status: 'DEAD' }]);
  });

  test('what only reads is asked for again when the answer is lost, whatever it is', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR, answer(200, { secrets: ['whsec_AAAA'] })]);
    const asked = client.request('GET', '/v1/notifications/secrets');
    expect(await settled(asked)).toEqual({ secrets: ['whsec_AAAA'] });
    expect(sent).toHaveLength(2);
  });

  test('what the caller changes meanwhile does not change what is sent again', async () => {
    const { client, sent, settled } = against([NETWORK_ERROR, ACCEPTED]);
    const inputs = { amount: 5 };
    const submitted = client.submit({ actionId: 'charge', inputs });
    inputs.amount = 6;
    await settled(submitted);
    expect(sent.map(({ body }) => body.inputs)).toEqual([{ amount: 5 }, { amount: 5 }]);
  });
});

describe('waiting for an outcome', () => {
  test('asks again until there is one, whatever it is', async () => {
    const held = (reply: Response) => async () => {
      await world.sleep(50_000);
      return reply;
    };
    const { client, sent, settled, world } = against([
      held(answer(202, execution())),
      held(answer(200, execution({ status: 'PENDING' }))),
      answer(200, execution({ ...ENDED, status: 'FAILED' })),
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

  test('its time limit rejects with the correlationId, so that nothing is lost', async () => {
    const { client, sent, settled, world } = against([answer(202, execution()), 'hang']);
    const before = world.now();
    const error = await errorOf(settled(client.submitAndWait({ actionId: 'charge' }, { timeoutMs: 5000 })));
    expect(error).toMatchObject({ code: 'not-in-time', correlationId: 'order-1' });
    expect(world.now() - before).toBeLessThan(6000);
    expect(sent.at(-1)?.signal?.aborted).toBe(true);
  });

  test('the limit holds for the submission as well, whose name is known already', async () => {
    const { client, sent, settled } = against(['hang']);
    const error = await errorOf(settled(client.submitAndWait({ actionId: 'charge' }, { timeoutMs: 5000 })));
    expect(error).toMatchObject({ code: 'not-in-time', correlationId: sent[0]?.body.correlationId });
  });

  test('a receiver that is away for a while is asked for as long as the limit allows', async () => {
    const { client, settled } = against([
      answer(202, execution()),
      ...Array.from({ length: 12 }, () => NETWORK_ERROR),
      answer(200, execution(ENDED)),
    ]);
    expect((await settled(client.submitAndWait({ actionId: 'charge' }))).status).toBe('COMPLETED');
  });

  test('a receiver that is away for longer: the error says so, and still names the execution', async () => {
    const { client, settled } = against([answer(202, execution()), NETWORK_ERROR]);
    const error = await errorOf(settled(client.submitAndWait({ actionId: 'charge' }, { timeoutMs: 30_000 })));
    expect(error).toMatchObject({ code: 'no-answer', correlationId: 'order-1', cause: NETWORK_ERROR });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('who does not hold the answer, such as a receiver that stops, is not asked in a hurry', async () => {
    const { client, sent, settled } = against([answer(202, execution())]);
    await errorOf(settled(client.submitAndWait({ actionId: 'charge' }, { timeoutMs: 60_000 })));
    expect(sent.length).toBeGreaterThan(5);
    expect(sent.length).toBeLessThan(40);
  });

  test('the caller may stop waiting, with a reason of its own', async () => {
    const { client, settled } = against([answer(202, execution()), 'hang']);
    const caller = new AbortController();
    const waiting = client.submitAndWait({ actionId: 'charge' }, { signal: caller.signal });
    const end = expect(settled(waiting)).rejects.toBe('enough');
    caller.abort('enough');
    await end;
  });
});

describe('what it says when it fails', () => {
  test('a problem is told with all its fields, and never the key', async () => {
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
    ['an answer of somebody else', answer(404, { message: 'no such route' })],
    ['a redirect', new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } })],
  ] as const)('%s is not taken for an answer', async ([, reply]) => {
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

  test('an id may hold anything and stays an id', async () => {
    const { client, sent } = against([ACCEPTED]);
    await client.get('a/../b?c#d');
    expect(sent[0]?.path).toBe('/v1/executions/a%2F..%2Fb%3Fc%23d');
  });

  test.for(['receiver.example', 'ftp://receiver.example', 'https://', 'https://receiver.example/?a=b'])(
    'a base URL that is none is refused at once: %s',
    (baseUrl) => expect(() => createClient({ baseUrl, key: KEY })).toThrow(/baseUrl must be/),
  );

  test('a key that can be none is refused at once, and not repeated', () => {
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

test('lists are walked page by page, and no further than the caller goes', async () => {
  const page = (from: number, nextCursor: string | null) =>
    answer(200, { items: [1, 2].map((n) => execution({ correlationId: `order-${from + n}` })), nextCursor });
  const { client, sent } = against([page(0, 'next'), page(2, 'more')]);
  const seen: string[] = [];
  const filters = { status: 'COMPLETED', from: new Date(0), limit: 2 } as const;
  for await (const { correlationId } of client.list(filters)) if (seen.push(correlationId) === 3) break;
  expect(seen).toEqual(['order-1', 'order-2', 'order-3']);
  const query = '/v1/executions?status=COMPLETED&from=1970-01-01T00%3A00%3A00.000Z&limit=2';
  expect(sent.map(({ path }) => path)).toEqual([query, `${query}&cursor=next`]);
});

test('a list goes on over pages that are empty: the receiver was still looking', async () => {
  const page = (items: object[], nextCursor: string | null) => answer(200, { items, nextCursor });
  const found = execution({ correlationId: 'order-1' });
  const { client, sent } = against([page([], 'a'), page([], 'b'), page([found], 'c'), page([], null)]);
  const seen: string[] = [];
  for await (const { correlationId } of client.list({ text: 'Miller', status: 'OPEN' })) seen.push(correlationId);
  expect(seen).toEqual(['order-1']);
  expect(sent.map(({ path }) => path.split('cursor=')[1])).toEqual([undefined, 'a', 'b', 'c']);
  expect(sent[0]?.path).toBe('/v1/executions?text=Miller&status=OPEN');
});
