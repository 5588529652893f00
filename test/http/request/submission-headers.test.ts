// Idempotency-Key on a single submission: sent again, it is answered again and nothing runs twice.

import { describe, expect, test } from 'vitest';
import { readIdempotencyKey } from '../../../src/http/request/submission-headers.ts';
import { eventually } from '../../support/eventually.ts';
import { BILLING_KEY, dispatchAll, type Harness, head, ORDERS_KEY, startHttp, wire } from '../harness.ts';

const BODY = { actionId: 'charge-card', inputs: { amount: 42 } };

function submit(http: Harness, key: string, body: object = BODY, headers: Record<string, string> = {}) {
  return http.call('POST', '/v1/executions', { headers: { 'idempotency-key': key, ...headers }, body });
}

async function complete(http: Harness, correlationId: string): Promise<void> {
  await http.call('POST', await http.callbackPath(correlationId), { body: { status: 'COMPLETED', result: 7 } });
}

const stored = async (http: Harness) => (await http.store.list({ app: null, limit: 100 })).items.length;

describe('the same key and body again', () => {
  test('is the original answer again: 202, the same place, the body as it was first given, whatever happened since', async () => {
    await using http = await startHttp();
    const first = await submit(http, '"order-1"');
    await dispatchAll(http);
    await complete(http, first.json.correlationId);
    http.world.stepClock(3_600_000);
    const again = await submit(http, '"order-1"');
    expect([again.status, again.text]).toEqual([202, first.text]);
    for (const name of ['location', 'retry-after', 'content-type', 'vary']) {
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    }
    expect([first, again].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
    expect(await stored(http)).toBe(1);
  });

  test('is found in any order of members, and with or without quotes', async () => {
    await using http = await startHttp();
    const first = await submit(http, 'order-1');
    const again = await submit(http, '"order-1"', {
      inputs: { amount: 42 },
      timeoutSeconds: 30,
      actionId: 'charge-card',
    });
    expect([again.status, again.json.correlationId]).toEqual([202, first.json.correlationId]);
  });

  test('with Prefer: wait is held, and is 200 with the outcome', async () => {
    await using http = await startHttp();
    const { correlationId } = (await submit(http, 'order-1')).json;
    await dispatchAll(http);
    const held = submit(http, 'order-1', BODY, { prefer: 'wait=30' });
    await eventually(() => http.world.sleepers === 1);
    await complete(http, correlationId);
    const answer = await held;
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(answer.json).toMatchObject({ correlationId, status: 'COMPLETED', result: 7 });
    expect((await submit(http, 'order-1', BODY, { prefer: 'wait=30' })).status).toBe(200);
  });

  test('with Prefer: wait is 202 with the execution as it stands when the time is over', async () => {
    await using http = await startHttp();
    await submit(http, 'order-1');
    await dispatchAll(http);
    const held = submit(http, 'order-1', BODY, { prefer: 'wait=5' });
    await eventually(() => http.world.sleepers === 1);
    await http.world.advance(5_000);
    const answer = await held;
    expect([answer.status, answer.json.status]).toEqual([202, 'PENDING']);
  });

  test('twenty times concurrently: one execution, and each response names it', async () => {
    await using http = await startHttp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => submit(http, 'order-1')));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
    expect(new Set(answers.map(({ json }) => json.correlationId)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true')).toHaveLength(19);
    expect(await stored(http)).toBe(1);
  });

  test('is another execution for another app', async () => {
    await using http = await startHttp();
    const first = await submit(http, 'order-1');
    const headers = { 'idempotency-key': 'order-1' };
    const other = await http.call('POST', '/v1/executions', { key: BILLING_KEY, headers, body: { actionId: 'other' } });
    expect([other.status, other.json.app]).toEqual([202, 'billing']);
    expect(other.json.correlationId).not.toBe(first.json.correlationId);
  });
});

describe('beside correlationId', () => {
  const named = (correlationId: string) => ({ ...BODY, correlationId });

  test('both again: the same execution, as it was first answered', async () => {
    await using http = await startHttp();
    const first = await submit(http, 'key', named('one'));
    await dispatchAll(http);
    const again = await submit(http, 'key', named('one'));
    expect([again.status, again.text]).toEqual([202, first.text]);
  });

  test('the key with another correlationId is the key with another body', async () => {
    await using http = await startHttp();
    await submit(http, 'key', named('one'));
    expect((await submit(http, 'key', named('two'))).status).toBe(422);
    expect((await submit(http, 'key')).status).toBe(422);
    expect(await stored(http)).toBe(1);
  });

  test('the correlationId under another key or none is asked for as ever: 200, as it stands, or 409', async () => {
    await using http = await startHttp();
    await submit(http, 'key', named('one'));
    await dispatchAll(http);
    const again = await submit(http, 'another', named('one'));
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(again.json.status).toBe('PENDING');
    expect((await http.submit(named('one'))).status).toBe(200);
    expect((await submit(http, 'third', { ...named('one'), inputs: {} })).status).toBe(409);
    // The other key stands for the first body since.
    expect((await submit(http, 'another', { ...named('one'), inputs: {} })).status).toBe(422);
    expect(await stored(http)).toBe(1);
  });
});

test('another body under the key is a 422 that says what to do; the first is untouched', async () => {
  await using http = await startHttp();
  const first = await submit(http, 'order-1');
  const answer = await submit(http, 'order-1', { ...BODY, inputs: { amount: 43 } });
  expect(answer.status).toBe(422);
  expect(answer.json).toMatchObject({
    type: 'urn:cxone-callback-receiver:problem:idempotency-key-reused',
    status: 422,
  });
  expect(answer.json.detail).toContain('or another key');
  expect((await submit(http, 'order-1')).text).toBe(first.text);
  expect(await stored(http)).toBe(1);
});

test('a key whose request was refused is free', async () => {
  await using http = await startHttp({ queueCapacity: 1 });
  expect((await submit(http, 'order-1', { actionId: '/' })).status).toBe(422);
  await http.submit();
  expect((await submit(http, 'order-1')).status).toBe(503);
  await dispatchAll(http);
  const answer = await submit(http, 'order-1');
  expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([202, null]);
});

describe('how a key is written', () => {
  test.for([
    ['order-4711', 'order-4711'],
    ['"order-4711"', 'order-4711'],
    ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['"a,b"', 'a,b'],
    [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    ['a=b;c/d\\e', 'a=b;c/d\\e'],
    ['!', '!'],
    ['~'.repeat(255), '~'.repeat(255)],
    [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
  ] as const)('%s is a key', ([header, key]) => {
    expect(readIdempotencyKey(header)).toEqual({ valid: true, key });
  });

  test.for([
    ['', 'is empty'],
    ['""', 'is empty'],
    ['a'.repeat(256), 'has 256 characters'],
    [`"${'a'.repeat(10_240)}"`, 'has 10240 characters'],
    ['a'.repeat(10_240), 'has 10240 characters'],
    ['a b', 'a space'],
    ['"a b"', 'a space'],
    ['a\tb', 'a control character'],
    ['"a\x7fb"', 'a control character'],
    ['schlüssel', 'beyond ASCII'],
    ['"a', 'not a string of RFC 8941'],
    ['"a"b"', 'not a string of RFC 8941'],
    ['a"b', 'not a string of RFC 8941'],
    ['"', 'not a string of RFC 8941'],
    [String.raw`"a\b"`, 'not a string of RFC 8941'],
    [String.raw`"a\"`, 'not a string of RFC 8941'],
    ['"a";b=1', 'not a string of RFC 8941'],
    ['a, b', 'more than once'],
    ['a,b', 'more than once'],
    ['"a", "b"', 'more than once'],
    [', a', 'more than once'],
  ] as const)('%j is not a key, and the error states why', ([header, said]) => {
    expect(readIdempotencyKey(header)).toEqual({ valid: false, detail: expect.stringContaining(said) });
  });

  test.for([
    ['10 KB long', 'secret'.repeat(1707)],
    ['empty', ''],
    ['two words', 'secret words'],
    ['a tab', 'secret\tsecret'],
    ['not closed', '"secret'],
  ])(
    '%s: 400 names the header, what is wrong and how to put it right, and nothing is accepted',
    async ([, key = '']) => {
      await using http = await startHttp();
      for (const path of ['/v1/executions', '/v1/executions/batch']) {
        const body = path.endsWith('batch') ? { executions: [BODY] } : BODY;
        const answer = await http.call('POST', path, { headers: { 'idempotency-key': key }, body });
        expect(answer.status).toBe(400);
        expect(answer.json).toMatchObject({ type: 'urn:cxone-callback-receiver:problem:invalid-header', status: 400 });
        expect(answer.json.errors).toEqual([
          { header: 'Idempotency-Key', detail: expect.stringContaining('; send for example') },
        ]);
        expect(answer.json.detail).toMatch(/^Idempotency-Key /);
        expect(answer.text).not.toContain('secret');
      }
      expect(await stored(http)).toBe(0);
    },
  );

  test('several header lines are refused, also when they say the same', async () => {
    await using http = await startHttp();
    const authorization = `Bearer ${ORDERS_KEY}`;
    const lines = { authorization, 'content-type': 'application/json', 'content-length': '17', connection: 'close' };
    for (const key of ['one', '"one"']) {
      const raw = wire(http.port);
      const twice = { ...lines, 'idempotency-key': `${key}\r\nIdempotency-Key: ${key}` };
      raw.send(`${head('POST', '/v1/executions', twice)}{"actionId": "a"}`);
      expect(await raw.closed).toMatch(/^HTTP\/1.1 400 [\s\S]*more than once/);
    }
    expect(await stored(http)).toBe(0);
  });

  test('control characters that no header may hold never get as far as a key', async () => {
    await using http = await startHttp();
    for (const bad of ['\x01', '\x00', '\x1b']) {
      const raw = wire(http.port);
      raw.send(
        head('POST', '/v1/executions', { authorization: `Bearer ${ORDERS_KEY}`, 'idempotency-key': `a${bad}b` }),
      );
      expect(await raw.closed).toMatch(/^HTTP\/1.1 400 /);
    }
  });
});
