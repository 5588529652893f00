// Keys: the identity and the permissions of each request.

import { describe, expect, test } from 'vitest';
import { createAuthenticator } from '../../../src/http/middleware/authentication.ts';
import { ALICE_KEY, BILLING_KEY, CAROL_KEY, type Harness, ORDERS_KEY, startHttp } from '../harness.ts';

const identify = createAuthenticator({
  apps: [
    { name: 'orders', key: 'the old key of orders' },
    { name: 'orders', key: 'the new key of orders' },
    { name: 'umlauts', key: 'schlüssel-für-die-app' },
  ],
  operators: [{ name: 'alice', key: 'alice: her key, with a colon' }],
  readers: [{ name: 'carol', key: 'the key of carol' }],
});
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const ORDERS = { kind: 'app', name: 'orders' };
const ALICE = { kind: 'operator', name: 'alice', role: 'administrator' };
const CAROL = { kind: 'operator', name: 'carol', role: 'reader' };

describe('keys', () => {
  test.for([
    ['the bearer key of an app', 'Bearer the new key of orders', ORDERS],
    ['the previous key during a rotation', 'Bearer the old key of orders', ORDERS],
    ['a scheme in any case', 'bEARER   the new key of orders', ORDERS],
    [
      'a key that is not ASCII, as bytes on the wire',
      `Bearer ${Buffer.from('schlüssel-für-die-app').toString('latin1')}`,
      { kind: 'app', name: 'umlauts' },
    ],
    ['the bearer key of an operator', 'Bearer alice: her key, with a colon', ALICE],
    ['an operator by Basic', basic('alice:alice: her key, with a colon'), ALICE],
    ['the bearer key of a reader', 'Bearer the key of carol', CAROL],
    ['a reader by Basic', basic('carol:the key of carol'), CAROL],
  ] as const)('%s is recognized', ([, authorization, identity]) => {
    expect(identify(authorization)).toEqual(identity);
  });

  test.for([
    ['nothing', undefined],
    ['an empty header', ''],
    ['a scheme alone', 'Bearer'],
    ['an empty key', 'Bearer  '],
    ['a key without a scheme', 'the new key of orders'],
    ['another scheme', 'Digest the new key of orders'],
    ['the beginning of a key', 'Bearer the new key of order'],
    ['a key and more', 'Bearer the new key of orders!'],
    ['an app by Basic', basic('orders:the new key of orders')],
    ['an operator under another name', basic('bob:alice: her key, with a colon')],
    ['a Basic key without a name', basic('alice: her key, with a colon')],
    ['Basic without a colon', basic('alice')],
    ['Basic outside base64', 'Basic ???'],
    ['the name of a built-in property', 'Bearer __proto__'],
  ] as const)('%s is refused', ([, authorization]) => {
    expect(identify(authorization)).toBeNull();
  });
});

describe('over HTTP', () => {
  test('without a key every path of the API answers 401 and states the accepted keys', async () => {
    await using http = await startHttp();
    for (const [method, path] of [
      ['POST', '/v1/executions'],
      ['GET', '/v1/executions'],
      ['GET', '/v1/executions/some'],
      ['GET', '/v1/executions/some/audit'],
      ['POST', '/v1/executions/some/cancel'],
      ['GET', '/metrics'],
    ] as const) {
      const answer = await http.call(method, path, { key: null });
      expect({ path, status: answer.status }).toEqual({ path, status: 401 });
      expect(answer.json.type).toBe('urn:cxone-callback-receiver:problem:unauthorized');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=.*, Bearer realm=/);
    }
  });

  test('a wrong key is distinguished from a missing one and not repeated', async () => {
    await using http = await startHttp();
    const answer = await http.call('GET', '/v1/executions', { key: 'a-wrong-key-0123456789' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(answer.text).not.toContain('a-wrong-key');
    expect(JSON.stringify(http.logLines)).not.toContain('a-wrong-key');
  });

  test('an operator cannot submit, and the response names the keys that can', async () => {
    await using http = await startHttp();
    const answer = await http.call('POST', '/v1/executions', { key: ALICE_KEY, body: { actionId: 'a' } });
    expect(answer.status).toBe(403);
    expect(answer.json.detail).toContain('key of an app');
  });

  test('metrics are for operators, by bearer key or by Basic', async () => {
    await using http = await startHttp();
    expect((await http.call('GET', '/metrics')).status).toBe(403);
    expect((await http.call('GET', '/metrics', { key: ALICE_KEY })).text).toBe('up 1\n');
    const answer = await http.call('GET', '/metrics', { headers: { authorization: basic(`alice:${ALICE_KEY}`) } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4');
  });

  test('an app sees only its own executions: for others it gets the response of an unknown id', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'mine' });
    for (const [method, rest] of [
      ['GET', ''],
      ['GET', '/audit'],
      ['POST', '/cancel'],
    ] as const) {
      const others = await http.call(method, `/v1/executions/mine${rest}`, { key: BILLING_KEY });
      const nobodys = await http.call(method, `/v1/executions/none${rest}`, { key: BILLING_KEY });
      expect(others.status).toBe(404);
      expect(others.text).toBe(nobodys.text);
      expect(withoutDate(others.headers)).toEqual(withoutDate(nobodys.headers));
      const own = await http.call(method, `/v1/executions/mine${rest}`, { key: ORDERS_KEY });
      expect(own.status).toBe(200);
    }
    expect((await http.call('GET', '/v1/executions', { key: BILLING_KEY })).json.items).toEqual([]);
    const trail = await http.store.trail('mine');
    expect(trail.map(({ event }) => event)).toEqual(['ACCEPTED', 'CANCELLED']);
  });

  test('an operator sees the executions of every app', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'of-orders' });
    await http.call('POST', '/v1/executions', {
      key: BILLING_KEY,
      body: { actionId: 'a', correlationId: 'of-billing' },
    });
    const list = await http.call('GET', '/v1/executions', { key: ALICE_KEY });
    expect(list.json.items.map(({ app }: { app: string }) => app)).toEqual(['billing', 'orders']);
    expect((await http.call('GET', '/v1/executions/of-orders', { key: ALICE_KEY })).json.app).toBe('orders');
  });
});

describe('repeated wrong keys', () => {
  const WRONG = 'a-wrong-key-0123456789';
  const tries = async (http: Harness, count: number, options: { key?: string | null; headers?: object } = {}) => {
    const statuses: number[] = [];
    for (let i = 0; i < count; i += 1) {
      const { status } = await http.call('GET', '/v1/executions', { key: WRONG, ...options } as object);
      statuses.push(status);
    }
    return statuses;
  };

  test('get 429 with the time to wait, and then 401 again', async () => {
    await using http = await startHttp();
    expect(await tries(http, 20)).toEqual(Array(20).fill(401));
    await http.world.advance(20_000);
    const answer = await http.call('GET', '/v1/executions', { key: WRONG });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '40']);
    expect(answer.json.type).toBe('urn:cxone-callback-receiver:problem:too-many-failures');
    await http.world.advance(40_000);
    expect(await tries(http, 1)).toEqual([401]);
    expect(http.keyRefusals).toEqual([...Array(20).fill('invalid-key'), 'throttled', 'invalid-key']);
  });

  test('do not affect the valid key of an app from the same address, and a request without a key gets 401', async () => {
    await using http = await startHttp();
    await tries(http, 30);
    expect((await http.call('GET', '/v1/executions')).status).toBe(200);
    expect(await tries(http, 25, { key: null })).toEqual(Array(25).fill(401));
  });

  test.each([
    ['administrator', ALICE_KEY],
    ['reader', CAROL_KEY],
  ])(
    'make the valid key of an %s from the same address wait, so that a right guess is not recognized',
    async (_, key) => {
      await using http = await startHttp();
      await tries(http, 19);
      expect((await http.call('GET', '/metrics', { key })).status).toBe(200);
      await tries(http, 1);
      await http.world.advance(20_000);
      const basic = { authorization: `Basic ${Buffer.from(`alice:${ALICE_KEY}`).toString('base64')}` };
      const guesses = [
        await http.call('GET', '/metrics', { key: WRONG }),
        await http.call('GET', '/metrics', { key }),
        await http.call('GET', '/metrics', { key: null, headers: basic }),
      ];
      for (const guess of guesses) {
        expect([guess.status, guess.headers.get('retry-after'), guess.text]).toEqual([429, '40', guesses[0]?.text]);
      }
      await http.world.advance(40_000);
      expect((await http.call('GET', '/metrics', { key })).status).toBe(200);
    },
  );

  test('of one address leave the operators at other addresses alone', async () => {
    await using http = await startHttp({ access: { trustedProxies: 1 } });
    const from = (address: string) => ({ 'x-forwarded-for': address });
    await tries(http, 20, { headers: from('2001:db8:1:2::1') });
    const statusFor = async (address: string) =>
      (await http.call('GET', '/metrics', { key: ALICE_KEY, headers: from(address) })).status;
    expect(await statusFor('2001:db8:1:2:ffff::9')).toBe(429);
    expect(await statusFor('2001:db8:1:3::1')).toBe(200);
    expect(await statusFor('192.0.2.1')).toBe(200);
  });

  test('count for the client behind the configured proxies, whatever it writes into the header itself', async () => {
    await using http = await startHttp({ access: { trustedProxies: 1 } });
    for (let i = 0; i < 20; i += 1)
      await tries(http, 1, { headers: { 'x-forwarded-for': `192.0.2.${i}, 203.0.113.9` } });
    expect(await tries(http, 1, { headers: { 'x-forwarded-for': '192.0.2.77, 203.0.113.9' } })).toEqual([429]);
    expect(await tries(http, 1, { headers: { 'x-forwarded-for': '203.0.113.9, 192.0.2.77' } })).toEqual([401]);
  });

  test('are counted without the header when no proxies are configured', async () => {
    await using http = await startHttp();
    for (let i = 0; i < 20; i += 1) await tries(http, 1, { headers: { 'x-forwarded-for': `192.0.2.${i}` } });
    expect(await tries(http, 1, { headers: { 'x-forwarded-for': '192.0.2.77' } })).toEqual([429]);
  });

  test('leave one log line in ten seconds, without the key', async () => {
    await using http = await startHttp();
    await tries(http, 30);
    await http.world.advance(10_000);
    const warned = http.logLines.filter(({ message }) => message === 'keys refused').map(({ facts }) => facts);
    expect(warned).toEqual([
      { requestId: expect.any(String), 'invalid-key': 1, client: '127.0.0.1' },
      { 'invalid-key': 19, throttled: 10, client: '127.0.0.1' },
    ]);
    expect(JSON.stringify(http.logLines)).not.toContain(WRONG);
  });
});

function withoutDate(headers: Headers): object {
  const { date: _date, 'x-request-id': _id, ...rest } = Object.fromEntries(headers);
  return rest;
}
