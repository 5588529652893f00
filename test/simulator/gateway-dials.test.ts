// The dials for token servers and gateways: tokens that become valid late or revoke others, and header fields of responses.

import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { isoTime } from '../../src/lib/time.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import { createManualWorld, START } from '../support/manual-world.ts';
import { idIn, openStage } from './stage.ts';

function setUp(options: Partial<SimulatorOptions>) {
  const world = createManualWorld();
  const simulator = createSimulator({ world, latencyMs: 0, jitterMs: 0, ...options });
  const post = (path: string, body: string, headers: Record<string, string>) =>
    simulator.fetch(new Request(`http://cxone.test${path}`, { method: 'POST', body, headers }));
  const tokenResponse = () => {
    const form = 'grant_type=client_credentials&client_id=simulator&client_secret=simulator-secret';
    return post('/api/v2/oauth/token', form, { 'content-type': 'application/x-www-form-urlencoded' });
  };
  async function token(): Promise<string> {
    return ((await (await tokenResponse()).json()) as { access_token: string }).access_token;
  }
  const execute = (bearer: string, simulate: object = {}) =>
    post(
      '/api/v2/dx/actions/any/execute',
      JSON.stringify({
        inputs: { simulate: { callbacks: [], ...simulate } },
        context: { callbackUrl: 'http://127.0.0.1:9' },
        asyncExecution: true,
      }),
      { authorization: `Bearer ${bearer}` },
    );
  return { world, simulator, tokenResponse, token, execute };
}

test('a token gets 401 until its delay is over', async () => {
  const { world, token, execute } = setUp({ tokenDelayMs: 2_500 });
  const bearer = await token();
  expect((await execute(bearer)).status).toBe(401);
  await world.advance(2_500);
  expect((await execute(bearer)).status).toBe(200);
});

test('a new token revokes the earlier ones', async () => {
  const { token, execute } = setUp({ singleToken: true });
  const [first, second] = [await token(), await token()];
  expect([(await execute(first)).status, (await execute(second)).status]).toEqual([401, 200]);
});

test('a response has the header fields of its step', async () => {
  const { token, execute } = setUp({});
  const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '10' };
  const bearer = await token();
  for (const answer of [202, 403]) {
    const response = await execute(bearer, { submits: [{ answer, headers }] });
    expect([response.status, response.headers.get('x-ratelimit-reset')]).toEqual([answer, '10']);
  }
});

test.each([
  ['seconds', 60],
  ['text', '60'],
  ['float', 60.25],
  ['milliseconds', 60_000],
  ['date', isoTime(START + 60_000)],
  ['none', undefined],
] as const)('expires_in has the form %s', async (expiresIn, stated) => {
  const { tokenResponse } = setUp({ expiresIn, tokenSeconds: 60 });
  expect(((await (await tokenResponse()).json()) as { expires_in?: unknown }).expires_in).toEqual(stated);
});

test('a token may be a JWT that ends before its expires_in', async () => {
  const { world, token, execute } = setUp({ jwtSeconds: 60 });
  const bearer = await token();
  const claims = JSON.parse(Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString());
  expect(claims.exp).toBe(START / 1000 + 60);
  expect((await execute(bearer)).status).toBe(200);
  await world.advance(60_000);
  expect((await execute(bearer)).status).toBe(401);
});

test('a token request takes its latency', async () => {
  const { world, tokenResponse } = setUp({ tokenLatencyMs: 3_000 });
  let status = 0;
  const response = Promise.resolve(tokenResponse()).then((received) => {
    status = received.status;
  });
  await world.advance(2_999);
  expect(status).toBe(0);
  await world.advance(1);
  await response;
  expect(status).toBe(200);
});

test.each([
  ['x-ratelimit', { 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '10' }],
  ['ratelimit', { ratelimit: 'limit=2, remaining=0, reset=10' }],
  ['structured', { ratelimit: '"default";r=0;t=10', 'ratelimit-policy': '"default";q=2' }],
  ['none', { 'retry-after': '10' }],
] as const)('a quota in fixed windows is reported as %s', async (quotaHeaders, headers) => {
  const { world, token, execute } = setUp({ quota: 2, quotaWindowMs: 10_000, quotaHeaders });
  const bearer = await token();
  const responses = [await execute(bearer), await execute(bearer), await execute(bearer)];
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(Object.fromEntries(responses[2]?.headers ?? [])).toMatchObject(headers);
  await world.advance(10_000);
  expect((await execute(bearer)).status).toBe(200);
});

test('an outage has the header fields that it was given', async () => {
  const { simulator, tokenResponse } = setUp({});
  simulator.outage({
    answer: 429,
    ms: 5_000,
    calls: ['token'],
    retryAfterSeconds: 60,
    headers: { 'x-from': 'gateway' },
  });
  const { status, headers } = await tokenResponse();
  expect([status, headers.get('retry-after'), headers.get('x-from')]).toEqual([429, '60', 'gateway']);
});

test.each(['submission', 'poll', 'token'])(
  'a cut response of a %s has its whole body, but not its last chunk',
  async (call) => {
    await using stage = await openStage();
    const bearer = await stage.token();
    const accepted = await stage.execute('one', { callbacks: [], polls: [{ answer: 'truth', cut: true }] });
    const id = await idIn(accepted);
    if (call === 'token') stage.simulator.outage({ answer: 'cut', ms: 60_000, calls: ['token'] });
    const form = 'grant_type=client_credentials&client_id=simulator&client_secret=simulator-secret';
    const order = JSON.stringify({
      inputs: { simulate: { callbacks: [], submits: [{ answer: 200, cut: true }] } },
      context: { callbackUrl: 'http://127.0.0.1:9' },
      asyncExecution: true,
    });
    const requests: Record<string, [string, string, string]> = {
      submission: ['POST', '/api/v2/dx/actions/charge/execute', order],
      poll: ['GET', `/api/v2/dx/actions/charge/executions/${id}`, ''],
      token: ['POST', '/api/v2/oauth/token', form],
    };
    const [method, path, body] = requests[call] ?? ['', '', ''];
    const socket = connect(Number(new URL(stage.base).port), '127.0.0.1');
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
    });
    const type = call === 'token' ? 'application/x-www-form-urlencoded' : 'application/json';
    socket.write(
      `${method} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${bearer}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await once(socket, 'close');
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
    const document = /\r\n(\{.*\})\r\n$/s.exec(received)?.[1] ?? '';
    expect(Object.keys(JSON.parse(document))).toContain(call === 'token' ? 'access_token' : 'executionId');
  },
);

test('after a move discovery names the new address, and the old one gives its answer to executes and polls', async () => {
  const simulator = createSimulator({ dialect: 'cxone-discovery-client-credentials', discoverySeconds: 2 });
  const get = (url: string) => simulator.fetch(new Request(url));
  const document = '/.well-known/cxone-configuration?tenantId=11111111-2222-4333-8444-555555555555';
  const order = JSON.stringify({ to: 'http://new.test', answer: 410 });
  const moved = await simulator.fetch(new Request('http://old.test/simulator/move', { method: 'POST', body: order }));
  expect(moved.status).toBe(200);
  const named = await get(`http://old.test${document}`);
  expect(named.headers.get('cache-control')).toBe('max-age=2');
  expect(await named.json()).toMatchObject({ api_endpoint: 'http://new.test' });
  const poll = '/api/v2/dx/actions/any/executions/e-1';
  expect((await get(`http://old.test${poll}`)).status).toBe(410);
  expect((await get(`http://new.test${poll}`)).status).toBe(401);
  await simulator.fetch(new Request('http://old.test/simulator/move', { method: 'POST', body: '{"to":null}' }));
  expect((await get(`http://old.test${poll}`)).status).toBe(401);
  const wrong = await simulator.fetch(new Request('http://old.test/simulator/move', { method: 'POST', body: '{}' }));
  expect(await wrong.json()).toMatchObject({ message: expect.stringContaining('"to"') });
});
