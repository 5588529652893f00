// What is sent to CXone, with which token, and what a slow CXone changes: over real connections.

import { describe, expect, test } from 'vitest';
import { loadProfile } from '../../src/cxone/profile/profile.ts';
import { parseJson } from '../../src/execution/json.ts';
import { anExecution } from '../support/executions.ts';
import { sendJson, startUpstream } from '../support/upstream.ts';
import { aPolled, CALLBACK_URL, startClient, startTenant } from './harness.ts';

const NO_NEWS = { kind: 'progress', statusWord: null, result: null, error: null };

describe('the requests', () => {
  test('a submission is one POST with its inputs, its context and our callback URL', async () => {
    const tenant = await startTenant((_, response) =>
      sendJson(response, 202, { executionId: 'e-1', status: 'PENDING' }),
    );
    const { cxone } = startClient(`${tenant.url}/proxy/`);
    const inputs = { amount: 42, note: 'für €' };
    const context = { locale: 'de' };
    const execution = anExecution({ actionId: 'charge~card', correlationId: 'order-1', inputs, context });
    const answer = await cxone.execute(execution, CALLBACK_URL);
    expect(answer).toEqual({
      type: 'submitted',
      httpStatus: 202,
      latencyMs: 0,
      executionId: 'e-1',
      report: { ...NO_NEWS, statusWord: 'PENDING' },
    });
    const [request, ...more] = tenant.to('/proxy/api/v2/dx');
    expect(more).toEqual([]);
    expect(request).toMatchObject({ method: 'POST', url: '/proxy/api/v2/dx/actions/charge~card/execute' });
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer t1',
      'x-correlation-id': 'order-1',
      accept: 'application/json',
      'content-type': 'application/json',
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      inputs,
      context: { locale: 'de', callbackUrl: CALLBACK_URL },
      asyncExecution: true,
    });
    expect(execution.context).toEqual({ locale: 'de' });
  });

  test('inputs arrive as they were given: big numbers, odd names, no pollution', async () => {
    const tenant = await startTenant((_, response) => sendJson(response, 200, {}));
    const { cxone } = startClient(tenant.url);
    const text =
      '{"id":12345678901234567891,"__proto__":{"polluted":true},"constructor":{"prototype":1},"n":1e400,"s":"\\ud800"}';
    const inputs = parseJson(text) as Record<string, never>;
    await cxone.execute(
      anExecution({ inputs, context: parseJson('{"__proto__":{"callbackUrl":"x"}}') as never }),
      CALLBACK_URL,
    );
    const body = tenant.to('/api/v2/dx')[0]?.body;
    expect(body).toContain(`"inputs":${text}`);
    expect(body).toContain(`"context":{"__proto__":{"callbackUrl":"x"},"callbackUrl":"${CALLBACK_URL}"}`);
    expect(({} as Record<string, unknown>)['polluted']).toBe(undefined);
  });

  test('a poll is a GET with the id percent-encoded', async () => {
    const tenant = await startTenant((_, response) => sendJson(response, 200, { status: 'RUNNING' }));
    const { cxone } = startClient(tenant.url);
    await cxone.poll(aPolled('a/../b?c#d %2e'));
    const [request] = tenant.to('/api/v2/dx');
    expect(request).toMatchObject({
      method: 'GET',
      url: '/api/v2/dx/actions/charge-card/executions/a%2F..%2Fb%3Fc%23d%20%252e',
      body: '',
    });
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer t1',
      'x-correlation-id': 'order-1',
      accept: 'application/json',
    });
  });

  test('one token serves all requests, and may be asked for beforehand, elsewhere', async () => {
    const tenant = await startTenant((_, response) => sendJson(response, 200, { status: 'RUNNING' }));
    const { cxone } = startClient(tenant.url, { tokenUrl: `${tenant.url}/elsewhere/oauth/token` });
    await cxone.authorize();
    await Promise.all(Array.from({ length: 20 }, () => cxone.poll(aPolled('e-1'))));
    expect(tenant.to('/elsewhere/oauth/token')).toHaveLength(1);
    expect(tenant.to('/api')).toHaveLength(20);
  });

  test.each(['.', '..'])(
    'the action %j, which a URL would swallow, is refused instead of calling something else',
    async (actionId) => {
      const tenant = await startTenant((_, response) => sendJson(response, 200, { status: 'RUNNING' }));
      const { cxone } = startClient(tenant.url);
      expect(await cxone.execute(anExecution({ actionId }), CALLBACK_URL)).toMatchObject({
        type: 'refused',
        httpStatus: 0,
      });
      const isolated = { type: 'failed', asked: false, isolated: true };
      expect(await cxone.poll(aPolled('e-1', actionId))).toMatchObject(isolated);
      expect(await cxone.poll(aPolled(actionId))).toMatchObject(isolated);
      expect(await cxone.poll(aPolled(null))).toMatchObject(isolated);
      expect(tenant.to('/api/v2/dx')).toEqual([]);
    },
  );
});

describe('a 401', () => {
  test('costs the token: it is renewed once, for however many were refused, and each request is made once more', async () => {
    const tenant = await startTenant(({ headers, url }, response) => {
      if (headers.authorization !== 'Bearer t2') return sendJson(response, 401, '');
      sendJson(response, 200, url.endsWith('execute') ? { executionId: 'e-1' } : { status: 'RUNNING' });
    });
    const { cxone } = startClient(tenant.url);
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, () => cxone.execute(anExecution(), CALLBACK_URL)),
      ...Array.from({ length: 5 }, () => cxone.poll(aPolled('e-1'))),
    ]);
    expect(answers.map(({ type }) => type)).toEqual([...Array(5).fill('submitted'), ...Array(5).fill('polled')]);
    expect(tenant.to('/api/v2/oauth')).toHaveLength(2);
    expect(tenant.to('/api/v2/dx')).toHaveLength(20);
  });

  test('that repeats itself after the renewal proves that nothing was processed: unsent, and not polled', async () => {
    const tenant = await startTenant((_, response) => sendJson(response, 401, 'who are you'));
    const { cxone } = startClient(tenant.url);
    const message = 'CXone answered 401: who are you';
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({
      type: 'unsent',
      httpStatus: 401,
      message,
    });
    expect(tenant.to('/api/v2/dx')).toHaveLength(2);
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: false, message });
  });

  test('without a new token: certainly not processed', async () => {
    const upstream = await startUpstream(({ url }, response) => {
      if (!url.endsWith('token')) return sendJson(response, 401, '');
      sendJson(response, upstream.to('/api/v2/oauth').length === 1 ? 200 : 400, { access_token: 't' });
    });
    const { cxone } = startClient(upstream.url);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'unsent', httpStatus: 401 });
    expect(upstream.to('/api/v2/dx')).toHaveLength(1);
  });

  test('during a pause: the second try is left for later', async () => {
    const upstream = await startUpstream(({ url, headers }, response) => {
      if (!url.endsWith('token'))
        return sendJson(response, headers['x-correlation-id'] === 'first' ? 429 : 401, '', { 'retry-after': '60' });
      sendJson(response, 200, { access_token: 't' });
    });
    const { cxone } = startClient(upstream.url);
    await cxone.execute(anExecution({ correlationId: 'first' }), CALLBACK_URL);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'unsent', retryAfterMs: 60_000 });
  });

  test('with a concurrency of one and the permit held, there is no deadlock', async () => {
    const tenant = await startTenant(({ headers }, response) =>
      sendJson(response, headers.authorization === 'Bearer t1' ? 401 : 200, { status: 'RUNNING' }),
    );
    const { cxone } = startClient(tenant.url, { maxConcurrent: 1 });
    const [permit] = await cxone.permits('poll', 1, new AbortController().signal);
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'polled' });
    permit?.release();
    expect(cxone.limiterState().inFlight).toBe(0);
  });
});

describe('no token', () => {
  test('nothing is sent, and the message says why without the secret', async () => {
    const upstream = await startUpstream(({ body }, response) =>
      sendJson(response, 429, `no, ${body}`, { 'retry-after': '30' }),
    );
    const { cxone } = startClient(upstream.url);
    const message = expect.stringMatching(
      /^not sent: CXone answered the token request with 429: no, .*client_secret=\*\*\*$/,
    );
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({
      type: 'unsent',
      httpStatus: 0,
      message,
      retryAfterMs: 30_000,
    });
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: false, retryAfterMs: 30_000 });
    await expect(cxone.authorize()).rejects.toMatchObject({ name: 'TokenUnavailable', retryAfterMs: 30_000 });
    expect(cxone.limiterState().pausedUntil).toBe(0);
    expect(upstream.received).toHaveLength(1);
  });
});

test('a slow CXone gets fewer requests at a time', async () => {
  const tenant = await startTenant(
    (_, response) => void world.advance(3_000).then(() => sendJson(response, 200, { status: 'RUNNING' })),
  );
  const { cxone, world } = startClient(tenant.url);
  await cxone.authorize();
  for (let i = 0; i < 12; i++) await cxone.poll(aPolled('e-1'));
  expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ latencyMs: 3_000 });
  expect(cxone.limiterState().averageLatencyMs).toBeGreaterThan(2_000);
  expect(cxone.limiterState().limit).toBeLessThan(10);
});

describe('the address of a poll', () => {
  test.each([
    ['a/b?c#d', 'a%2Fb%3Fc%23d'],
    ['job 7 ü', 'job%207%20%C3%BC'],
    ['工单', '%E5%B7%A5%E5%8D%95'],
    ['x'.repeat(1024), 'x'.repeat(1024)],
  ])('has the id percent-encoded: %j', async (executionId, encoded) => {
    const tenant = await startTenant((_, response) => sendJson(response, 200, { status: 'RUNNING', executionId }));
    const { cxone } = startClient(tenant.url);
    expect(await cxone.poll(aPolled(executionId))).toMatchObject({ type: 'polled', namedExecutionId: executionId });
    const [request] = tenant.to('/api/v2/dx');
    expect(request?.url).toBe(`/api/v2/dx/actions/charge-card/executions/${encoded}`);
    expect(request?.headers['cache-control']).toBe('no-cache');
  });

  test('carries Retry-After of a response that reports progress, and of a 202 without a status', async () => {
    for (const [status, body] of [
      [200, { status: 'RUNNING' }],
      [202, {}],
    ] as const) {
      const tenant = await startTenant((_, response) => {
        response.setHeader('retry-after', '7');
        sendJson(response, status, body);
      });
      const { cxone } = startClient(tenant.url);
      const expected = { type: 'polled', retryAfterMs: 7_000, report: { kind: 'progress' } };
      expect(await cxone.poll(aPolled('e-1'))).toMatchObject(expected);
    }
  });

  const located = () => {
    const { poll, ...profile } = loadProfile(null);
    if (poll === null) throw new Error('the built-in profile polls');
    return { ...profile, poll: { ...poll, url: null, location: true } };
  };

  test.each(['/status/1?x=%2F', 'https://HOST/status/1?x=%2F', '../../../../../status/1?x=%2F#part'])(
    'comes from the Location header where the profile says so: %s',
    async (location) => {
      const tenant = await startTenant((request, response) => {
        if (request.method === 'GET') return sendJson(response, 200, { status: 'COMPLETED' });
        response.setHeader('location', location.replace('https://HOST', tenant.url));
        sendJson(response, 202, {});
      });
      const { cxone } = startClient(tenant.url, { profile: located() });
      const answer = await cxone.execute(anExecution(), CALLBACK_URL);
      const pollUrl = `${tenant.url}/status/1?x=%2F`;
      expect(answer).toMatchObject({ type: 'submitted', executionId: null, pollUrl });
      expect(await cxone.poll({ ...aPolled(null), pollUrl })).toMatchObject({ report: { kind: 'completed' } });
      expect(tenant.to('/status')[0]?.url).toBe('/status/1?x=%2F');
    },
  );

  test.each([
    ['https://elsewhere.example/status/1', 'another host, elsewhere.example'],
    ['//elsewhere.example/status/1', 'another host, elsewhere.example'],
    ['http://[', 'not a URL'],
    ['', 'no Location header'],
  ])('is never at another host: %j', async (location, problem) => {
    const tenant = await startTenant((_, response) => {
      if (location !== '') response.setHeader('location', location);
      sendJson(response, 202, {});
    });
    const { cxone } = startClient(tenant.url, { profile: located() });
    const answer = await cxone.execute(anExecution(), CALLBACK_URL);
    expect(answer).toMatchObject({ pollUrl: null, unusablePollUrl: expect.stringContaining(problem) });
  });

  test('is looked up at the present host after a move', async () => {
    const tenant = await startTenant((_, response) => sendJson(response, 200, { status: 'COMPLETED' }));
    const { cxone } = startClient(tenant.url, { profile: located() });
    const stored = { ...aPolled(null), pollUrl: 'https://elsewhere.example/status/1?x=%2F' };
    expect(await cxone.poll(stored)).toMatchObject({ report: { kind: 'completed' } });
    expect(tenant.received.at(-1)).toMatchObject({ method: 'GET', url: '/status/1?x=%2F' });
  });
});
