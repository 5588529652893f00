// POST /v1/executions: accepted durably or refused with the reason.

import { describe, expect, test, vi } from 'vitest';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { eventually } from '../../support/eventually.ts';
import { dispatchAll, head, ORDERS_KEY, QUEUE_CAPACITY, startHttp, wire } from '../harness.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const AUTHORIZED = { authorization: `Bearer ${ORDERS_KEY}`, 'content-type': 'application/json' };

describe('accepted', () => {
  test('the smallest submission is answered 202 with the execution, where to find it and when to look', async () => {
    await using http = await startHttp();
    const answer = await http.submit();
    expect(answer.status).toBe(202);
    const { correlationId } = answer.json;
    expect(correlationId).toMatch(UUID);
    expect(answer.headers.get('location')).toBe(`/v1/executions/${correlationId}`);
    expect(answer.headers.get('retry-after')).toBe('10');
    expect(answer.headers.get('vary')).toBe('Prefer');
    expect(Object.entries(answer.json)).toEqual([
      ['correlationId', correlationId],
      ['actionId', 'charge-card'],
      ['executionId', null],
      ['status', 'QUEUED'],
      ['resolvedBy', null],
      ['result', null],
      ['error', null],
      ['submittedAt', '2026-01-01T00:00:00.000Z'],
      ['sentAt', null],
      ['resolvedAt', null],
      ['pollAfter', null],
      ['deadline', null],
      ['latencyMs', null],
      ['totalLatencyMs', null],
      ['pollCount', 0],
      ['lateResult', null],
      ['app', 'orders'],
    ]);
    expect(await http.store.find(correlationId)).toBeDefined();
  });

  test('every field reaches the dispatch as it was sent: long numbers, odd keys and all', async () => {
    await using http = await startHttp();
    const inputs = '{"id":12345678901234567890,"__proto__":{"admin":true},"rate":1.10000000000000000001}';
    const body = `{"actionId":"a.b_c~d-1","inputs":${inputs},"context":{"locale":"de"},"correlationId":"order-1",
      "timeoutSeconds":1.2e2,"graceSeconds":0,"retryUncertain":true,"notifyUrl":"https://app.example/notify?x=1"}`;
    const answer = await http.call('POST', '/v1/executions', { body });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('retry-after')).toBe('1');
    const [sent] = await http.store.claimDispatches(1, http.world.now());
    expect(JSON.stringify(sent?.inputs)).toBe(inputs);
    expect(sent).toMatchObject({
      actionId: 'a.b_c~d-1',
      context: { locale: 'de' },
      correlationId: 'order-1',
      timeoutSeconds: 120,
      graceSeconds: 0,
      retryUncertain: true,
      notifyUrl: 'https://app.example/notify?x=1',
    });
  });

  test('what is left out gets its default', async () => {
    await using http = await startHttp();
    await http.submit();
    const [sent] = await http.store.claimDispatches(1, http.world.now());
    expect(sent).toMatchObject({
      inputs: {},
      context: {},
      timeoutSeconds: 30,
      graceSeconds: 10,
      retryUncertain: false,
      notifyUrl: null,
    });
  });

  test.for([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/vnd.orders.v1+json',
  ])('JSON is taken as %s', async (type) => {
    await using http = await startHttp();
    const answer = await http.call('POST', '/v1/executions', {
      headers: { 'content-type': type },
      body: { actionId: 'a' },
    });
    expect(answer.status).toBe(202);
  });

  test('a body in chunks is taken, and so is one of exactly 1 MiB', async () => {
    await using http = await startHttp();
    const chunked = wire(http.port);
    chunked.send(
      head('POST', '/v1/executions', { ...AUTHORIZED, 'transfer-encoding': 'chunked', connection: 'close' }),
    );
    chunked.send('9\r\n{"actionI\r\n');
    chunked.send('8\r\nd": "a"}\r\n0\r\n\r\n');
    expect(await chunked.closed).toMatch(/^HTTP\/1.1 202 /);

    const body = JSON.stringify({ actionId: 'a', inputs: { x: '' } });
    const full = body.replace('""', `"${'x'.repeat(1024 * 1024 - body.length)}"`);
    expect((await http.call('POST', '/v1/executions', { body: full })).status).toBe(202);
    expect((await http.call('POST', '/v1/executions', { body: `${full} ` })).status).toBe(413);
  });
});

describe('the same correlationId again', () => {
  test('with the same body, in any order of members, it is the original execution', async () => {
    await using http = await startHttp();
    const first = await http.submit({ correlationId: 'one', inputs: { a: 1, b: 2 } });
    const again = await http.submit({ inputs: { b: 2, a: 1 }, correlationId: 'one', timeoutSeconds: 30 });
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe('/v1/executions/one');
    expect(again.json).toEqual(first.json);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
  });

  test('with another body it is refused with 409', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    const answer = await http.submit({ correlationId: 'one', inputs: { amount: 1 } });
    expect(answer.status).toBe(409);
    expect(answer.json.type).toBe('urn:cxone-callback-receiver:problem:correlation-id-taken');
  });
});

describe('503 with Retry-After', () => {
  test('when the queue is full; what was accepted before is still replayed', async () => {
    await using http = await startHttp();
    for (let i = 0; i < QUEUE_CAPACITY; i += 1)
      expect((await http.submit({ correlationId: `n${i}` })).status).toBe(202);
    const answer = await http.submit();
    expect(answer.status).toBe(503);
    expect(answer.json.type).toBe('urn:cxone-callback-receiver:problem:queue-full');
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await http.submit({ correlationId: 'n0' })).status).toBe(200);
  });

  test('when the receiver is draining; everything else is still answered', async () => {
    let draining = false;
    await using http = await startHttp({ lifecycle: { draining: () => draining } });
    await http.submit({ correlationId: 'before' });
    await dispatchAll(http);
    draining = true;
    const answer = await http.submit();
    expect(answer.status).toBe(503);
    expect(answer.json.type).toBe('urn:cxone-callback-receiver:problem:draining');
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await http.call('GET', '/v1/executions/before')).status).toBe(200);
    const callback = await http.call('POST', await http.callbackPath('before'), { body: { status: 'COMPLETED' } });
    expect(callback.json).toEqual({ outcome: 'resolved' });
  });

  test('when the store cannot commit', async () => {
    const fail = () => Promise.reject(new StoreUnavailable('disk full at /secret/path'));
    await using http = await startHttp({ submissions: { submit: { one: fail, batch: fail, again: fail } } });
    const answer = await http.submit();
    expect(answer.status).toBe(503);
    expect(answer.json.type).toBe('urn:cxone-callback-receiver:problem:store-unavailable');
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(answer.text).not.toContain('secret');
  });
});

describe('Prefer: wait', () => {
  const wait = (seconds: number) => ({ prefer: `wait=${seconds}` });

  test('answers 200 as soon as the commit of the callback ends the execution, without the clock moving', async () => {
    await using http = await startHttp();
    const body = { actionId: 'a', correlationId: 'held' };
    const held = http.call('POST', '/v1/executions', { headers: wait(30), body });
    await eventually(() => http.world.sleepers === 1);
    await dispatchAll(http);
    await http.call('POST', await http.callbackPath('held'), { body: { status: 'COMPLETED', result: { paid: true } } });
    const answer = await held;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('preference-applied')).toBe('wait=30');
    expect(answer.headers.get('vary')).toBe('Prefer');
    expect(answer.headers.get('retry-after')).toBeNull();
    expect(answer.json).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback', result: { paid: true } });
    expect([http.world.sleepers, http.waiters.size]).toEqual([0, 0]);
  });

  test('answers 202 when the time is over, capped at a minute', async () => {
    await using http = await startHttp();
    const held = http.call('POST', '/v1/executions', { headers: wait(3600), body: { actionId: 'a' } });
    await eventually(() => http.world.sleepers === 1);
    await http.world.advance(60_000);
    const answer = await held;
    expect(answer.status).toBe(202);
    expect(answer.headers.get('preference-applied')).toBe('wait=60');
    expect(answer.headers.get('retry-after')).toBe('10');
    expect(answer.json.status).toBe('QUEUED');
  });

  test('waits for a replayed execution as well, which stays a 200', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'again' });
    const body = { actionId: 'charge-card', correlationId: 'again' };
    const held = http.call('POST', '/v1/executions', { headers: wait(5), body });
    await eventually(() => http.world.sleepers === 1);
    await http.world.advance(5_000);
    const answer = await held;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('idempotent-replayed')).toBe('true');
    expect(answer.json.status).toBe('QUEUED');
  });

  test('is ignored when it makes no sense', async () => {
    await using http = await startHttp();
    const answer = await http.call('POST', '/v1/executions', {
      headers: { prefer: 'wait=long' },
      body: { actionId: 'a' },
    });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('preference-applied')).toBeNull();
  });

  test('ends when the client goes away', async () => {
    await using http = await startHttp({ limits: { halfOpenTimeout: 50 } });
    const leaving = new AbortController();
    const body = { actionId: 'a' };
    const held = http.call('POST', '/v1/executions', { headers: wait(60), body, signal: leaving.signal });
    await eventually(() => http.world.sleepers === 1);
    leaving.abort();
    await expect(held).rejects.toThrow();
    await eventually(() => http.world.sleepers === 0 && http.waiters.size === 0);
    expect(http.logLines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  test('never makes an accepted submission look refused', async () => {
    const waiters = { reserve: () => () => {}, wait: () => Promise.reject(new StoreUnavailable('closed')) };
    await using http = await startHttp({ events: { waiters } });
    const answer = await http.call('POST', '/v1/executions', { headers: wait(5), body: { actionId: 'a' } });
    expect(answer.status).toBe(202);
    expect(answer.json.status).toBe('QUEUED');
  });

  test('never makes an accepted submission look refused, also when its result cannot be read', async () => {
    await using http = await startHttp();
    const body = { actionId: 'a', correlationId: 'held' };
    const held = http.call('POST', '/v1/executions', { headers: wait(30), body });
    await eventually(() => http.world.sleepers === 1);
    await dispatchAll(http);
    const path = await http.callbackPath('held');
    vi.spyOn(http.store, 'find').mockRejectedValue(new StoreUnavailable('the database cannot be read'));
    await http.call('POST', path, { body: { status: 'COMPLETED', result: { paid: true } } });
    const answer = await held;
    expect([answer.status, answer.json.status]).toEqual([202, 'QUEUED']);
    expect(answer.headers.get('retry-after')).toBe('10');
    // What has an id is asked for again.
    expect((await http.call('POST', '/v1/executions', { body })).status).toBe(503);
  });
});

test('a client that leaves in the middle of its body leaves nothing behind', async () => {
  await using http = await startHttp();
  const raw = wire(http.port);
  raw.send(`${head('POST', '/v1/executions', { ...AUTHORIZED, 'content-length': '100' })}{"actionId":`);
  await eventually(() => raw.socket.bytesWritten > 0);
  raw.socket.resetAndDestroy();
  await raw.closed;
  expect((await http.call('GET', '/v1/executions')).json.items).toEqual([]);
  expect(http.logLines.filter(({ level }) => level !== 'debug')).toEqual([]);
});
