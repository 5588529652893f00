// POST /webhook/token over real HTTP: a client gets a token for callbacks, and every other request learns nothing.

import { describe, expect, test } from 'vitest';
import { dispatchAll, type Harness, startHttp } from '../harness.ts';

const CLIENT = { client_id: 'cxone', client_secret: 'client-secret-0123456789' };
const RIGHT = { grant_type: 'client_credentials', ...CLIENT };
const CXONE = '203.0.113.9';
const DONE = { status: 'COMPLETED', result: 5 };

const CLIENTS = [
  { name: 'cxone', key: 'client-secret-0123456789' },
  { name: 'cxone', key: 'client-secret-9876543210' },
];

/** A receiver that issues tokens to CXone, under its new secret and the old one. */
const guarded = (options: Parameters<typeof startHttp>[0] = {}) =>
  startHttp({ tokenClients: CLIENTS, access: { trustedProxies: 1 }, ...options });

function ask(http: Harness, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const body = new URLSearchParams(fields).toString();
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return http.call('POST', '/webhook/token', {
    key: null,
    body,
    headers: { ...type, 'x-forwarded-for': CXONE, ...headers },
  });
}

async function callBack(http: Harness, headers: Record<string, string>) {
  await http.submit({ correlationId: 'one' });
  await dispatchAll(http);
  return http.call('POST', await http.callbackPath('one'), { key: null, headers, body: DONE });
}

test('a client gets a token, and a callback with it is accepted', async () => {
  await using http = await guarded();
  const answer = await ask(http, RIGHT);
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 });
  expect([answer.headers.get('cache-control'), answer.headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
  const callback = await callBack(http, { authorization: `Bearer ${answer.json.access_token}` });
  expect([callback.status, callback.json]).toEqual([200, { outcome: 'resolved' }]);
  expect([http.tokenRequests, http.observed]).toEqual([['issued'], ['resolved']]);
});

test('HTTP Basic is accepted as well, and so is either secret during a rotation', async () => {
  await using http = await guarded();
  for (const key of ['client-secret-0123456789', 'client-secret-9876543210']) {
    const authorization = `Basic ${Buffer.from(`cxone:${key}`).toString('base64')}`;
    expect((await ask(http, { grant_type: 'client_credentials' }, { authorization })).status).toBe(200);
  }
});

test('a callback with a missing, an invented or an expired token gets the same response, and metrics distinguish them', async () => {
  await using http = await guarded();
  const { access_token: token } = (await ask(http, RIGHT)).json;
  await http.world.advance(300_000);
  const answers = [
    await callBack(http, {}),
    await callBack(http, { authorization: 'Bearer a.b.c' }),
    await callBack(http, { authorization: `Bearer ${token}` }),
  ];
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(answers[0]?.status).toBe(404);
  expect(http.observed).toEqual(['bad-credentials', 'bad-credentials', 'expired-token']);
  expect((await http.store.find('one'))?.status).toBe('PENDING');
});

describe('a request that is not from a client', () => {
  test.for([
    ['another secret', { ...RIGHT, client_secret: 'client-secret-0123456780' }, {}],
    ['the beginning of the secret', { ...RIGHT, client_secret: 'client-secret-012345678' }, {}],
    ['another client', { ...RIGHT, client_id: 'other' }, {}],
    ['the secret of the id', { ...RIGHT, client_id: 'cxone:client-secret-0123456789', client_secret: '' }, {}],
    ['no client', { grant_type: 'client_credentials' }, {}],
    ['a bearer token', { grant_type: 'client_credentials' }, { authorization: 'Bearer client-secret-0123456789' }],
    ['another client that wants another grant', { ...RIGHT, client_id: 'other', grant_type: 'password' }, {}],
  ] as const)('with %s gets one and the same response', async ([, fields, headers]) => {
    await using http = await guarded();
    const answer = await ask(http, fields, headers);
    expect([answer.status, answer.json]).toEqual([
      401,
      { error: 'invalid_client', error_description: 'the client is not known here' },
    ]);
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="callbacks"');
    expect(http.tokenRequests).toEqual(['invalid-client']);
  });

  test('also gets it from an address that may not call back', async () => {
    const callbackRules = {
      allowedAddresses: [{ address: '203.0.113.0', bits: 24 }],
      header: null,
      credentials: [],
      bodySignature: null,
    };
    await using http = await guarded({ callbackRules });
    expect((await ask(http, RIGHT)).status).toBe(200);
    expect((await ask(http, RIGHT, { 'x-forwarded-for': '192.0.2.1' })).status).toBe(401);
    expect(http.tokenRequests).toEqual(['issued', 'address-not-allowed']);
  });

  test('loses the connection after 20 failures a minute, counted with refused callbacks, while valid requests pass', async () => {
    await using http = await guarded();
    const wrong = { ...RIGHT, client_secret: 'x' };
    const forged = `/webhook/cxone-execution/${'A'.repeat(22)}.${'A'.repeat(43)}`;
    const from = { headers: { 'x-forwarded-for': CXONE }, key: null };
    for (let i = 0; i < 10; i += 1) await http.call('POST', forged, from);
    for (let i = 0; i < 10; i += 1) expect((await ask(http, wrong)).headers.get('connection')).not.toBe('close');
    expect((await ask(http, wrong)).headers.get('connection')).toBe('close');
    expect((await http.call('POST', forged, from)).headers.get('connection')).toBe('close');
    expect((await ask(http, wrong, { 'x-forwarded-for': '203.0.113.10' })).headers.get('connection')).not.toBe('close');
    expect((await ask(http, RIGHT)).status).toBe(200);
  });

  test('leaves a log line with the kind and the address, and no secret', async () => {
    await using http = await guarded();
    await ask(http, { ...RIGHT, client_secret: 'client-secret-0000000000' });
    await ask(http, RIGHT);
    expect(http.logLines.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        message: 'callback tokens refused',
        facts: { requestId: expect.any(String), 'invalid-client': 1, client: CXONE },
      },
    ]);
    expect(JSON.stringify(http.logLines)).not.toContain('client-secret');
  });
});

test('an invalid request of a client gets the reason', async () => {
  await using http = await guarded();
  expect((await ask(http, { ...RIGHT, grant_type: 'password' })).json).toEqual({
    error: 'unsupported_grant_type',
    error_description: 'use grant_type=client_credentials',
  });
  expect((await ask(http, CLIENT)).json).toMatchObject({ error: 'invalid_request' });
  expect(http.tokenRequests).toEqual(['unsupported-grant', 'invalid-request']);
});

test('the endpoint exists only on the port of the webhook, and not without clients', async () => {
  const statusAt = async (options: Parameters<typeof startHttp>[0]) => {
    await using http = await guarded(options);
    return (await ask(http, RIGHT)).status;
  };
  expect(await statusAt({ role: 'webhook' })).toBe(200);
  expect(await statusAt({ role: 'apps' })).toBe(404);
  expect(await statusAt({ tokenClients: [] })).toBe(404);
});
