// The dials for token servers and gateways: tokens that become valid late or revoke others, and header fields of responses.

import { expect, test } from 'vitest';
import { createSimulator } from '../../src/simulator/app.ts';
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import { createManualWorld } from '../support/manual-world.ts';

function setUp(options: Partial<SimulatorOptions>) {
  const world = createManualWorld();
  const simulator = createSimulator({ world, latencyMs: 0, jitterMs: 0, ...options });
  const post = (path: string, body: string, headers: Record<string, string>) =>
    simulator.fetch(new Request(`http://cxone.test${path}`, { method: 'POST', body, headers }));
  async function token(): Promise<string> {
    const form = 'grant_type=client_credentials&client_id=simulator&client_secret=simulator-secret';
    const response = await post('/api/v2/oauth/token', form, { 'content-type': 'application/x-www-form-urlencoded' });
    return ((await response.json()) as { access_token: string }).access_token;
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
  return { world, token, execute };
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
