// Signatures that apps verify: they follow Standard Webhooks and are checked by its own library.

import { Webhook } from 'standardwebhooks';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createSecretsOf, secretProblem, signatureHeaders } from '../../src/webhooks/signature.ts';
import { NOON } from '../support/executions.ts';

const OLD = `whsec_${Buffer.alloc(24, 'old').toString('base64')}`;
const NEW = `whsec_${Buffer.alloc(64, 'new').toString('base64')}`;
const ROOT = 'a-root-secret-of-thirty-two-characters';
const body = '{"type":"execution.completed","data":{"note":"ü – ✓"}}';
const message = { id: 'msg_1', timestamp: NOON / 1000, body };

beforeEach(() => {
  // The library reads the system clock.
  vi.useFakeTimers({ toFake: ['Date'], now: NOON });
  return () => vi.useRealTimers();
});

test('the library accepts a signature, and returns the body', () => {
  expect(new Webhook(NEW).verify(body, signatureHeaders([NEW], message))).toEqual(JSON.parse(body));
});

test('a signature equals the example of the specification', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const example = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' };
  expect(signatureHeaders([secret], example)).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('during a rotation an app with either secret can verify', () => {
  const headers = signatureHeaders([NEW, OLD], message);
  expect(headers['webhook-signature']).toMatch(/^v1,[\w+/]+=* v1,[\w+/]+=*$/);
  for (const secret of [OLD, NEW]) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
});

test.for([
  ['another body', { body: `${body} ` }],
  ['another id', { id: 'msg_2' }],
  ['another time', { timestamp: message.timestamp + 1 }],
] as const)('%s has another signature', ([, change]) => {
  const headers = signatureHeaders([NEW], { ...message, ...change });
  const claimed = { ...headers, 'webhook-id': message.id, 'webhook-timestamp': String(message.timestamp) };
  expect(() => new Webhook(NEW).verify(body, claimed)).toThrow('No matching signature');
});

describe('the secrets of an app', () => {
  const secretsOf = createSecretsOf(
    [
      { app: 'shop', secret: NEW },
      { app: 'other', secret: OLD },
      { app: 'shop', secret: OLD },
    ],
    [ROOT, `${ROOT}-old`],
  );

  test('are the configured ones, in that order', () => {
    expect(secretsOf('shop')).toEqual([NEW, OLD]);
    expect(secretsOf('other')).toEqual([OLD]);
  });

  test("are derived from the receiver's secrets when none are configured, and rotate with them", () => {
    const derived = secretsOf('billing');
    expect(derived).toHaveLength(2);
    expect(derived.map(secretProblem)).toEqual([null, null]);
    expect(createSecretsOf([], [ROOT])('billing')).toEqual([derived[0]]);
    const headers = signatureHeaders(derived, message);
    expect(new Webhook(derived[1] as string).verify(body, headers)).toEqual(JSON.parse(body));
  });

  test('differ from those of another app', () => {
    expect(secretsOf('billing')[0]).not.toBe(secretsOf('billin')[0]);
  });
});

describe('a secret', () => {
  const of = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');

  test.for([24, 32, 64])('of %d bytes is accepted', (bytes) => {
    expect(secretProblem(`whsec_${of(bytes)}`)).toBeNull();
  });

  test.for([
    ['without its prefix', of(32), /whsec_/],
    ['of 23 bytes', `whsec_${of(23)}`, /23 bytes; it must have 24 to 64/],
    ['of 65 bytes', `whsec_${of(65)}`, /65 bytes/],
    ['with a character outside base64', `whsec_${of(32).replace('B', '*')}`, /base64/],
    ['in the other base64', `whsec_${Buffer.alloc(30, 0xff).toString('base64url')}`, /base64/],
    ['without its padding', `whsec_${of(32).replace(/=+$/, '')}`, /padded/],
    ['that is empty', 'whsec_', /0 bytes/],
  ] as const)('%s is refused, and not repeated', ([, secret, why]) => {
    const problem = secretProblem(secret);
    expect(problem).toMatch(why);
    expect(problem).not.toContain(secret);
  });
});
