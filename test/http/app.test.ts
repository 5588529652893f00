// What leads where on which port, and what is answered when nothing does or something breaks.

import { describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../../src/store/port.ts';
import { createStoreInMemory } from '../support/store-in-memory.ts';
import { ALICE_KEY, type Harness, head, startHttp, wire } from './harness.ts';

const PROBLEM = 'urn:cxone-callback-receiver:problem:';
const APP_PATHS = ['/v1/executions', '/v1/executions/one', '/v1/executions/one/audit', '/livez', '/readyz'];

describe('two ports', () => {
  test('the webhook port serves the webhook and nothing else', async () => {
    await using http = await startHttp({ role: 'webhook' });
    for (const path of [...APP_PATHS, '/metrics', '/', '/webhook', '/webhook/cxone-execution']) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const answer = await http.call(method, path, { key: ALICE_KEY });
        expect({ method, path, status: answer.status }).toEqual({ method, path, status: 404 });
      }
    }
    expect((await forgedCallback(http)).json.detail).toBe('No callback is expected here.');
  });

  test('the other port serves everything but the webhook', async () => {
    await using http = await startHttp({ role: 'apps' });
    await http.submit({ correlationId: 'one' });
    for (const path of APP_PATHS) expect((await http.call('GET', path)).status).toBe(200);
    expect((await forgedCallback(http)).json.detail).toBe('There is nothing at this path.');
    expect(http.observed).toEqual([]);
  });

  test('one port serves both', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    for (const path of APP_PATHS) expect((await http.call('GET', path)).status).toBe(200);
    await forgedCallback(http);
    expect(http.observed).toEqual(['bad-signature']);
  });
});

describe('paths and methods', () => {
  test.for([
    '/console',
    '/v1',
    '/v2/executions',
    '/v1/executions/a/b',
    '/v1/executions/a/b/c',
    '/favicon.ico',
    '/v1//executions',
  ])('%s is a 404 problem', async (path) => {
    await using http = await startHttp();
    const answer = await http.call('GET', path);
    expect([answer.status, answer.json.type]).toEqual([404, `${PROBLEM}not-found`]);
  });

  test.for([
    ['DELETE', '/v1/executions/one', 'GET, HEAD, OPTIONS'],
    ['PUT', '/v1/executions', 'GET, HEAD, POST, OPTIONS'],
    ['GET', '/v1/executions/one/cancel', 'POST, OPTIONS'],
    ['POST', '/v1/executions/one', 'GET, HEAD, OPTIONS'],
    ['POST', '/livez', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/webhook/cxone-execution/x', 'POST, OPTIONS'],
  ] as const)('%s %s is a 405 that allows %s', async ([method, path, allow]) => {
    await using http = await startHttp();
    const answer = await http.call(method, path);
    expect([answer.status, answer.json.type]).toEqual([405, `${PROBLEM}method-not-allowed`]);
    expect(answer.headers.get('allow')).toBe(allow);
  });

  test('OPTIONS returns the methods without a key', async () => {
    await using http = await startHttp();
    const answer = await http.call('OPTIONS', '/v1/executions', { key: null });
    expect([answer.status, answer.text, answer.headers.get('allow')]).toEqual([204, '', 'GET, HEAD, POST, OPTIONS']);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('HEAD answers like GET, without the body', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    const answer = await http.call('HEAD', '/v1/executions/one');
    expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([200, '', 'application/json']);
    expect((await http.call('HEAD', '/v1/executions/none')).status).toBe(404);
    expect((await http.call('HEAD', '/v1/executions/one', { key: null })).status).toBe(401);
    expect((await http.call('HEAD', '/v1/executions/one/cancel')).status).toBe(405);
  });

  test('a trailing slash does no harm', async () => {
    await using http = await startHttp();
    const answer = await http.call('POST', '/v1/executions/', { body: { actionId: 'a', correlationId: 'one' } });
    expect(answer.status).toBe(202);
    expect((await http.call('GET', '/v1/executions/one/')).status).toBe(200);
  });
});

test('no answer is kept by a cache or guessed at by a browser', async () => {
  await using http = await startHttp();
  for (const path of ['/livez', '/v1/executions', '/nothing', '/metrics']) {
    const answer = await http.call('GET', path, { key: ALICE_KEY });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  }
});

describe('something breaks', () => {
  const store = createStoreInMemory();

  test.for([
    ['an error', new TypeError('secret detail'), 'TypeError: secret detail'],
    ['a value that is not an Error', 'secret detail', 'secret detail'],
    ['nothing at all', undefined, 'undefined'],
  ] as const)('%s: 500 without the reason, which is in the log', async ([, thrown, reason]) => {
    await using http = await startHttp({ store: { ...store, findBrief: () => Promise.reject(thrown) } });
    const answer = await http.call('GET', '/v1/executions/one');
    expect([answer.status, answer.json.type]).toEqual([500, `${PROBLEM}internal-error`]);
    expect(answer.text).not.toContain('secret');
    const requestId = answer.headers.get('x-request-id');
    expect(http.logLines.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        facts: { requestId, reason, method: 'GET', path: '/v1/executions/one' },
        message: 'a request failed',
      },
    ]);
  });

  test('the store is unavailable: 503 with Retry-After, one log line for many of them', async () => {
    await using http = await startHttp({
      store: { ...store, findBrief: () => Promise.reject(new StoreUnavailable('disk full')) },
    });
    for (let i = 0; i < 3; i += 1) {
      const answer = await http.call('GET', '/v1/executions/one');
      expect([answer.status, answer.json.type]).toEqual([503, `${PROBLEM}store-unavailable`]);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect(http.logLines.filter(({ level }) => level === 'warn').map(({ facts }) => facts)).toEqual([
      { requestId: expect.any(String), times: 1, reason: 'StoreUnavailable: disk full' },
    ]);
    // The events after it are counted once more, also when no other event follows.
    await http.world.advance(10_000);
    expect(http.logLines.filter(({ level }) => level === 'warn').at(-1)?.facts).toEqual({
      times: 2,
      reason: 'StoreUnavailable: disk full',
    });
  });

  test('a closed store is an unavailable one', async () => {
    await using http = await startHttp();
    await http.store.close();
    expect((await http.submit()).status).toBe(503);
  });
});

test('requests are logged at debug alone, without their query', async () => {
  await using http = await startHttp();
  const { headers } = await http.call('GET', '/v1/executions?actionId=secret');
  const requestId = headers.get('x-request-id');
  const facts = { requestId, method: 'GET', path: '/v1/executions', status: 200, ms: 0 };
  expect(http.logLines).toEqual([{ level: 'debug', facts, message: 'answered' }]);
});

test('the Host header leads nowhere', async () => {
  await using http = await startHttp();
  const raw = wire(http.port);
  raw.send(head('GET', '/livez', { host: 'evil.example:99', connection: 'close' }));
  const received = await raw.closed;
  expect(received).toMatch(/^HTTP\/1.1 200 /);
  expect(received).not.toContain('evil');
});

function forgedCallback(http: Harness) {
  return http.call('POST', `/webhook/cxone-execution/${'A'.repeat(22)}.${'A'.repeat(43)}`, { body: {} });
}
