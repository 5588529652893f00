// Only a fresh notification of the receiver is accepted.

import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { verifyNotification } from '../../src/client/client.ts';

const SECRET = `whsec_${Buffer.from('a-secret-for-webhooks-of-32-char').toString('base64')}`;
const OTHER = `whsec_${Buffer.from('another-secret-for-webhooks-32-c').toString('base64')}`;
const PAYLOAD = { type: 'execution.completed', timestamp: '2026-01-01T00:00:00.000Z', data: { result: 'grüß dich ✓' } };
const BODY = JSON.stringify(PAYLOAD);
const NOW = 1_767_225_600_000;

function signed(body = BODY, { secrets = [SECRET], at = NOW, id = 'msg_1' } = {}) {
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, new Date(at), body));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': signatures.join(' '),
  };
}

const verify = (
  headers: Parameters<typeof verifyNotification>[1],
  body: string | Uint8Array = BODY,
  secrets = [SECRET],
) => verifyNotification(secrets, headers, body, { now: NOW });

describe('what the public standardwebhooks package signs', () => {
  test('is accepted, and its payload is returned', async () => {
    expect(await verify(signed())).toEqual(PAYLOAD);
  });

  test('as bytes, as a buffer and with the headers of fetch as well', async () => {
    expect(await verify(new Headers(signed()), Buffer.from(BODY))).toEqual(PAYLOAD);
    expect(await verifyNotification(SECRET, signed(), await new Response(BODY).arrayBuffer(), { now: NOW })).toEqual(
      PAYLOAD,
    );
  });

  test('with header names in the case of Node or a framework', async () => {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = signed();
    const headers = { 'Webhook-Id': id, 'WEBHOOK-TIMESTAMP': [timestamp], 'webhook-signature': signature };
    expect(await verify(headers)).toEqual(PAYLOAD);
  });

  test('with either secret during a rotation, on either side', async () => {
    expect(await verify(signed(BODY, { secrets: [OTHER] }), BODY, [SECRET, OTHER])).toEqual(PAYLOAD);
    expect(await verify(signed(BODY, { secrets: [OTHER, SECRET] }), BODY, [SECRET])).toEqual(PAYLOAD);
  });

  test('together with a signature of another scheme', async () => {
    const headers = signed();
    const both = { ...headers, 'webhook-signature': `v1a,AAAA v1,*** ${headers['webhook-signature']}` };
    expect(await verify(both)).toEqual(PAYLOAD);
  });
});

describe('refused is', () => {
  const tampered: Record<string, [headers: Record<string, string>, body: string, why: RegExp]> = {
    'another body': [signed(), BODY.replace('completed', 'cancelled'), /no signature fits/],
    'another id': [{ ...signed(), 'webhook-id': 'msg_2' }, BODY, /no signature fits/],
    'a fresh time on an old signature': [
      { ...signed(BODY, { at: NOW - 3_600_000 }), 'webhook-timestamp': String(NOW / 1000) },
      BODY,
      /no signature fits/,
    ],
    'another secret': [signed(BODY, { secrets: [OTHER] }), BODY, /no signature fits/],
    'a cut signature': [
      { ...signed(), 'webhook-signature': signed()['webhook-signature'].slice(0, -8) },
      BODY,
      /no signature/,
    ],
    'no signature of a known scheme': [{ ...signed(), 'webhook-signature': 'v2,AAAA' }, BODY, /no signature fits/],
    'one that was sent six minutes ago': [signed(BODY, { at: NOW - 360_000 }), BODY, /long ago/],
    'one from the future': [signed(BODY, { at: NOW + 360_000 }), BODY, /in the future/],
    'a time that is none': [{ ...signed(), 'webhook-timestamp': '1e9' }, BODY, /not a time/],
    'one without an id': [{ ...signed(), 'webhook-id': '' }, BODY, /webhook-id is missing/],
  };
  test.for(Object.entries(tampered))('%s', async ([, [headers, body, why]]) => {
    const refusal = expect(verify(headers, body)).rejects;
    await refusal.toMatchObject({ name: 'ReceiverError', code: 'not-genuine', status: 0 });
    await expect(verify(headers, body)).rejects.toThrow(why);
  });
});

test('the tolerated clock difference is an option', async () => {
  const headers = signed(BODY, { at: NOW - 360_000 });
  expect(await verifyNotification(SECRET, headers, BODY, { now: NOW, toleranceSeconds: 600 })).toEqual(PAYLOAD);
});

test('the default time is that of the machine', async () => {
  expect(await verifyNotification(SECRET, signed(BODY, { at: Date.now() }), BODY)).toEqual(PAYLOAD);
  await expect(verifyNotification(SECRET, signed(), BODY, { now: Date.now() })).rejects.toThrow(/long ago/);
});

test.for(['', 'whsec_', 'whsec_!!!'])(
  'a secret that is none is said to be none, not a forgery: "%s"',
  async (secret) => {
    await expect(verifyNotification(secret, signed(), BODY, { now: NOW })).rejects.toThrow(TypeError);
  },
);
