// What CXone's answers mean for a submission and for a poll: over real connections.

import { describe, expect, test } from 'vitest';
import { anExecution } from '../support/executions.ts';
import { START } from '../support/manual-world.ts';
import { sendJson, startUpstream } from '../support/upstream.ts';
import { aPolled, CALLBACK_URL, SECRET, startClient, startTenant } from './harness.ts';

const NO_NEWS = { kind: 'progress', statusWord: null, result: null, error: null };

describe('an answered submission', () => {
  test.each([
    [200, {}],
    [201, 'Accepted'],
    [202, ''],
    [204, ''],
    [299, '<html>'],
  ])('%i is success, whatever its body: %j', async (status, body) => {
    const tenant = await startTenant((_, response) => sendJson(response, status, body));
    const { cxone } = startClient(tenant.url);
    const answer = await cxone.execute(anExecution(), CALLBACK_URL);
    expect(answer).toEqual({ type: 'submitted', httpStatus: status, latencyMs: 0, executionId: null, report: NO_NEWS });
  });

  test('may be the outcome already', async () => {
    const tenant = await startTenant((_, response) =>
      sendJson(response, 200, { status: 'FAILED', error: { code: 'declined' } }),
    );
    const { cxone } = startClient(tenant.url);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({
      type: 'submitted',
      executionId: null,
      report: { kind: 'failed', error: { code: 'declined' } },
    });
  });

  test.each([
    [400, 'refused'],
    [403, 'refused'],
    [404, 'refused'],
    [409, 'refused'],
    [422, 'refused'],
    [429, 'unsent'],
    [503, 'unsent'],
    [301, 'uncertain'],
    [304, 'uncertain'],
    [500, 'uncertain'],
    [502, 'uncertain'],
    [504, 'uncertain'],
    [599, 'uncertain'],
  ])('%i: %s, and not sent again', async (status, type) => {
    const tenant = await startTenant((_, response) => sendJson(response, status, status === 304 ? '' : 'because'));
    const { cxone } = startClient(tenant.url);
    const answer = await cxone.execute(anExecution(), CALLBACK_URL);
    expect(answer).toMatchObject({ type, httpStatus: status });
    expect(answer).toHaveProperty('message', `CXone answered ${status}${status === 304 ? '' : ': because'}`);
    expect(tenant.to('/api/v2/dx')).toHaveLength(1);
  });

  test.each([301, 302, 303, 307, 308])('a %i is never followed', async (status) => {
    const elsewhere = await startUpstream((_, response) => sendJson(response, 200, { executionId: 'stolen' }));
    const tenant = await startTenant((_, response) =>
      sendJson(response, status, '', { location: `${elsewhere.url}/` }),
    );
    const { cxone } = startClient(tenant.url);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'uncertain', httpStatus: status });
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: true, httpStatus: status });
    expect(elsewhere.received).toEqual([]);
  });

  test("CXone's words are kept short, on one line, and without our secrets", async () => {
    const tenant = await startTenant(({ headers, body }, response) => {
      const echo = { auth: headers.authorization, body, secret: SECRET };
      sendJson(response, 400, `bad\r\n\u0000\u202einput ${JSON.stringify(echo)} ${'x'.repeat(100_000)}`);
    });
    const { cxone } = startClient(tenant.url);
    const answer = await cxone.execute(anExecution(), CALLBACK_URL);
    if (answer.type !== 'refused') throw new Error(answer.type);
    expect(answer.message).toMatch(/^CXone answered 400: bad input /);
    expect(answer.message).not.toMatch(/\p{Cc}|\p{Cf}/u);
    expect(answer.message).not.toContain(SECRET);
    expect(answer.message).not.toContain('Bearer t1');
    expect(answer.message.length).toBeLessThanOrEqual('CXone answered 400: '.length + 512);
  });

  test('a 403 says which scopes the token lacks', async () => {
    const upstream = await startUpstream(({ url }, response) => {
      if (url.endsWith('token')) sendJson(response, 200, { access_token: 't', scope: 'dx:actions:read' });
      else sendJson(response, 403, 'forbidden');
    });
    const { cxone, log } = startClient(upstream.url);
    const answer = await cxone.execute(anExecution(), CALLBACK_URL);
    expect(answer).toMatchObject({
      type: 'refused',
      message: 'CXone answered 403 (our token lacks dx:actions:execute): forbidden',
    });
    expect(cxone.missingScopes()).toEqual(['dx:actions:execute']);
    expect(log.lines).toMatchObject([{ level: 'warn', facts: { missingScopes: ['dx:actions:execute'] } }]);
  });
});

describe('Retry-After', () => {
  test.each([
    ['120', 120_000],
    ['0', 0],
    ['1.5', 1_500],
    [new Date(START + 90_000).toUTCString(), 90_000],
    ['Thu Jan  1 00:00:07 2026', 7_000],
    [new Date(START - 90_000).toUTCString(), 0],
    ['99999999', 300_000],
    ['soon', 0],
    ['-5', 0],
    [null, 0],
  ])('%s means %i ms, and everybody waits as long', async (retryAfter, retryAfterMs) => {
    const tenant = await startTenant((_, response) =>
      sendJson(response, 429, '', retryAfter === null ? {} : { 'retry-after': retryAfter }),
    );
    const { cxone, world } = startClient(tenant.url);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({
      type: 'unsent',
      httpStatus: 429,
      retryAfterMs,
    });
    expect(cxone.limiterState().pausedUntil).toBe(retryAfterMs === 0 ? 0 : world.now() + retryAfterMs);
    expect(cxone.limiterState().limit).toBe(5);
  });

  test.each([
    [503, 'unsent', 9_000],
    [500, 'uncertain', 0],
  ] as const)(
    'with a %i delays the request, pauses all only with 503, and nothing with 202',
    async (status, type, pauseMs) => {
      const tenant = await startTenant(({ body }, response) => {
        sendJson(response, body.includes('busy') ? status : 202, '', { 'retry-after': '9' });
      });
      const { cxone, world } = startClient(tenant.url);
      await cxone.execute(anExecution(), CALLBACK_URL);
      expect(cxone.limiterState().pausedUntil).toBe(0);
      const answer = await cxone.execute(anExecution({ inputs: { busy: true } }), CALLBACK_URL);
      expect(answer).toMatchObject({ type, retryAfterMs: 9_000 });
      expect(cxone.limiterState()).toMatchObject({ pausedUntil: pauseMs === 0 ? 0 : world.now() + pauseMs, limit: 10 });
    },
  );

  test('is capped, and the pause is logged once with the request that caused it', async () => {
    const tenant = await startTenant((_, response) => sendJson(response, 429, '', { 'retry-after': '86400' }));
    const { cxone, world, log } = startClient(tenant.url, { maxPauseMs: 20_000 });
    const submissions = ['order-1', 'order-2'].map((correlationId) => anExecution({ correlationId, app: 'shop' }));
    await Promise.all(submissions.map((one) => cxone.execute(one, CALLBACK_URL)));
    const requester = { call: 'execute', actionId: 'charge-card', app: 'shop', httpStatus: 429 };
    expect(cxone.limiterState().pause).toMatchObject({ ...requester, until: world.now() + 20_000 });
    expect(log.lines).toMatchObject([{ level: 'warn', facts: { ...requester, pauseMs: 20_000 } }]);
    expect(cxone.liftPause()).toMatchObject(requester);
    expect(cxone.limiterState().pausedUntil).toBe(0);
  });
});

describe('an answered poll', () => {
  test('returns the status, the result and the error, exactly', async () => {
    const tenant = await startTenant((_, response) =>
      sendJson(response, 200, '{"status":"Completed","result":{"id":12345678901234567891}}'),
    );
    const { cxone } = startClient(tenant.url);
    const answer = await cxone.poll(aPolled('e-1'));
    expect(answer).toMatchObject({
      type: 'polled',
      httpStatus: 200,
      report: { kind: 'completed', statusWord: 'Completed', error: null },
    });
    expect(JSON.stringify(answer)).toContain('"result":{"id":12345678901234567891}');
  });

  test.each([
    [404, { type: 'not-found', message: 'CXone answered 404: words' }],
    [200, { type: 'failed', asked: true, message: 'no status at "/status": CXone answered 200: words' }],
    [400, { type: 'failed', asked: true }],
    [410, { type: 'failed', asked: true }],
    [500, { type: 'failed', asked: true, retryAfterMs: 7_000 }],
    [429, { type: 'failed', asked: false, retryAfterMs: 7_000 }],
    [503, { type: 'failed', asked: false, retryAfterMs: 7_000 }],
    [302, { type: 'failed', asked: true }],
  ])('%i: %j', async (status, expected) => {
    const tenant = await startTenant((_, response) => sendJson(response, status, 'words', { 'retry-after': '7' }));
    const { cxone } = startClient(tenant.url);
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ httpStatus: status, ...expected });
  });

  test.each([Uint8Array.of(0xff, 0xfe), Uint8Array.of()])('that is not UTF-8, or empty, says nothing', async (body) => {
    const tenant = await startTenant((_, response) => response.end(body));
    const { cxone } = startClient(tenant.url);
    expect(await cxone.poll(aPolled('e-1'))).toMatchObject({ type: 'failed', asked: true, httpStatus: 200 });
  });
});

describe('an answer that is too large', () => {
  test('one of just under 2 MiB is read', async () => {
    const result = 'x'.repeat(2 * 1024 * 1024 - 40);
    const tenant = await startTenant((_, response) => sendJson(response, 200, { status: 'SUCCESS', result }));
    const { cxone } = startClient(tenant.url);
    const polled = await cxone.poll(aPolled('e-1'));
    expect(polled).toMatchObject({ type: 'polled', report: { kind: 'completed' } });
    // A large text stays JSON until it is read.
    expect(JSON.stringify(polled).includes(`"result":"${result}"`)).toBe(true);
  });

  test('broken compression is a lost body', async () => {
    const tenant = await startTenant((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end('not gzip');
    });
    const { cxone } = startClient(tenant.url);
    expect(await cxone.execute(anExecution(), CALLBACK_URL)).toMatchObject({ type: 'submitted', executionId: null });
  });
});
