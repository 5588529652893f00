// The webhook with further checks configured: every refused callback gets the same response, early, and leaves no data.

import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CallbackRules } from '../../../src/callbacks/checks.ts';
import { dispatchAll, type Harness, head, startHttp, wire } from '../harness.ts';

const SECRET = 'an-hmac-secret-of-thirty-two-characters';
const BODY = '{"status":"COMPLETED","result":5}';
const FORGED = `/webhook/cxone-execution/${'A'.repeat(22)}.${'A'.repeat(43)}`;
const CXONE = '203.0.113.9';

const RULES: CallbackRules = {
  allowedAddresses: [{ address: '203.0.113.0', bits: 24 }],
  header: { name: 'X-Api-Key', values: ['header-value-0123456789'] },
  credentials: [{ scheme: 'bearer', secret: 'bearer-token-0123456789' }],
  bodySignature: {
    secrets: [SECRET],
    header: 'X-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    prefix: 'sha256=',
    timestampHeader: 'X-Timestamp',
    toleranceMs: 300_000,
  },
};

type Guarded = Harness & { readonly path: string; readonly headers: Record<string, string> };

/** A receiver behind one proxy with one execution, "one", and the headers of a callback that it accepts. */
async function guarded(): Promise<Guarded> {
  const http = await startHttp({ callbackRules: RULES, access: { trustedProxies: 1 } });
  await http.submit({ correlationId: 'one' });
  await dispatchAll(http);
  const timestamp = String(http.world.now() / 1000);
  const signature = createHmac('sha256', SECRET).update(`${timestamp}.${BODY}`).digest('hex');
  const headers = {
    'x-forwarded-for': `192.0.2.66, ${CXONE}`,
    'x-api-key': 'header-value-0123456789',
    authorization: 'Bearer bearer-token-0123456789',
    'x-timestamp': timestamp,
    'x-signature': `sha256=${signature}`,
  };
  const path = await http.callbackPath('one');
  return { ...http, path, headers, [Symbol.asyncDispose]: http[Symbol.asyncDispose] };
}

const eventsOf = async (http: Harness) => (await http.store.trail('one')).map(({ event }) => event);

test('a callback that passes every check is accepted', async () => {
  await using http = await guarded();
  const answer = await http.call('POST', http.path, { key: null, headers: http.headers, body: BODY });
  expect([answer.status, answer.text]).toEqual([200, '{"outcome":"resolved"}']);
});

test('a callback that fails a check gets the same response to the byte, the kind is counted, and nothing is written', async () => {
  await using http = await guarded();
  const before = await eventsOf(http);
  const unknown = new URL(http.callbackUrls.mint(http.world.id(http.world.now()))).pathname;
  const attempts: [kind: string, path: string, headers: Record<string, string>, body?: string][] = [
    ['bad-signature', FORGED, {}],
    ['unknown-execution', unknown, {}],
    ['address-not-allowed', http.path, { 'x-forwarded-for': `${CXONE}, 192.0.2.66` }],
    ['address-not-allowed', http.path, { 'x-forwarded-for': '' }],
    ['bad-credentials', http.path, { 'x-api-key': 'x' }],
    ['bad-credentials', http.path, { authorization: 'Bearer x' }],
    ['bad-timestamp', http.path, { 'x-timestamp': '1700000000' }],
    ['bad-body-signature', http.path, { 'x-signature': `sha256=${'0'.repeat(64)}` }],
    ['bad-body-signature', http.path, {}, BODY.replace('5', '6')],
    // An incomplete body cannot be verified, so it does not cause a poll either.
    ['bad-body-signature', http.path, {}, 'x'.repeat(1024 * 1024 + 1)],
  ];
  const answers: string[] = [];
  for (const [, path, change, body = BODY] of attempts) {
    const raw = wire(http.port);
    const length = { 'content-length': String(body.length), connection: 'close' };
    const headers = { ...http.headers, ...change, ...length, 'x-request-id': 'any' };
    raw.send(head('POST', path, headers) + body);
    answers.push((await raw.closed).replace(/^date: .*$/im, ''));
  }
  expect(answers[0]).toMatch(/^HTTP\/1.1 404 /);
  expect(new Set(answers).size).toBe(1);
  expect(http.observed).toEqual(attempts.map(([kind]) => kind));
  expect(await eventsOf(http)).toEqual(before);
});

test('a callback whose headers fail a check is refused before its body is read', async () => {
  await using http = await guarded();
  for (const name of ['x-forwarded-for', 'x-api-key', 'authorization', 'x-timestamp']) {
    const raw = wire(http.port);
    raw.send(head('POST', http.path, { ...http.headers, [name]: 'x', 'content-length': '1000' }));
    expect(await raw.until(/expected here/)).toMatch(/^HTTP\/1.1 404 /);
    raw.socket.destroy();
  }
});

describe('repeated failures', () => {
  const forge = (http: Harness, client: string) =>
    http.call('POST', FORGED, { key: null, headers: { 'x-forwarded-for': client }, body: BODY });

  test('close the connection each time, for that address only, while a valid callback is still accepted from it', async () => {
    await using http = await guarded();
    const answers: Awaited<ReturnType<typeof forge>>[] = [];
    for (let i = 0; i < 22; i += 1) answers.push(await forge(http, CXONE));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers.map(({ headers }) => headers.get('connection') === 'close')).toEqual([
      ...Array(20).fill(false),
      true,
      true,
    ]);
    expect((await forge(http, '203.0.113.10')).headers.get('connection')).not.toBe('close');
    const good = await http.call('POST', http.path, { key: null, headers: http.headers, body: BODY });
    expect(good.json).toEqual({ outcome: 'resolved' });
  });

  test('leave one log line in ten seconds with number, kind and address, and no secret', async () => {
    await using http = await guarded();
    for (let i = 0; i < 50; i += 1) await forge(http, CXONE);
    await http.call('POST', http.path, { key: null, headers: { ...http.headers, 'x-api-key': 'x' }, body: BODY });
    await forge(http, '2001:db8::1');
    await http.world.advance(10_000);
    const warned = http.logLines.filter(({ message }) => message === 'callbacks refused').map(({ facts }) => facts);
    expect(warned).toEqual([
      { requestId: expect.any(String), 'bad-signature': 1, client: CXONE },
      { 'bad-signature': 50, 'bad-credentials': 1, client: '2001:db8:0:0::/64' },
    ]);
    expect(JSON.stringify(http.logLines)).not.toMatch(/0123456789|sha256=/);
  });
});
