// The requests that each dialect of the simulator accepts and refuses. Only a strict simulator proves that a profile is right.

import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import type { DialectName } from '../../src/simulator/dialects.ts';
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { openStage, type Stage } from './stage.ts';

const KEY = { accessKeyId: 'simulator-key', accessKeySecret: 'simulator-key-secret' };
const USER = { username: 'simulator-key', password: 'simulator-key-secret' };
const BASIC = { authorization: `Basic ${Buffer.from('simulator:simulator-secret').toString('base64')}` };
const JSON_TYPE = { 'content-type': 'application/json' };

const open = (dialect: DialectName, more: Partial<SimulatorOptions> = {}) => openStage({ dialect, ...more });

function postForm(stage: Stage, path: string, form: Record<string, string>, headers: Record<string, string> = {}) {
  return stage.call(path, { method: 'POST', body: new URLSearchParams(form), headers });
}

function postJson(stage: Stage, path: string, body: object, headers: Record<string, string> = {}) {
  return stage.call(path, { method: 'POST', body: JSON.stringify(body), headers: { ...JSON_TYPE, ...headers } });
}

async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

describe('discovery', () => {
  test('leads to the token endpoint and, for its tenant, to the API', async () => {
    await using stage = await open('cxone-discovery-password');
    const issuer = await bodyOf(await stage.call('/.well-known/openid-configuration'));
    expect(issuer).toMatchObject({ issuer: stage.base, token_endpoint: `${stage.base}/auth/token` });
    const response = await postForm(stage, '/auth/token', { grant_type: 'password', ...USER }, BASIC);
    const { access_token: token } = await bodyOf(response);
    const { tenantId } = decodeJwt(String(token));
    const found = await stage.call(`/.well-known/cxone-configuration?tenantId=${tenantId}`);
    expect(await bodyOf(found)).toMatchObject({ api_endpoint: stage.base });
    expect((await stage.call('/.well-known/cxone-configuration?tenantId=another')).status).toBe(404);
  });

  test('is absent in a dialect without discovery', async () => {
    await using stage = await open('cxone-access-key');
    expect((await stage.call('/.well-known/openid-configuration')).status).toBe(404);
  });
});

describe('client credentials by discovery', () => {
  test.for([
    ['another grant', { grant_type: 'password' }, BASIC, 400],
    ['no grant', {}, BASIC, 400],
    ['the client in the form', { grant_type: 'client_credentials', client_id: 'simulator' }, BASIC, 400],
    ['no Basic', { grant_type: 'client_credentials' }, {}, 401],
    ['a wrong secret', { grant_type: 'client_credentials' }, { authorization: `Basic ${btoa('simulator:x')}` }, 401],
  ] as const)('%s gets no token', async ([, form, headers, status]) => {
    await using stage = await open('cxone-discovery-client-credentials');
    expect((await postForm(stage, '/auth/token', form, headers)).status).toBe(status);
  });

  test('the right one gets a JSON Web Token and its lifetime', async () => {
    await using stage = await open('cxone-discovery-client-credentials', { tokenSeconds: 900 });
    const response = await postForm(stage, '/auth/token', { grant_type: 'client_credentials' }, BASIC);
    const { access_token: token, expires_in } = await bodyOf(response);
    expect(expires_in).toBe(900);
    expect(decodeJwt(String(token)).exp).toEqual(expect.any(Number));
  });
});

describe('an access key as user name and password', () => {
  test.for([
    ['a wrong password', { grant_type: 'password', ...USER, password: 'x' }, BASIC, 400],
    ['no client', { grant_type: 'password', ...USER }, {}, 401],
    ['a further field', { grant_type: 'password', ...USER, scope: 'all' }, BASIC, 400],
  ] as const)('%s gets no token', async ([, form, headers, status]) => {
    await using stage = await open('cxone-discovery-password');
    expect((await postForm(stage, '/auth/token', form, headers)).status).toBe(status);
  });

  test('only the token itself states its lifetime', async () => {
    await using stage = await open('cxone-discovery-password');
    const response = await postForm(stage, '/auth/token', { grant_type: 'password', ...USER }, BASIC);
    expect(Object.keys(await bodyOf(response))).not.toContain('expires_in');
  });
});

describe('an access key as JSON', () => {
  const PATH = '/authentication/v1/token/access-key';

  test('gets a token, whose lifetime is a string', async () => {
    await using stage = await open('cxone-access-key');
    const response = await postJson(stage, PATH, KEY);
    expect([response.status, await bodyOf(response)]).toEqual([200, expect.objectContaining({ expires_in: '3600' })]);
  });

  test('is refused as a form, with a client, with more than the key, and wrong', async () => {
    await using stage = await open('cxone-access-key');
    expect((await postForm(stage, PATH, KEY)).status).toBe(415);
    expect((await postJson(stage, PATH, KEY, BASIC)).status).toBe(400);
    expect((await postJson(stage, PATH, { ...KEY, grant_type: 'password' })).status).toBe(400);
    expect((await postJson(stage, PATH, { ...KEY, accessKeySecret: 'x' })).status).toBe(401);
  });
});

test('a static token is valid, and there is no token endpoint', async () => {
  await using stage = await open('cxone-static-token');
  expect((await stage.execute('order', 'lost-callback', { token: 'simulator-token' })).status).toBe(200);
  expect((await stage.execute('order', 'lost-callback', { token: 'another' })).status).toBe(401);
  expect((await postForm(stage, '/api/v2/oauth/token', {})).status).toBe(404);
});

describe('script start', () => {
  const PATH = '/inContactAPI/services/v33.0/scripts/start';

  async function start(stage: Stage, fields: Record<string, string>, body?: string) {
    const token = await postForm(stage, '/auth/token', { grant_type: 'password', ...USER }, BASIC);
    const { access_token } = await bodyOf(token);
    const headers = { authorization: `Bearer ${access_token}`, 'x-correlation-id': 'order' };
    return stage.call(`${PATH}?${new URLSearchParams(fields)}`, { method: 'POST', headers, body: body ?? null });
  }

  const right = (stage: Stage) => ({ skillId: '7', scriptPath: 'Any', parameters: `${stage.callbackUrl}|order|a|b` });

  test('gets an empty response, and the script calls back', async () => {
    await using stage = await open('cxone-script-start', { runMs: 0 });
    const response = await start(stage, right(stage));
    expect([response.status, await response.text()]).toEqual([200, '']);
    await stage.simulator.quiet();
    expect(JSON.parse(stage.callbacks[0]?.body ?? '')).toMatchObject({
      status: 'COMPLETED',
      result: { echo: { scriptPath: 'Any', correlationId: 'order', parameters: ['a', 'b'] } },
    });
  });

  test.for([
    ['a skill that is not a number', { skillId: 'sales' }],
    ['no script', { scriptPath: '' }],
    ['no callback URL', { parameters: 'a|b' }],
    ['a field that there is not', { callbackUrl: 'https://elsewhere.example' }],
  ] as const)('%s is refused, with the reason in error_description', async ([, wrong]) => {
    await using stage = await open('cxone-script-start');
    const response = await start(stage, { ...right(stage), ...wrong });
    expect([response.status, await bodyOf(response)]).toEqual([400, { error_description: expect.any(String) }]);
    expect(stage.simulator.stats().runs).toBe(0);
  });

  test('a body is refused', async () => {
    await using stage = await open('cxone-script-start');
    expect((await start(stage, right(stage), '{}')).status).toBe(400);
  });
});

describe('jobs', () => {
  const PATH = '/data-extraction/v1/jobs';
  const ORDER = { entityName: 'qm-workflows', version: '1', startDate: '2026-11-01', endDate: '2026-11-02' };

  async function authorized(stage: Stage): Promise<Record<string, string>> {
    const { access_token } = await bodyOf(await postJson(stage, '/authentication/v1/token/access-key', KEY));
    return { authorization: `Bearer ${access_token}` };
  }

  test('a submission gets the id as a bare string, a poll the nested status, and no callback is sent', async () => {
    const world = createManualWorld();
    await using stage = await open('cxone-jobs', { world, runMs: 40_000 });
    const headers = await authorized(stage);
    const id = (await (await postJson(stage, PATH, ORDER, headers)).json()) as string;
    expect(id).toMatch(/^sim-/);
    const poll = async () => bodyOf(await stage.call(`${PATH}/${id}`, { headers }));
    await world.advance(30_000);
    expect(await poll()).toEqual({ jobStatus: { id, status: 'RUNNING' } });
    await world.advance(30_000);
    expect(await poll()).toEqual({ jobStatus: { id, status: 'SUCCEEDED', result: { url: expect.any(String) } } });
    await stage.simulator.quiet();
    expect(stage.callbacks).toEqual([]);
  });

  test('a second poll within half a minute gets a 429 with Retry-After', async () => {
    const world = createManualWorld();
    await using stage = await open('cxone-jobs', { world });
    const headers = await authorized(stage);
    const id = (await (await postJson(stage, PATH, ORDER, headers)).json()) as string;
    await world.advance(10_000);
    const early = await stage.call(`${PATH}/${id}`, { headers });
    expect([early.status, early.headers.get('retry-after')]).toEqual([429, '20']);
  });

  test.for(Object.keys(ORDER))('a submission without %s is refused', async (field) => {
    await using stage = await open('cxone-jobs');
    const response = await postJson(stage, PATH, { ...ORDER, [field]: undefined }, await authorized(stage));
    expect([response.status, await bodyOf(response)]).toEqual([400, { errorDescription: `${field}: expected a text` }]);
  });

  test('a form and an unknown field are refused', async () => {
    await using stage = await open('cxone-jobs');
    const headers = await authorized(stage);
    expect((await postForm(stage, PATH, ORDER, headers)).status).toBe(400);
    expect((await postJson(stage, PATH, { ...ORDER, callbackUrl: 'https://a.example' }, headers)).status).toBe(400);
  });
});
