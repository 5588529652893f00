// Discovery: the issuer names CXone's endpoints, and a wrong or missing response misleads no request.

import { describe, expect, test } from 'vitest';
import type { CxoneOptions } from '../../../src/cxone/client.ts';
import { loadProfile } from '../../../src/cxone/profile/profile.ts';
import { anExecution } from '../../support/executions.ts';
import { type Received, sendJson, startUpstream, type Upstream } from '../../support/upstream.ts';
import { jwt } from '../auth/jwt.ts';
import { aPolled, CALLBACK_URL, startClient } from '../harness.ts';

const TOKEN_PATH = '/auth/token';
const OPENID = '/.well-known/openid-configuration';
const TENANT = '/.well-known/cxone-configuration';

/** Answers by path; what is not among them is 404. */
type Answers = { [path: string]: (request: Received) => unknown };

/** An issuer, token endpoint and API in one; `answers` replaces what any of them says: an object, or a number for a status. */
async function startIssuer(answers: Answers = {}): Promise<Upstream> {
  const given: Answers = {
    [OPENID]: ({ headers }) => ({ issuer: 'x', token_endpoint: `http://${headers.host}${TOKEN_PATH}` }),
    [TENANT]: ({ headers }) => ({ area: 'na1', api_endpoint: `http://${headers.host}/api-na1/` }),
    [TOKEN_PATH]: () => ({ access_token: 't1', expires_in: '3600', id_token: jwt({ tenantId: 'te nant' }) }),
    '/api-na1/api/v2/dx/actions/charge-card/execute': () => ({ executionId: 'e-1', status: 'ACCEPTED' }),
    '/api-na1/api/v2/dx/actions/charge-card/executions/e-1': () => ({ status: 'COMPLETED' }),
  };
  return startUpstream((request, response) => {
    const path = request.url.split('?')[0] ?? '';
    const body = (answers[path] ?? given[path] ?? (() => 404))(request);
    if (typeof body === 'number') return sendJson(response, body, { message: 'no luck' });
    sendJson(response, 200, body);
  });
}

function startAt(issuer: string, overrides: Partial<CxoneOptions> = {}) {
  const profile = loadProfile('cxone-discovery-client-credentials');
  return startClient('', { profile, baseUrl: null, issuer, ...overrides });
}

const pathsOf = ({ received }: Upstream) => received.map(({ method, url }) => `${method} ${url}`);

describe('the way to CXone', () => {
  test('is asked for step by step, once: token endpoint, token, API of the tenant that the token names', async () => {
    const issuer = await startIssuer();
    const { cxone } = startAt(`${issuer.url}/`);
    await cxone.authorize();
    expect(await cxone.execute(anExecution({ actionId: 'charge-card' }), CALLBACK_URL)).toMatchObject({
      type: 'submitted',
      executionId: 'e-1',
    });
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'polled', report: { kind: 'completed' } });
    expect(pathsOf(issuer)).toEqual([
      `GET ${OPENID}`,
      `POST ${TOKEN_PATH}`,
      `GET ${TENANT}?tenantId=te%20nant`,
      'POST /api-na1/api/v2/dx/actions/charge-card/execute',
      'GET /api-na1/api/v2/dx/actions/charge-card/executions/e-1',
    ]);
    expect(issuer.to('/.well-known').map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  test('with an access key is the same', async () => {
    const issuer = await startIssuer();
    const profile = loadProfile('cxone-discovery-password');
    const { cxone } = startAt(issuer.url, { profile, accessKeyId: 'KEY', accessKeySecret: 'k3y-s3cret' });
    await cxone.authorize();
    const [request] = issuer.to(TOKEN_PATH);
    expect(request?.body).toBe('grant_type=password&username=KEY&password=k3y-s3cret');
  });

  test('is not asked for where the configuration says it', async () => {
    const issuer = await startIssuer();
    const { cxone } = startAt('http://issuer.invalid', {
      baseUrl: `${issuer.url}/api-na1`,
      tokenUrl: `${issuer.url}${TOKEN_PATH}`,
    });
    await cxone.authorize();
    expect(pathsOf(issuer)).toEqual([`POST ${TOKEN_PATH}`]);
    expect(await cxone.endpoints.baseUrl()).toBe(`${issuer.url}/api-na1`);
  });

  test('is asked for again after an hour, while the old one is still taken', async () => {
    const issuer = await startIssuer();
    const { cxone, world } = startAt(issuer.url);
    await cxone.authorize();
    await world.advance(3_600_000);
    expect(await cxone.endpoints.baseUrl()).toBe(`${issuer.url}/api-na1`);
    await expect.poll(() => issuer.to(TENANT).length).toBe(2);
  });

  test('stays when the issuer is down, which is logged once', async () => {
    let up = true;
    const issuer = await startIssuer({
      [TENANT]: ({ headers }) => (up ? { api_endpoint: `http://${headers.host}/api-na1` } : 500),
    });
    const { cxone, world, log } = startAt(issuer.url);
    await cxone.authorize();
    up = false;
    await world.advance(3_600_000);
    const base = `${issuer.url}/api-na1`;
    for (const asked of [2, 3]) {
      expect(await cxone.endpoints.baseUrl()).toBe(base);
      await expect.poll(() => issuer.to(TENANT).length).toBe(asked);
      await world.advance(60_000);
    }
    const warned = log.lines.filter(({ message }) => message.includes('the last answer stands'));
    expect(warned).toHaveLength(1);
  });
});

describe('the tenant', () => {
  test('that is configured counts, whatever the token says', async () => {
    const issuer = await startIssuer();
    await startAt(issuer.url, { tenantId: 'a&b' }).cxone.authorize();
    expect(issuer.to(TENANT)[0]?.url).toBe(`${TENANT}?tenantId=a%26b`);
  });

  test('is found in the access token when there is no id token', async () => {
    const issuer = await startIssuer({ [TOKEN_PATH]: () => ({ access_token: jwt({ tenantId: 'from-access' }) }) });
    await startAt(issuer.url).cxone.authorize();
    expect(issuer.to(TENANT)[0]?.url).toBe(`${TENANT}?tenantId=from-access`);
  });

  test('that the document does not name is requested by the message', async () => {
    const issuer = await startIssuer({ [TOKEN_PATH]: () => ({ access_token: 'opaque' }) });
    const { cxone } = startAt(issuer.url);
    await expect(cxone.authorize()).rejects.toThrow(
      'the tenant is not known: no token claims one at "/tenantId"; set CXONE_TENANT_ID',
    );
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({
      type: 'unsent',
      message: expect.stringContaining('set CXONE_TENANT_ID'),
    });
  });
});

describe('an answer is not followed', () => {
  test.each([
    ['to a host that is not allowed', 'https://evil.example/token', 'leads to evil.example'],
    ['without TLS', 'http://login.example.com/token', 'is not https'],
    ['to no address at all', '/auth/token', 'is not an absolute URL'],
    ['without an address', null, 'is not there'],
  ])('%s: neither with our credentials', async (_, token_endpoint, why) => {
    const issuer = await startIssuer({ [OPENID]: () => ({ token_endpoint }) });
    const { cxone } = startAt(issuer.url, { allowedHosts: ['login.example.com'] });
    const message = `the token endpoint that ${issuer.url}${OPENID} names at "/token_endpoint" ${why}`;
    await expect(cxone.authorize()).rejects.toThrow(message);
    expect(issuer.to(TOKEN_PATH)).toHaveLength(0);
  });

  test('nor with our token', async () => {
    const issuer = await startIssuer({ [TENANT]: () => ({ api_endpoint: 'https://evil.example' }) });
    const { cxone } = startAt(issuer.url);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({
      type: 'unsent',
      message: expect.stringContaining('which is not among CXONE_ALLOWED_HOSTS'),
    });
  });

  test('nor a redirect', async () => {
    const elsewhere = await startUpstream((_, response) => sendJson(response, 200, {}));
    const issuer = await startUpstream((_, response) => sendJson(response, 302, '', { location: elsewhere.url }));
    const { cxone } = startAt(issuer.url);
    await expect(cxone.authorize()).rejects.toThrow(`CXone answered the request for the token endpoint`);
    expect(elsewhere.received).toHaveLength(0);
  });
});

test('an issuer that fails is left alone for longer and longer, with its words in the message', async () => {
  const issuer = await startIssuer({ [OPENID]: () => 500 });
  const { cxone, world } = startAt(issuer.url);
  const message = `CXone answered the request for the token endpoint at ${issuer.url}${OPENID} with 500: no luck`;
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) {
    const failure = await cxone.authorize().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'TokenUnavailable', message });
    await expect(cxone.authorize()).rejects.toThrow(message);
    const { retryAfterMs } = failure as { retryAfterMs: number };
    waits.push(retryAfterMs);
    await world.advance(retryAfterMs);
  }
  expect(issuer.received).toHaveLength(4);
  expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
});
