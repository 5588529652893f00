// Credentials of all kinds: read again when CXone refuses them, signed assertions, headers with secrets, and the API that a token names.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { rereadCredentials } from '../../../src/config/cxone.ts';
import { privateKeyProblem } from '../../../src/cxone/auth/client-assertion.ts';
import { loadProfile, type Profile, ProfileError, parseProfile } from '../../../src/cxone/profile/profile.ts';
import { requiredSettings } from '../../../src/cxone/profile/required-settings.ts';
import { anExecution } from '../../support/executions.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { sendJson, startUpstream } from '../../support/upstream.ts';
import { aPolled, CALLBACK_URL, SECRET, startClient } from '../harness.ts';

type Part = Record<string, unknown>;

/** The built-in profile with other members of its token part, and other parts. */
function profileWith(token: Part, parts: Part = {}): Profile {
  const whole = JSON.parse(JSON.stringify(loadProfile(null)));
  return parseProfile({ ...whole, token: { ...whole.token, ...token }, ...parts });
}

function secretFile(name: 'clientSecret' | 'token' | 'privateKey', text: string) {
  const path = join(temporaryFolder(), 'secret');
  writeFileSync(path, text);
  const problems: string[] = [];
  const reread = () =>
    rereadCredentials({ secretFiles: { [name]: path } }, (variable, problem) =>
      problems.push(`${variable}: ${problem}`),
    );
  return { reread, problems, write: (rewritten: string) => writeFileSync(path, rewritten) };
}

describe('a secret in a file', () => {
  test.each([
    [401, { error: 'invalid_client' }],
    [400, { error: 'invalid_client', error_description: 'no' }],
    [200, { error: 'invalid_client' }],
    [401, 'unauthorized'],
  ])('that was rewritten is read again when CXone responds %i %j, and used at once', async (status, body) => {
    const upstream = await startUpstream(({ url, body: form }, response) => {
      if (!url.endsWith('/token')) return sendJson(response, 202, { executionId: 'e-1' });
      if (form.includes('n3w')) return sendJson(response, 200, { access_token: 't', expires_in: 3600 });
      sendJson(response, status, body);
    });
    const file = secretFile('clientSecret', SECRET);
    const { cxone, world } = startClient(upstream.url, { reread: file.reread });
    expect((await cxone.execute(anExecution(), CALLBACK_URL)).type).toBe('unsent');
    expect(upstream.received).toHaveLength(1);
    file.write('n3w\n');
    await world.advance(8_000);
    expect((await cxone.execute(anExecution(), CALLBACK_URL)).type).toBe('submitted');
    expect(upstream.to('/api/v2/oauth')).toHaveLength(3);
  });

  test('that is gone keeps its earlier text, and the log can name its variable', async () => {
    const upstream = await startUpstream((_, response) => sendJson(response, 401, { error: 'invalid_client' }));
    const file = secretFile('clientSecret', SECRET);
    file.write('');
    const { cxone } = startClient(upstream.url, { reread: file.reread });
    await expect(cxone.authorize()).rejects.toThrow('invalid_client');
    expect(file.problems).toEqual(['CXONE_CLIENT_SECRET_FILE: names a file that is empty']);
    expect(upstream.received).toHaveLength(1);
  });

  test('may be the static token', async () => {
    const upstream = await startUpstream(({ headers }, response) =>
      sendJson(response, headers.authorization === 'Bearer new' ? 202 : 401, { executionId: 'e-1' }),
    );
    const file = secretFile('token', 'new');
    const noClient = { clientId: null, clientSecret: null };
    const options = { profile: loadProfile('cxone-static-token'), ...noClient, token: 'old', reread: file.reread };
    const { cxone } = startClient(upstream.url, options);
    expect((await cxone.execute(anExecution(), CALLBACK_URL)).type).toBe('submitted');
    expect(upstream.received).toHaveLength(2);
  });
});

describe('private_key_jwt', () => {
  const pairs: [string, string, { privateKey: KeyObject; publicKey: KeyObject }][] = [
    ['RSA', 'RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['P-256', 'ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['P-384', 'ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['Ed25519', 'EdDSA', generateKeyPairSync('ed25519')],
  ];
  const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

  test.each(pairs)(
    'signs each token request with a key of the kind %s (%s)',
    async (_, alg, { privateKey, publicKey }) => {
      const upstream = await startUpstream(({ url }, response) =>
        sendJson(
          response,
          200,
          url.endsWith('/token') ? { access_token: 't', expires_in: 3600 } : { executionId: 'e' },
        ),
      );
      const profile = profileWith({ clientAuthentication: 'private-key-jwt' });
      const options = { profile, clientSecret: null, privateKey: pem(privateKey), privateKeyId: 'key-1' };
      const { cxone, world } = startClient(upstream.url, options);
      await cxone.authorize();
      await world.advance(3_600_000);
      await cxone.authorize();
      const forms = upstream.to('/api/v2/oauth').map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
      expect(forms[0]).toEqual({
        grant_type: 'client_credentials',
        client_id: 'client',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: expect.any(String),
      });
      const at = (hours: number) => ({ currentDate: new Date(Date.UTC(2026, 0, 1, hours)) });
      const expected = { issuer: 'client', subject: 'client', audience: `${upstream.url}/api/v2/oauth/token` };
      const first = await jwtVerify(forms[0]?.['client_assertion'] ?? '', publicKey, { ...expected, ...at(0) });
      const second = await jwtVerify(forms[1]?.['client_assertion'] ?? '', publicKey, { ...expected, ...at(1) });
      expect(first.protectedHeader).toEqual({ alg, typ: 'JWT', kid: 'key-1' });
      expect((first.payload.exp ?? 0) - (first.payload.iat ?? 0)).toBe(120);
      expect(first.payload.jti).not.toBe(second.payload.jti);
    },
  );

  test('takes audience and algorithm from the profile, repeats no assertion, and reads a replaced key again', async () => {
    const [old, replaced] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));
    if (old === undefined || replaced === undefined) throw new Error('two keys');
    const upstream = await startUpstream(async ({ body }, response) => {
      const assertion = new URLSearchParams(body).get('client_assertion') ?? '';
      const options = { audience: 'https://idp.example', algorithms: ['PS256'], currentDate: new Date(world.now()) };
      const isNew = await jwtVerify(assertion, replaced.publicKey, options).then(
        () => true,
        () => false,
      );
      if (isNew) return sendJson(response, 200, { access_token: 't', expires_in: 3600 });
      sendJson(response, 401, { error: 'invalid_client', error_description: `cannot verify ${assertion}` });
    });
    const assertion = { audience: 'https://idp.example', algorithm: 'PS256' };
    const profile = profileWith({ clientAuthentication: 'private-key-jwt', assertion });
    const file = secretFile('privateKey', pem(old.privateKey));
    const options = { profile, clientSecret: null, privateKey: pem(old.privateKey), reread: file.reread };
    const { cxone, world } = startClient(upstream.url, options);
    await expect(cxone.authorize()).rejects.toThrow('cannot verify ***');
    file.write(pem(replaced.privateKey));
    await world.advance(8_000);
    await cxone.authorize();
  });

  test('needs a key that fits the algorithm of the profile', async () => {
    const [rsa, , , ed25519] = pairs.map(([, , { privateKey }]) => pem(privateKey));
    expect(privateKeyProblem(rsa ?? '', 'PS384')).toBeNull();
    expect(privateKeyProblem(rsa ?? '', 'ES256')).toBe('is not a key for ES256, the algorithm of the profile');
    expect(privateKeyProblem(ed25519 ?? '', 'EdDSA')).toBeNull();
    const profile = profileWith({ clientAuthentication: 'private-key-jwt', assertion: { algorithm: 'ES256' } });
    const { cxone } = startClient('http://127.0.0.1:9', { profile, clientSecret: null, privateKey: rsa ?? '' });
    await expect(cxone.authorize()).rejects.toThrow('the client assertion cannot be signed');
  });

  test('needs the key instead of the secret', () => {
    const needs = requiredSettings(profileWith({ clientAuthentication: 'private-key-jwt' }));
    expect(needs.map(({ anyOf: [name] }) => name)).toEqual([
      'CXONE_ORG_DOMAIN',
      'CXONE_CLIENT_ID',
      'CXONE_PRIVATE_KEY',
    ]);
  });
});

describe('static headers', () => {
  const headers = { 'Ocp-Apim-Subscription-Key': '{gateway-key}', 'X-Tenant': '4711' };

  test('go with submissions and polls, those of the token part with token requests, and no message repeats their secret', async () => {
    const upstream = await startUpstream(({ url, headers: received }, response) =>
      url.endsWith('/token')
        ? sendJson(response, 200, { access_token: 'live-token', expires_in: 3600 })
        : sendJson(response, 403, `no access with ${received['ocp-apim-subscription-key']}`),
    );
    const profile = profileWith({ headers: { 'X-Login-Key': 'Key {login-key}' } }, { headers });
    const headerSecrets = [
      { name: 'gateway-key', key: 'g4teway-s3cret' },
      { name: 'login-key', key: 'l0gin-s3cret' },
    ];
    const { cxone } = startClient(upstream.url, { profile, headerSecrets });
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({
      type: 'refused',
      message: 'CXone answered 403: no access with ***',
    });
    await cxone.poll(aPolled('e-1'));
    const [token, execute, poll] = upstream.received.map((request) => request.headers);
    expect(token).toMatchObject({ 'x-login-key': 'Key l0gin-s3cret' });
    expect(token).not.toHaveProperty('ocp-apim-subscription-key');
    for (const sent of [execute, poll]) {
      expect(sent).toMatchObject({ 'ocp-apim-subscription-key': 'g4teway-s3cret', 'x-tenant': '4711' });
      expect(sent).not.toHaveProperty('x-login-key');
    }
  });

  test('need their secrets, and set no header of the receiver or the connection', () => {
    const needs = requiredSettings(profileWith({}, { headers }));
    expect(needs.at(-1)).toEqual({ anyOf: ['CXONE_SECRETS'], hint: 'set gateway-key:value' });
    for (const wrong of [
      { Authorization: 'x' },
      { Host: 'x' },
      { 'a b': 'x' },
      { 'X-A': 'ä' },
      { 'X-A': '{' },
      { 'X-A': 5 },
    ]) {
      expect(() => profileWith({}, { headers: wrong })).toThrow(ProfileError);
    }
  });
});

describe("the API's base URL in the token response", () => {
  const answer = { ...tokenAnswer(), baseUrl: '/resource_server_base_uri' };
  const token = { url: '{issuer}/token', answer };

  async function setUp(named: (apiUrl: string) => unknown, allowedHosts: string[] = []) {
    const api = await startUpstream((_, response) => sendJson(response, 202, { executionId: 'e-1' }));
    const login = await startUpstream((_, response) =>
      sendJson(response, 200, { access_token: 't', expires_in: 3600, resource_server_base_uri: named(api.url) }),
    );
    const client = startClient('', { profile: profileWith(token), baseUrl: null, issuer: login.url, allowedHosts });
    return { ...client, api };
  }

  test('is used, with its path', async () => {
    const { cxone, api } = await setUp((url) => `${url}/inContactAPI/`);
    expect((await cxone.execute(anExecution(), CALLBACK_URL)).type).toBe('submitted');
    expect(api.received.map(({ url }) => url)).toEqual(['/inContactAPI/api/v2/dx/actions/charge-card/execute']);
  });

  test.each<[() => unknown, string]>([
    [() => 'https://evil.example/api', 'leads to evil.example, which is not among CXONE_ALLOWED_HOSTS'],
    [() => 'http://api.acme.example/', 'is not https'],
    [() => 'api.acme.example', 'is not an absolute URL'],
    [() => undefined, 'is not there'],
  ])('%# gets no request if it %s', async (named, reason) => {
    const { cxone, api } = await setUp(named, ['*.acme.example']);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({
      type: 'unsent',
      message: expect.stringContaining(reason),
    });
    expect(api.received).toEqual([]);
  });

  test('is one source of two: not with {base} in the token URL, nor with discovery', () => {
    expect(() => profileWith({ answer })).toThrow(ProfileError);
    const discovery = { token: null, api: { url: '{issuer}/api', baseUrl: '/api', tenantClaim: null } };
    expect(() => profileWith(token, { discovery })).toThrow(ProfileError);
    expect(requiredSettings(profileWith(token)).map(({ anyOf: [name] }) => name)).not.toContain('CXONE_ORG_DOMAIN');
  });
});

function tokenAnswer(): object {
  const { token } = loadProfile(null);
  return token.kind === 'request' ? token.answer : {};
}
