// The webhook: one test for each row of the contract's table.

import { describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../../../src/store/port.ts';
import type { CallbackReceiver } from '../../../src/usecases/receive-callback.ts';
import { eventually } from '../../support/eventually.ts';
import { dispatchAll, type Harness, head, startHttp, wire } from '../harness.ts';

const COMPLETED = { status: 'COMPLETED', result: { paid: true } };
const FORGED = `/webhook/cxone-execution/${'A'.repeat(22)}.${'A'.repeat(43)}`;

/** A receiver with one execution, "one", that CXone has accepted. */
async function withOne(options: Parameters<typeof startHttp>[0] = {}): Promise<Harness & { path: string }> {
  const http = await startHttp(options);
  await http.submit({ correlationId: 'one' });
  await dispatchAll(http);
  return { ...http, path: await http.callbackPath('one'), [Symbol.asyncDispose]: http[Symbol.asyncDispose] };
}

const NO_SCAN = { scan: () => ({ write: () => {}, end: async () => null }) };
const say = (http: Harness & { path: string }, body: unknown) => http.call('POST', http.path, { key: null, body });
const lastEvent = async (http: Harness) => (await http.store.trail('one')).at(-1)?.event;
const stateOf = async (http: Harness) => (await http.store.find('one'))?.status;

describe('a callback with a valid signature', () => {
  test('with a terminal status for an open execution is answered "resolved"', async () => {
    await using http = await withOne();
    const answer = await say(http, COMPLETED);
    expect([answer.status, answer.text]).toEqual([200, '{"outcome":"resolved"}']);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect([await lastEvent(http), await stateOf(http)]).toEqual(['CALLBACK_COMPLETED', 'COMPLETED']);
  });

  test('with a progress status is answered "progress"', async () => {
    await using http = await withOne();
    const answer = await say(http, { status: 'RUNNING' });
    expect([answer.status, answer.text]).toEqual([200, '{"outcome":"progress"}']);
    expect([await lastEvent(http), await stateOf(http)]).toEqual(['CALLBACK_PROGRESS', 'PENDING']);
  });

  test('with the same result again is answered "duplicate"', async () => {
    await using http = await withOne();
    await say(http, COMPLETED);
    const answer = await say(http, COMPLETED);
    expect([answer.status, answer.text]).toEqual([200, '{"outcome":"duplicate"}']);
    expect(await lastEvent(http)).toBe('CALLBACK_DUPLICATE');
  });

  test('with another result for a resolved execution is answered "conflict"', async () => {
    await using http = await withOne();
    await say(http, COMPLETED);
    const answer = await say(http, { status: 'FAILED', error: 'no' });
    expect([answer.status, answer.text]).toEqual([200, '{"outcome":"conflict"}']);
    expect([await lastEvent(http), await stateOf(http)]).toEqual(['CALLBACK_CONFLICT', 'COMPLETED']);
  });

  test('after an outcome without a result is answered "late", and the result is kept', async () => {
    await using http = await withOne();
    await http.call('POST', '/v1/executions/one/cancel');
    const answer = await say(http, COMPLETED);
    expect([answer.status, answer.text]).toEqual([200, '{"outcome":"late"}']);
    expect(await lastEvent(http)).toBe('CALLBACK_LATE');
    expect((await http.store.find('one'))?.lateResult?.result).toEqual({ paid: true });
  });

  test('with an unreadable body is answered 202, and CXone is polled at once', async () => {
    await using http = await withOne();
    for (const body of ['{"status":"COMP', '', '[]', '{"result":1}']) {
      const answer = await say(http, body);
      expect([answer.status, answer.text]).toEqual([202, '{"outcome":"unreadable"}']);
      expect(await lastEvent(http)).toBe('CALLBACK_UNREADABLE');
    }
    expect((await http.store.nextDue()).pollAt).toBe(http.world.now());
  });

  test('with the executionId of another execution is answered 409, and nothing changes', async () => {
    await using http = await withOne();
    const answer = await say(http, { ...COMPLETED, executionId: 'cx-other' });
    expect(answer.status).toBe(409);
    expect(answer.json.type).toBe('urn:cxone-callback-receiver:problem:callback-mismatch');
    expect([await lastEvent(http), await stateOf(http)]).toEqual(['CALLBACK_MISMATCH', 'PENDING']);
  });

  test('with a body over 1 MiB is answered 413, with or without a declared length, and CXone is polled at once', async () => {
    await using http = await withOne();
    const declared = wire(http.port);
    declared.send(head('POST', http.path, { 'content-length': String(1024 * 1024 + 1) }));
    expect(await declared.until(/problem:body-too-large/)).toMatch(/^HTTP\/1.1 413 /);
    declared.socket.destroy();
    expect([await lastEvent(http), await stateOf(http)]).toEqual(['CALLBACK_UNREADABLE', 'PENDING']);
    expect((await http.store.nextDue()).pollAt).toBe(http.world.now());

    const endless = wire(http.port);
    endless.send(head('POST', http.path, { 'transfer-encoding': 'chunked' }));
    const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
    const more = () => {
      if (endless.received === '' && !endless.socket.destroyed) endless.socket.write(chunk, () => setImmediate(more));
    };
    more();
    expect(await endless.until(/problem:body-too-large/)).toMatch(/^HTTP\/1.1 413 /);
    endless.socket.destroy();
    expect((await http.store.trail('one')).filter(({ event }) => event === 'CALLBACK_UNREADABLE')).toHaveLength(2);
    expect(http.observed).toEqual(['unreadable', 'unreadable']);
  });

  test('body over 1 MiB with a result that no poll could bring: 413, and the execution ends at once', async () => {
    await using http = await withOne();
    const answer = await say(http, { result: 'x'.repeat(11 * 1024 * 1024), status: 'COMPLETED' });
    expect(answer.status).toBe(413);
    const { status, result, error, pollAt } = (await http.store.find('one')) ?? {};
    expect({ status, result, error, pollAt }).toEqual({
      status: 'COMPLETED',
      result: null,
      error: { code: 'result-too-large', message: expect.stringMatching(/11534338 bytes.*10485760/) },
      pollAt: null,
    });
    expect((await http.store.payloads('one'))?.bodies.map(({ bytes }) => bytes.length)).toEqual([64 * 1024]);
  });

  test('body over 1 MiB with a result that a poll can bring: 413, and CXone is polled at once', async () => {
    await using http = await withOne();
    const answer = await say(http, { result: 'x'.repeat(3 * 1024 * 1024), status: 'COMPLETED' });
    expect([answer.status, await lastEvent(http)]).toEqual([413, 'CALLBACK_UNREADABLE']);
    expect((await http.store.nextDue()).pollAt).toBe(http.world.now());
  });

  test('with an incomplete body causes a poll at once', async () => {
    await using http = await withOne();
    const raw = wire(http.port);
    const half = `${head('POST', http.path, { 'content-length': '100' })}{"status":`;
    raw.socket.write(half, () => raw.socket.destroy());
    await eventually(() => http.observed.length === 1);
    expect([http.observed, await lastEvent(http)]).toEqual([['unreadable'], 'CALLBACK_UNREADABLE']);
  });

  test('is answered 503 with Retry-After if the store cannot commit', async () => {
    const refuse = () => Promise.reject(new StoreUnavailable('disk full'));
    await using http = await withOne({
      webhook: { receive: { ...NO_SCAN, callback: refuse, tooLarge: refuse, unreadable: refuse, reread: refuse } },
    });
    for (const body of ['{}', 'x'.repeat(1024 * 1024 + 1)]) {
      const answer = await say(http, body);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect(http.observed).toEqual([]);
  });

  test('needs no key, and its Content-Type is passed on', async () => {
    const received: unknown[] = [];
    const receive: CallbackReceiver = {
      ...NO_SCAN,
      callback: async (_reference, bytes, contentType) =>
        void received.push(Buffer.from(bytes).toString(), contentType),
      tooLarge: async () => undefined,
      unreadable: async () => undefined,
      reread: async () => [],
    };
    await using http = await withOne({ webhook: { receive } });
    const raw = wire(http.port);
    raw.send(head('POST', http.path, { 'content-length': '8', 'content-type': 'text/plain' }));
    raw.send('status=1');
    await raw.until(/expected here/);
    raw.send(head('POST', http.path, { 'content-length': '0', connection: 'close' }));
    await raw.closed;
    expect(received).toEqual(['status=1', 'text/plain', '', null]);
  });

  test.for([
    ['with a slash at its end', (path: string) => `${path}/`],
    ['with a query', (path: string) => `${path}?attempt=2`],
    ['with its dot percent-encoded', (path: string) => path.replace('.', '%2E')],
  ] as const)('its URL %s is the same URL', async ([, respelled]) => {
    await using http = await withOne();
    const answer = await http.call('POST', respelled(http.path), { key: null, body: COMPLETED });
    expect([answer.status, answer.text]).toEqual([200, '{"outcome":"resolved"}']);
  });
});

describe('a callback without an execution', () => {
  test('gets the same response for an invalid signature and for an unknown execution, header by header', async () => {
    await using http = await withOne();
    const unknown = new URL(http.callbackUrls.mint(http.world.id(http.world.now()))).pathname;
    const answers: string[] = [];
    for (const path of [FORGED, unknown, '/webhook/cxone-execution/x', `${http.path}x`, `${http.path}%0a`]) {
      const raw = wire(http.port);
      raw.send(`${head('POST', path, { 'content-length': '2', connection: 'close', 'x-request-id': 'any' })}{}`);
      answers.push((await raw.closed).replace(/^date: .*$/im, ''));
    }
    expect(answers[0]).toMatch(/^HTTP\/1.1 404 /);
    expect(new Set(answers).size).toBe(1);
    expect(http.observed).toEqual([
      'bad-signature',
      'unknown-execution',
      'bad-signature',
      'bad-signature',
      'bad-signature',
    ]);
    expect(await lastEvent(http)).toBe('SUBMITTED');
  });

  test('is refused before its body is read and before the database is read', async () => {
    const receive = {
      ...NO_SCAN,
      callback: () => Promise.reject(new Error('touched')),
      tooLarge: () => Promise.reject(new Error('touched')),
      unreadable: () => Promise.reject(new Error('touched')),
      reread: () => Promise.reject(new Error('touched')),
    };
    await using http = await startHttp({ webhook: { receive } });
    const raw = wire(http.port);
    raw.send(head('POST', FORGED, { 'content-length': '1000000' }));
    expect(await raw.until(/expected here/)).toMatch(/^HTTP\/1.1 404 /);
    raw.socket.destroy();
    expect(http.logLines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('leaves one log line at once and then one in ten seconds, with the count', async () => {
    await using http = await startHttp();
    const forge = () => http.call('POST', FORGED, { body: {} });
    const warnings = () => http.logLines.filter(({ level }) => level === 'warn').map(({ facts }) => facts);
    for (let i = 0; i < 5; i += 1) await forge();
    const client = '127.0.0.1';
    const first = { requestId: expect.any(String), 'bad-signature': 1, client };
    expect(warnings()).toEqual([first]);
    await http.world.advance(9_999);
    await forge();
    expect(warnings()).toHaveLength(1);
    // Also when no other follows.
    await http.world.advance(1);
    expect(warnings()).toEqual([first, { 'bad-signature': 5, client }]);
    await http.world.advance(10_000);
    expect(warnings()).toHaveLength(2);
    await forge();
    expect(warnings().slice(2)).toEqual([first]);
    expect(http.observed).toHaveLength(7);
  });

  test('never has its token logged, at any level', async () => {
    await using http = await withOne();
    await say(http, COMPLETED);
    const [token = ''] = http.path.split('/').slice(-1);
    const spelt = http.path.replace('/webhook', '/%77ebhook').replace('execution/', 'execution%2f');
    for (const path of [spelt, http.path.replace('cxone-', 'cxone%2D'), `/v1${http.path}`, `/${http.path}`]) {
      await http.call('GET', path);
    }
    await http.call('POST', FORGED, { body: {} });
    const logged = JSON.stringify(http.logLines);
    expect(http.logLines.length).toBeGreaterThan(5);
    expect(logged).not.toContain(token);
    expect(logged).not.toContain('A'.repeat(22));
  });
});

test('other methods get 405 with the allowed one', async () => {
  await using http = await withOne();
  const answer = await http.call('GET', http.path);
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
});
