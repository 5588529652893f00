// The access token: asked for once however many need it, renewed in time, and never shown.

import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { type AccessTokens, createAccessTokens } from '../../../src/cxone/auth/access-token.ts';
import { createCredentialSource } from '../../../src/cxone/auth/credential-source.ts';
import type { Credentials } from '../../../src/cxone/auth/credentials.ts';
import { TokenUnavailable } from '../../../src/cxone/port.ts';
import { loadProfile } from '../../../src/cxone/profile/profile.ts';
import type { TokenRequestPart } from '../../../src/cxone/profile/token.ts';
import type { HttpRequest, HttpResult } from '../../../src/cxone/transport.ts';
import type { Facts } from '../../../src/lib/log.ts';
import { createManualWorld, type ManualWorld, START } from '../../support/manual-world.ts';
import { jwt } from './jwt.ts';

const SECRET = 's3cr3t/with+signs=';

interface Setting {
  readonly part?: TokenRequestPart;
  readonly credentials?: Partial<Credentials>;
}

const NO_KEY = { accessKeyId: null, accessKeySecret: null, token: null };

/** How a profile gets its token. */
function partOf(pathOrName: string | null): TokenRequestPart {
  const { token } = loadProfile(pathOrName);
  if (token.kind !== 'request') throw new Error(`${pathOrName} requests no token`);
  return token;
}

/** Tokens whose endpoint responds as `answer` says; by default with a new token each time. */
function setUp({ part = partOf(null), credentials = {} }: Setting = {}) {
  const world = createManualWorld();
  const requests: HttpRequest[] = [];
  const warnings: Facts[] = [];
  const endpoint: {
    answer: (count: number) => HttpResult | Promise<HttpResult>;
    pause: number;
    files: Partial<Credentials>;
  } = {
    files: {},
    answer: (count) => ok({ access_token: `t${count}`, expires_in: 3600 }),
    pause: 0,
  };
  const ignore = () => {};
  const tokens = createAccessTokens({
    part,
    url: async () => 'http://cxone.test/token',
    moveOf: async () => ({ type: 'none' }),
    credentials: createCredentialSource(
      { clientId: 'client', clientSecret: SECRET, ...NO_KEY, ...credentials },
      () => endpoint.files,
    ),
    world,
    log: { debug: ignore, info: ignore, error: ignore, warn: (facts) => warnings.push(facts) },
    enter: async () => endpoint.pause,
    send: async (request) => {
      requests.push(request);
      return endpoint.answer(requests.length);
    },
  });
  return { world, tokens, requests, warnings, endpoint };
}

function answered(httpStatus: number, body: string, retryAfterMs = 0): HttpResult {
  return {
    type: 'answered',
    httpStatus,
    latencyMs: 5,
    retryAfterMs,
    location: null,
    headers: new Headers(),
    body: Buffer.from(body),
    contentType: null,
    cut: null,
  };
}

function ok(body: unknown): HttpResult {
  return answered(200, JSON.stringify(body));
}

async function failureOf(promise: Promise<unknown>): Promise<TokenUnavailable> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TokenUnavailable) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

const EXECUTE = { call: 'execute', actionId: 'charge-card', correlationId: 'order-1', app: 'shop' } as const;
const OTHER = { ...EXECUTE, actionId: 'look-up' } as const;

/** The token after the renewal that the first request starts in the background. */
async function renewed(tokens: AccessTokens, world: ManualWorld): Promise<string> {
  await tokens.get();
  await world.settle();
  return tokens.get();
}

describe('life of a token', () => {
  test('however many callers need one at once, CXone is asked once', async () => {
    const { tokens, requests } = setUp();
    const all = await Promise.all(Array.from({ length: 100 }, () => tokens.get()));
    expect(new Set(all)).toEqual(new Set(['t1']));
    expect(requests).toHaveLength(1);
  });

  test.each([
    ['one of an hour is renewed 300 s before it ends', 3600, 3_300_000],
    ['its lifetime may come as text', '3600', 3_300_000],
    ['one of under 600 s is renewed at half its life', 120, 60_000],
    ['one of exactly 600 s is renewed at half its life', 600, 300_000],
    ['without a lifetime 600 s are assumed', undefined, 300_000],
    ['with a senseless lifetime 600 s are assumed', 'soon', 300_000],
    ['with a lifetime of nothing 600 s are assumed', 0, 300_000],
    ['with a negative lifetime 600 s are assumed', -5, 300_000],
  ])('%s', async (_, expires_in, renewAfterMs) => {
    const { world, tokens, endpoint } = setUp();
    endpoint.answer = (count) => ok({ access_token: `t${count}`, expires_in });
    await tokens.get();
    await world.advance(renewAfterMs - 1);
    expect(await tokens.get()).toBe('t1');
    await world.advance(1);
    expect(await renewed(tokens, world)).toBe('t2');
  });

  test.each([
    ['as its JWT says when the answer does not', {}, 1_800_000, 1_500_000],
    ['as its JWT says when it ends before the answer says', { expires_in: 3600 }, 120_000, 60_000],
    ['as the answer says when its JWT ends later', { expires_in: 120 }, 3_600_000, 60_000],
    ['600 s when its JWT seems to have ended before: one of the clocks is wrong', {}, -60_000, 300_000],
  ])('a token lives %s', async (_, body, endsInMs, renewAfterMs) => {
    const { world, tokens, endpoint } = setUp();
    endpoint.answer = (count) => ok({ access_token: jwt({ exp: (START + endsInMs) / 1000, count }), ...body });
    const first = await tokens.get();
    await world.advance(renewAfterMs - 1);
    expect(await tokens.get()).toBe(first);
    await world.advance(1);
    expect(await renewed(tokens, world)).not.toBe(first);
  });

  test('a lifetime beyond what a double holds is only long', async () => {
    const { world, tokens, endpoint } = setUp();
    endpoint.answer = () => answered(200, '{"access_token":"t","expires_in":99999999999999999999}');
    await tokens.get();
    await world.advance(86_400_000 * 365);
    expect(await tokens.get()).toBe('t');
  });

  test('a token that CXone refused is renewed, a newer one that came meanwhile is not', async () => {
    const { tokens, requests } = setUp();
    const first = await tokens.get();
    expect(tokens.refused(first, EXECUTE)).toBe('renew');
    const second = await tokens.get();
    expect(tokens.refused(first, EXECUTE)).toBe('renew');
    expect(await tokens.get()).toBe(second);
    expect([first, second, requests.length]).toEqual(['t1', 't2', 2]);
  });

  test('when renewing fails, the old token is used as long as it lives', async () => {
    const { world, tokens, endpoint } = setUp();
    await tokens.get();
    endpoint.answer = () => answered(503, 'busy');
    await world.advance(3_300_000);
    expect(await tokens.get()).toBe('t1');
    await world.advance(299_999);
    expect(await tokens.get()).toBe('t1');
    await world.advance(1);
    expect((await failureOf(tokens.get())).message).toContain('503');
  });
});

describe('the stated lifetime', () => {
  const HOUR = 3_600_000;
  test.each([
    ['seconds as a float', 3600.75, 3_600_750],
    ['seconds as a text with a fraction', '3600.0', HOUR],
    ['milliseconds', 3_600_000, HOUR],
    ['milliseconds as text', '3600000', HOUR],
    ['a Unix time in seconds', START / 1000 + 3600, HOUR],
    ['a Unix time in milliseconds', START + HOUR, HOUR],
    ['an ISO date', new Date(START + HOUR).toISOString(), HOUR],
    ['an HTTP date', new Date(START + HOUR).toUTCString(), HOUR],
    ['a date in the past, which states nothing', new Date(START - HOUR).toISOString(), 600_000],
  ])('may be %s', async (_, expires_in, lifeMs) => {
    const { world, tokens, endpoint } = setUp();
    endpoint.answer = (count) => (count === 1 ? ok({ access_token: 't1', expires_in }) : answered(503, ''));
    await tokens.get();
    await world.advance(lifeMs - 1);
    expect(await tokens.get()).toBe('t1');
    await world.advance(1);
    expect((await failureOf(tokens.get())).message).toContain('503');
  });
});

describe('a renewal', () => {
  test('delays no request while the old token is valid, however slow it is', async () => {
    const { world, tokens, endpoint, requests } = setUp();
    await tokens.get();
    await world.advance(3_300_000);
    const slow = Promise.withResolvers<HttpResult>();
    endpoint.answer = () => slow.promise;
    expect(await tokens.get()).toBe('t1');
    expect(await tokens.get()).toBe('t1');
    await world.settle();
    expect(requests).toHaveLength(2);
    slow.resolve(ok({ access_token: 'new', expires_in: 3600 }));
    await world.settle();
    expect(await tokens.get()).toBe('new');
  });

  test('that is rejected is logged once and shown until one succeeds, and waits as Retry-After says', async () => {
    const { world, tokens, endpoint, requests, warnings } = setUp();
    await tokens.get();
    await world.advance(3_300_000);
    endpoint.answer = () => answered(429, '', 60_000);
    for (let second = 0; second < 130; second += 1) {
      expect(await tokens.get()).toBe('t1');
      await world.advance(1_000);
    }
    expect(requests).toHaveLength(4);
    expect(warnings).toEqual([{ reason: expect.stringContaining('429'), validMs: 300_000 }]);
    expect(tokens.problem()).toEqual({ reason: expect.stringContaining('429'), since: START + 3_300_000 });
    endpoint.answer = () => ok({ access_token: 'new' });
    await world.advance(60_000);
    expect(await renewed(tokens, world)).toBe('new');
    expect(tokens.problem()).toBe(null);
  });
});

describe('a refused token', () => {
  test('is not renewed again at once: a new token may need a moment to become valid', async () => {
    const { world, tokens, requests } = setUp();
    expect(tokens.refused(await tokens.get(), EXECUTE)).toBe('renew');
    expect(tokens.refused(await tokens.get(), EXECUTE)).toBe('token');
    for (let second = 0; second < 60; second += 1) {
      await world.advance(1_000);
      tokens.refused(await tokens.get(), EXECUTE);
    }
    expect(requests.length).toBeLessThanOrEqual(6);
    expect(requests.length).toBeGreaterThanOrEqual(4);
  });

  test('with which another action has just passed is kept', async () => {
    const { world, tokens, requests } = setUp();
    const token = await tokens.get();
    for (let count = 0; count < 30; count += 1) {
      tokens.accepted(token, OTHER, world.now());
      await world.advance(100);
      expect(tokens.refused(await tokens.get(), EXECUTE)).not.toBe('renew');
    }
    expect(requests).toHaveLength(1);
  });

  test('with which the same action has passed before was revoked, and is renewed at once', async () => {
    const { world, tokens } = setUp();
    const token = await tokens.get();
    tokens.accepted(token, EXECUTE, world.now());
    expect(tokens.refused(token, EXECUTE)).toBe('renew');
    expect(await tokens.get()).toBe('t2');
  });

  test('is used on while no new one can be had', async () => {
    const { tokens, endpoint } = setUp();
    const token = await tokens.get();
    endpoint.answer = () => answered(429, '', 60_000);
    expect(tokens.refused(token, EXECUTE)).toBe('renew');
    expect(await tokens.get()).toBe(token);
  });
});

describe('a forbidden action', () => {
  async function refusals(otherPasses: boolean, refusedMs: number, count = 3) {
    const { world, tokens } = setUp();
    const token = await tokens.get();
    if (otherPasses) tokens.accepted(token, OTHER, world.now());
    tokens.refused(token, EXECUTE);
    await world.advance(refusedMs);
    if (otherPasses) tokens.accepted(token, OTHER, world.now());
    for (let refused = 2; refused < count; refused += 1) tokens.refused(token, EXECUTE);
    return tokens.refused(token, EXECUTE);
  }

  test('is one that keeps getting 401 while another action passes with the same token', async () => {
    expect(await refusals(true, 5_000)).toBe('action');
  });

  test('is not one that gets 401 briefly, rarely, or while no other action passes', async () => {
    expect(await refusals(true, 4_999)).not.toBe('action');
    expect(await refusals(true, 5_000, 2)).not.toBe('action');
    expect(await refusals(false, 5_000)).not.toBe('action');
  });
});

describe('the request', () => {
  test('is a form with the client credentials', async () => {
    const { tokens, requests } = setUp();
    await tokens.get();
    const [request] = requests;
    expect(request).toMatchObject({ method: 'POST', url: 'http://cxone.test/token' });
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client',
      client_secret: SECRET,
    });
  });

  const withAuthentication = (clientAuthentication: TokenRequestPart['clientAuthentication']): TokenRequestPart => ({
    ...partOf(null),
    clientAuthentication,
    parameters: { audience: 'x y', grant_type: 'no' },
  });

  test.each([
    ['basic', 'client:s3cr3t%2Fwith%2Bsigns%3D'],
    ['basic-unencoded', `client:${SECRET}`],
  ] as const)(
    'may carry the credentials as HTTP Basic instead (%s), beside further parameters',
    async (kind, credentials) => {
      const { tokens, requests } = setUp({ part: withAuthentication(kind) });
      await tokens.get();
      const header = requests[0]?.headers['authorization'] ?? '';
      expect(Buffer.from(header.replace('Basic ', ''), 'base64').toString()).toBe(credentials);
      expect(requests[0]?.body).toBe('audience=x+y&grant_type=client_credentials');
    },
  );
});

describe('the request of a shipped profile', () => {
  const key = { accessKeyId: 'KEY====', accessKeySecret: 'k3y/s3cret====' };

  test('cxone-discovery-client-credentials: the client by HTTP Basic, percent-encoded', async () => {
    const { tokens, requests } = setUp({
      part: partOf('cxone-discovery-client-credentials'),
      credentials: { clientId: 'a b@c' },
    });
    await tokens.get();
    const header = requests[0]?.headers['authorization'] ?? '';
    expect(Buffer.from(header.replace('Basic ', ''), 'base64').toString()).toBe('a%20b%40c:s3cr3t%2Fwith%2Bsigns%3D');
    expect(requests[0]?.body).toBe('grant_type=client_credentials');
  });

  test('cxone-discovery-password: the access key as user name and password beside the client', async () => {
    const { tokens, requests } = setUp({ part: partOf('cxone-discovery-password'), credentials: key });
    await tokens.get();
    expect(requests[0]?.headers['authorization']).toMatch(/^Basic /);
    expect(requests[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
      grant_type: 'password',
      username: key.accessKeyId,
      password: key.accessKeySecret,
    });
  });

  test('cxone-access-key: the access key as JSON, no client and no grant', async () => {
    const { tokens, requests } = setUp({ part: partOf('cxone-access-key'), credentials: key });
    await tokens.get();
    expect(requests[0]?.headers).toEqual({ accept: 'application/json', 'content-type': 'application/json' });
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual(key);
  });

  test('repeats no secret of an access key', async () => {
    const { tokens, requests, endpoint } = setUp({ part: partOf('cxone-access-key'), credentials: key });
    endpoint.answer = () => answered(400, `you sent ${requests[0]?.body}`);
    expect((await failureOf(tokens.get())).message).toContain('"accessKeySecret":"***"');
  });
});

describe('claims', () => {
  test('are those of the id token before those of the access token', async () => {
    const { tokens, endpoint } = setUp({ part: partOf('cxone-discovery-client-credentials') });
    endpoint.answer = () => ok({ access_token: jwt({ from: 'access' }), id_token: jwt({ from: 'id' }) });
    await tokens.get();
    expect(tokens.claims()).toEqual([{ from: 'id' }, { from: 'access' }]);
  });

  test('of a token that is not a JWT are none', async () => {
    const { tokens } = setUp();
    await tokens.get();
    expect(tokens.claims()).toEqual([null, null]);
  });
});

describe('scopes', () => {
  test('missing ones are reported once, by name, and stay visible', async () => {
    const { tokens, warnings, endpoint } = setUp();
    endpoint.answer = (count) => ok({ access_token: `t${count}`, expires_in: 60, scope: 'openid dx:actions:read' });
    for (let i = 0; i < 3; i++) tokens.refused(await tokens.get(), EXECUTE);
    expect(warnings).toEqual([{ missingScopes: ['dx:actions:execute'] }]);
    expect(tokens.missingScopes()).toEqual(['dx:actions:execute']);
  });

  test.each([
    ['all there', 'dx:actions:read dx:actions:execute'],
    ['as a list', ['dx:actions:read', 'dx:actions:execute']],
    ['not named', undefined],
    ['named as nothing', ''],
  ])('%s: nothing is missing', async (_, scope) => {
    const { tokens, warnings, endpoint } = setUp();
    endpoint.answer = () => ok({ access_token: 't', scope });
    await tokens.get();
    expect([warnings, tokens.missingScopes()]).toEqual([[], []]);
  });

  test('are no longer missing once they are granted', async () => {
    const { tokens, endpoint } = setUp();
    endpoint.answer = (count) =>
      ok({ access_token: `t${count}`, scope: count === 1 ? 'x' : 'dx:actions:read dx:actions:execute' });
    tokens.refused(await tokens.get(), EXECUTE);
    expect(tokens.missingScopes()).toHaveLength(2);
    await tokens.get();
    expect(tokens.missingScopes()).toEqual([]);
  });
});

test('a complete document counts although its response lost its end, and the log has it once', async () => {
  const { tokens, endpoint, warnings, world } = setUp();
  const cut = (count: number): HttpResult =>
    ({ ...answered(200, `{"access_token":"t${count}","expires_in":60}`), cut: 'it broke off' }) as HttpResult;
  endpoint.answer = cut;
  expect(await tokens.get()).toBe('t1');
  await world.advance(60_000);
  expect(await tokens.get()).toBe('t2');
  expect(warnings.filter((facts) => 'cut' in facts)).toEqual([{ cut: 'it broke off' }]);
});

describe('failure', () => {
  test.each([
    [
      'refused',
      answered(401, '{"error":"invalid_client"}'),
      'CXone answered the token request with 401: invalid_client',
    ],
    ['a redirect', answered(302, ''), 'CXone answered the token request with 302'],
    [
      'nobody there',
      { type: 'unsent', latencyMs: 0, reason: 'connect ECONNREFUSED' } as const,
      'no answer to the token request: connect ECONNREFUSED',
    ],
    ['no JSON', answered(200, '<html>'), 'has no usable token at "/access_token"'],
    ['no token', ok({}), 'has no usable token'],
    ['a token with a line break', ok({ access_token: 'a\r\nX-Evil: 1' }), 'has no usable token'],
    ['a token that is not a string', ok({ access_token: 5 }), 'has no usable token'],
    [
      'half an answer',
      { ...answered(200, '{"access_token":"t"'), cut: 'it broke off' } as HttpResult,
      'has no usable token',
    ],
  ])('says why: %s', async (_, reply, message) => {
    const { tokens, endpoint } = setUp();
    endpoint.answer = () => reply;
    expect((await failureOf(tokens.get())).message).toContain(message);
  });

  test('repeats no secret, in whatever form CXone echoes it, and not too many words', async () => {
    const { tokens, requests, endpoint } = setUp();
    endpoint.answer = () => {
      const echo = [
        SECRET,
        encodeURIComponent(SECRET),
        requests[0]?.body,
        JSON.stringify({ SECRET }),
        SECRET.replace('/', '\\/'),
      ];
      return answered(400, `${'x'.repeat(400)}${echo.join('\n\u0000')}${'y'.repeat(5000)}`);
    };
    const { message } = await failureOf(tokens.get());
    expect(message).not.toMatch(/s3cr3t|signs/);
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(message.length).toBeLessThan(600);
  });

  test('repeats no Basic credentials', async () => {
    const part = partOf('test/support/profiles/job-service.json');
    const { tokens, requests, endpoint } = setUp({ part });
    endpoint.answer = () => answered(400, `you sent ${requests[0]?.headers['authorization']}`);
    expect((await failureOf(tokens.get())).message).toBe(
      'CXone answered the token request with 400: you sent Basic ***',
    );
  });

  test('is remembered for a moment, longer each time: CXone is not stormed with wrong credentials', async () => {
    const { world, tokens, requests, endpoint } = setUp();
    endpoint.answer = () => answered(401, 'no');
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      const { retryAfterMs } = await failureOf(tokens.get());
      expect((await failureOf(tokens.get())).message).toContain('401');
      waits.push(retryAfterMs);
      await world.advance(retryAfterMs);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    expect(requests).toHaveLength(6);
    endpoint.answer = () => ok({ access_token: 'good' });
    expect(await tokens.get()).toBe('good');
  });

  test('honours Retry-After', async () => {
    const { world, tokens, requests, endpoint } = setUp();
    endpoint.answer = () => answered(429, 'slow down', 30_000);
    expect((await failureOf(tokens.get())).retryAfterMs).toBe(30_000);
    await world.advance(29_999);
    expect((await failureOf(tokens.get())).retryAfterMs).toBe(1);
    expect(requests).toHaveLength(1);
  });

  test('makes no request while a response to another receiver asks for a pause, nor a shorter one than its own', async () => {
    const { world, tokens, requests, endpoint } = setUp();
    expect(tokens.pause()).toBe(null);
    tokens.takePause({ httpStatus: 429, until: world.now() + 20_000 });
    const failure = await failureOf(tokens.get());
    expect([failure.retryAfterMs, failure.httpStatus, requests.length]).toEqual([20_000, 429, 0]);
    expect(tokens.problem()?.reason).toContain('another receiver with 429');
    await world.advance(20_000);
    expect(tokens.pause()).toBe(null);
    endpoint.answer = () => answered(503, '', 30_000);
    await failureOf(tokens.get());
    const pause = { httpStatus: 503, until: world.now() + 30_000 };
    expect(tokens.pause()).toEqual(pause);
    tokens.takePause({ httpStatus: 429, until: world.now() + 10_000 });
    expect(tokens.pause()).toEqual(pause);
    await world.advance(30_000);
    endpoint.answer = () => ok({ access_token: 'good' });
    expect(await tokens.get()).toBe('good');
    expect([tokens.pause(), requests.length]).toEqual([null, 2]);
  });

  test('announces each response that asks for a pause, and no other failure', async () => {
    const { world, tokens, endpoint } = setUp();
    let announced = 0;
    tokens.watchPause(() => {
      announced += 1;
    });
    endpoint.answer = () => answered(429, '');
    await failureOf(tokens.get());
    await world.advance(500);
    endpoint.pause = 1_000;
    await failureOf(tokens.get());
    await world.advance(1_000);
    expect([announced, tokens.pause()]).toEqual([0, null]);
    endpoint.pause = 0;
    endpoint.answer = () => answered(429, '', 30_000);
    for (let n = 0; n < 2; n += 1) await failureOf(tokens.get());
    expect(announced).toBe(1);
  });

  test('a pause is a failure to come back after, not a request', async () => {
    const { tokens, requests, endpoint } = setUp();
    endpoint.pause = 45_000;
    expect((await failureOf(tokens.get())).retryAfterMs).toBe(45_000);
    expect(requests).toEqual([]);
  });
});
