// Responses of the gateways before CXone: what they prove about a request, and how long they hold it.

import { describe, expect, test } from 'vitest';
import { anExecution } from '../support/executions.ts';
import { sendJson, startUpstream } from '../support/upstream.ts';
import { aPolled, CALLBACK_URL, startClient, startTenant } from './harness.ts';

test.each([
  [425, 'unsent', false],
  [429, 'unsent', false],
  [503, 'unsent', false],
  [408, 'uncertain', true],
  [500, 'uncertain', true],
  [502, 'uncertain', true],
  [504, 'uncertain', true],
  [302, 'uncertain', true],
  [400, 'refused', true],
  [403, 'refused', true],
  [404, 'refused', null],
] as const)('%i: the submission is %s', async (status, type, asked) => {
  const tenant = await startTenant((_, response) => sendJson(response, status, 'from the gateway'));
  const { cxone } = startClient(tenant.url);
  expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type, httpStatus: status });
  if (asked !== null) expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked });
});

describe('a refused token', () => {
  test.each([
    [403, 'Bearer error="invalid_token"'],
    [403, 'Basic realm="x", Bearer realm="cxone", error=invalid_token, error_description="expired"'],
    [400, 'bearer realm="cxone",error = "invalid_token"'],
    [401, 'Bearer'],
    [401, ''],
  ])('%i with "%s" is renewed, and the request is repeated', async (status, challenge) => {
    const tenant = await startTenant(({ headers }, response) => {
      if (headers.authorization === 'Bearer t2')
        return sendJson(response, 200, { executionId: 'e-1', status: 'RUNNING' });
      sendJson(response, status, '', challenge === '' ? {} : { 'www-authenticate': challenge });
    });
    const { cxone } = startClient(tenant.url);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted' });
    expect(tenant.to('/api/v2/oauth')).toHaveLength(2);
  });

  test.each(['Bearer error="insufficient_scope"', 'Digest error="invalid_token"'])(
    'is not stated by a 403 with "%s"',
    async (challenge) => {
      const tenant = await startTenant((_, response) => sendJson(response, 403, '', { 'www-authenticate': challenge }));
      const { cxone } = startClient(tenant.url);
      expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'refused', httpStatus: 403 });
      expect(tenant.to('/api/v2/oauth')).toHaveLength(1);
    },
  );

  test('a token that becomes valid some seconds after its issue ends no execution', async () => {
    let issuedAt = 0;
    const upstream = await startUpstream(({ url }, response) => {
      if (url.endsWith('token')) {
        issuedAt = world.now();
        return sendJson(response, 200, { access_token: `t${issuedAt}`, expires_in: 3600 });
      }
      if (world.now() < issuedAt + 2_500) return sendJson(response, 401, '');
      sendJson(response, 202, { executionId: 'e-1' });
    });
    const { cxone, world } = startClient(upstream.url);
    const types: string[] = [];
    for (let second = 0; second < 4; second += 1) {
      types.push((await cxone.execute(anExecution(), CALLBACK_URL)).type);
      await world.advance(1_000);
    }
    expect(types).toEqual(['unsent', 'unsent', 'unsent', 'submitted']);
    expect(upstream.to('/api/v2/oauth')).toHaveLength(2);
  });

  test('an action that keeps getting 401 is rejected while another passes, and costs no token', async () => {
    const tenant = await startTenant(({ url }, response) =>
      sendJson(response, url.includes('forbidden') ? 401 : 202, { executionId: 'e-1' }),
    );
    const { cxone, world } = startClient(tenant.url);
    const types: string[] = [];
    for (let second = 0; second < 8; second += 1) {
      expect(await cxone.execute(anExecution({ actionId: 'look-up' }), CALLBACK_URL)).toMatchObject({
        type: 'submitted',
      });
      const answer = await cxone.execute(anExecution({ actionId: 'forbidden' }), CALLBACK_URL);
      types.push(answer.type);
      if (answer.type === 'unsent') expect(answer.isolated).toBe(true);
      await world.advance(1_000);
    }
    expect(types).toEqual([...Array(5).fill('unsent'), ...Array(3).fill('refused')]);
    expect(tenant.to('/api/v2/oauth')).toHaveLength(1);
  });
});

describe('the token endpoint', () => {
  test('holds token requests alone with a 429', async () => {
    const upstream = await startUpstream(({ url }, response) => {
      if (!url.endsWith('token')) return sendJson(response, 202, { executionId: 'e-1' });
      if (upstream.to('/api/v2/oauth').length > 1) return sendJson(response, 429, '', { 'retry-after': '60' });
      sendJson(response, 200, { access_token: 't', expires_in: 40 });
    });
    const { cxone, world, log } = startClient(upstream.url);
    await cxone.authorize();
    await world.advance(20_000);
    for (let second = 0; second < 19; second += 1) {
      expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted' });
      await world.advance(1_000);
    }
    expect(cxone.limiterState().pausedUntil).toBe(0);
    expect(upstream.to('/api/v2/oauth')).toHaveLength(2);
    expect(cxone.tokenProblem()?.reason).toContain('429');
    expect(log.lines.map(({ message }) => message)).toEqual([
      'the token was not renewed; the current one stays in use',
    ]);
  });
});

describe('a rate limit that has nothing left', () => {
  const LIMITS = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9' };

  test('pauses all requests before any is rejected', async () => {
    const tenant = await startTenant((_, response) => sendJson(response, 202, { executionId: 'e-1' }, LIMITS));
    const { cxone, world } = startClient(tenant.url);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted' });
    expect(cxone.limiterState().pause).toMatchObject({ httpStatus: 202, until: world.now() + 9_000 });
  });

  test('is the floor of a 429 without Retry-After', async () => {
    const tenant = await startTenant((_, response) => sendJson(response, 429, '', { ratelimit: '"a";r=0;t=9' }));
    const { cxone } = startClient(tenant.url);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'unsent', retryAfterMs: 9_000 });
  });

  test('pauses nothing while some are left', async () => {
    const limits = { ...LIMITS, 'x-ratelimit-remaining': '1' };
    const tenant = await startTenant((_, response) => sendJson(response, 202, { executionId: 'e-1' }, limits));
    const { cxone } = startClient(tenant.url);
    await cxone.execute(anExecution(), CALLBACK_URL);
    expect(cxone.limiterState().pausedUntil).toBe(0);
  });
});
