// POST /v1/executions/batch: many submissions at once, each with its own answer.

import { describe, expect, test } from 'vitest';
import { anExecution } from '../../support/executions.ts';
import { dispatchAll, type Harness, startHttp } from '../harness.ts';
import { item, items, PROBLEM, ROOM, send, statuses, stored } from './batching.ts';

describe('each with its own answer', () => {
  test('all are accepted: 200, and each is answered as if it had come alone, in the order sent', async () => {
    await using http = await startHttp(ROOM);
    const answer = await send(http, [item(0, { graceSeconds: 5 }), { actionId: 'a' }, item(2)]);
    expect([answer.status, statuses(answer)]).toEqual([200, [202, 202, 202]]);
    expect(answer.json).toMatchObject({ accepted: 3, refused: 0 });
    for (const { execution } of answer.json.items) {
      const { wait, ...read } = (await http.call('GET', `/v1/executions/${execution.correlationId}`)).json;
      expect(read).toEqual(execution);
      expect(wait.reason).toBe('limits');
    }
    expect(answer.json.items[2].execution).toMatchObject({ correlationId: 'n2', status: 'QUEUED', app: 'orders' });
    expect((await http.store.find('n0'))?.graceSeconds).toBe(5);
    expect(Object.keys(answer.json)).toEqual(['items', 'accepted', 'refused']);
    expect(answer.headers.get('idempotent-replayed')).toBeNull();
  });

  test('a bad one is refused alone, with every offending field of it; the others lose nothing', async () => {
    await using http = await startHttp(ROOM);
    const bad = [
      { actionID: 'a', timeoutSeconds: 0, context: { callbackUrl: 'https://evil.example' } },
      'nothing',
      { actionId: 'a', notifyUrl: 'ftp://app.example', 'a/b': 1 },
    ];
    const answer = await send(http, [item(0), ...bad, item(4)]);
    expect([answer.status, statuses(answer)]).toEqual([200, [202, 422, 422, 422, 202]]);
    expect(answer.json).toMatchObject({ accepted: 2, refused: 3 });
    const problems = answer.json.items.slice(1, 4).map(({ problem }: { problem: object }) => problem);
    expect(problems[0]).toMatchObject({ type: `${PROBLEM}invalid-input`, status: 422, title: expect.any(String) });
    const pointers = problems.map(({ errors }: { errors: { pointer: string }[] }) => errors.map((one) => one.pointer));
    expect(pointers).toEqual([
      ['actionId', 'timeoutSeconds', 'actionID', 'context/callbackUrl'].map((path) => `#/executions/1/${path}`),
      ['#/executions/2'],
      ['#/executions/3/notifyUrl', '#/executions/3/a~1b'],
    ]);
    expect(await stored(http)).toBe(2);
  });

  test('what could not be stored after others were accepted is a 503 of its own', async () => {
    const batch = async () => [
      { outcome: 'added', execution: anExecution() } as const,
      { outcome: 'unavailable' } as const,
    ];
    const fail = () => Promise.reject(new Error('not to be asked'));
    await using http = await startHttp({ ...ROOM, submissions: { submit: { one: fail, batch, again: fail } } });
    const answer = await send(http, [item(0), item(1)]);
    expect([answer.status, statuses(answer)]).toEqual([200, [202, 503]]);
    expect(answer.json).toMatchObject({ accepted: 1, refused: 1 });
    expect(answer.json.items[1].problem).toMatchObject({ type: `${PROBLEM}store-unavailable`, status: 503 });
  });

  test('what is refused alone is refused in a batch, for the same reason', async () => {
    await using http = await startHttp({
      ...ROOM,
      submissions: { notifyRules: { check: () => 'must be at a host of yours' } },
    });
    const sent = { actionId: 'a', notifyUrl: 'https://elsewhere.example' };
    const alone = await http.submit(sent);
    const [among] = (await send(http, [sent])).json.items;
    expect(among.problem).toEqual({
      ...alone.json,
      errors: [{ pointer: '#/executions/0/notifyUrl', detail: 'must be at a host of yours' }],
    });
  });

  test('a correlationId that is known gives its execution, as it stands, or is refused', async () => {
    await using http = await startHttp(ROOM);
    await http.submit(item(1));
    await dispatchAll(http);
    const answer = await send(http, [item(0), item(1), item(1, { inputs: { amount: 1 } })]);
    expect(statuses(answer)).toEqual([202, 200, 409]);
    expect(answer.json.items[1]).toMatchObject({ replayed: true, execution: { status: 'PENDING' } });
    expect(answer.json.items[2].problem).toMatchObject({
      type: `${PROBLEM}correlation-id-taken`,
      errors: [{ pointer: '#/executions/2/correlationId' }],
    });
    expect(answer.json).toMatchObject({ accepted: 2, refused: 1 });
  });

  test('one correlationId several times in a batch is as if sent one after the other', async () => {
    await using http = await startHttp(ROOM);
    const answer = await send(http, [item(0), item(0), item(0, { timeoutSeconds: 60 }), item(0)]);
    expect(statuses(answer)).toEqual([202, 200, 409, 200]);
    expect(await stored(http)).toBe(1);
  });

  test('beyond the capacity of the queue, or the share of the app, the rest must retry later', async () => {
    for (const [room, status, name] of [
      [{ queueCapacity: 2 }, 503, 'queue-full'],
      [{ shares: { appQueueCapacities: new Map([['orders', 2]]) } }, 429, 'app-queue-full'],
    ] as const) {
      await using http = await startHttp(room);
      const answer = await send(http, items(4));
      expect([answer.status, statuses(answer)]).toEqual([200, [202, 202, status, status]]);
      expect(answer.json.items[3].problem).toMatchObject({ type: PROBLEM + name, status, retryAfter: 5 });
      expect(answer.headers.get('retry-after')).toBeNull();
      const nothing = await send(http, [item(5), {}]);
      expect([nothing.status, statuses(nothing)]).toEqual([200, [status, 422]]);
      expect(nothing.headers.get('retry-after')).toBe('5');
      expect(nothing.json.items[1].problem).not.toHaveProperty('retryAfter');
      expect(answer.json).toMatchObject({ accepted: 2, refused: 2 });
    }
  });

  test('numbers keep every digit, and members of any name arrive', async () => {
    await using http = await startHttp(ROOM);
    const inputs = '{"id":12345678901234567890,"__proto__":{"admin":true}}';
    const body = `{"executions":[{"actionId":"a","inputs":${inputs},"timeoutSeconds":3e1}]}`;
    expect(statuses(await http.call('POST', '/v1/executions/batch', { body }))).toEqual([202]);
    const [sent] = await http.store.claimDispatches(1, http.world.now());
    expect(JSON.stringify(sent?.inputs)).toBe(inputs);
  });

  test('Prefer: wait has no effect on batches', async () => {
    await using http = await startHttp(ROOM);
    const headers = { prefer: 'wait=30' };
    const answer = await http.call('POST', '/v1/executions/batch', { headers, body: { executions: items(2) } });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, null]);
  });

  test('a thousand are taken', async () => {
    await using http = await startHttp(ROOM);
    const answer = await send(http, items(1000));
    expect([answer.status, answer.json.accepted, await stored(http)]).toEqual([200, 1000, 1000]);
  });
});

describe('all or none', () => {
  const nothing = async (http: Harness) => expect([await stored(http), (await http.store.head()).id]).toEqual([0, 0]);

  test('all of them: as without', async () => {
    await using http = await startHttp(ROOM);
    await http.submit(item(1));
    const answer = await send(http, items(3), { atomic: true });
    expect([answer.status, statuses(answer), answer.json.accepted]).toEqual([200, [202, 200, 202], 3]);
  });

  test('some are not valid: 422 that names every field of each, and nothing is accepted', async () => {
    await using http = await startHttp(ROOM);
    const answer = await send(http, [item(0), {}, item(2), { actionId: 'a', x: 1, y: 2 }], { atomic: true });
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json).toMatchObject({ type: `${PROBLEM}invalid-input`, detail: expect.stringContaining('2 of 4') });
    const pointers = answer.json.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers).toEqual(['#/executions/1/actionId', '#/executions/3/x', '#/executions/3/y']);
    await nothing(http);
  });

  test('a correlationId is taken: 409 that names it, and nothing more is accepted', async () => {
    await using http = await startHttp(ROOM);
    await http.submit(item(1, { inputs: { amount: 1 } }));
    const answer = await send(http, items(3), { atomic: true });
    expect(answer.status).toBe(409);
    expect(answer.json.errors).toEqual([{ pointer: '#/executions/1/correlationId', detail: expect.any(String) }]);
    expect(await stored(http)).toBe(1);
  });

  test('there is no room for all: 503 or 429 with Retry-After, and nothing is accepted', async () => {
    for (const [room, status, name] of [
      [{ queueCapacity: 2 }, 503, 'queue-full'],
      [{ shares: { appQueueCapacities: new Map([['orders', 2]]) } }, 429, 'app-queue-full'],
    ] as const) {
      await using http = await startHttp(room);
      const answer = await send(http, items(3), { atomic: true });
      expect([answer.status, answer.json.type]).toEqual([status, PROBLEM + name]);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(answer.json.errors).toEqual([{ pointer: '#/executions/2', detail: expect.any(String) }]);
      await nothing(http);
      expect((await send(http, items(2), { atomic: true })).status).toBe(200);
    }
  });
});

test('an execution may be called "batch"', async () => {
  await using http = await startHttp(ROOM);
  await http.submit({ correlationId: 'batch' });
  expect((await http.call('GET', '/v1/executions/batch')).json.correlationId).toBe('batch');
  expect((await http.call('POST', '/v1/executions/batch/cancel')).json.status).toBe('CANCELLED');
});
