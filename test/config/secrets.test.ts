// Secrets that are easy to guess are reported by variable and owner, whatever their length; random ones never are.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { guessingBits } from '../../src/config/guessability.ts';
import { weakSecretsIn } from '../../src/config/secrets.ts';

const STRONG = 'q7Vd2xKf9ZtLw4RbN8mYc3JhG6sPaE1u';

function warningsFor(env: Record<string, string>): string[] {
  return weakSecretsIn(
    readConfig({
      CXONE_BASE_URL: 'https://cxone.example',
      CXONE_CLIENT_ID: 'id',
      CXONE_CLIENT_SECRET: 'given-by-cxone',
      PUBLIC_URL: 'https://receiver.example',
      CALLBACK_SECRET: STRONG,
      APP_KEYS: `orders:${STRONG}-`,
      ...env,
    }),
  );
}

test('strong secrets give no warning, and the secret that CXone issued is not judged', () => {
  expect(warningsFor({ OPERATOR_KEYS: 'alice:k7Gq2mXz', READER_KEYS: 'carol:9tRw4vLb' })).toEqual([]);
});

test.each([
  ['OPERATOR_KEYS', 'alice:password', ', of alice'],
  ['OPERATOR_KEYS', `bob:${STRONG}.,alice:P@ssw0rd`, ', of alice'],
  ['OPERATOR_KEYS', 'margaret:margaret1', ', of margaret'],
  ['READER_KEYS', 'carol:Summer2024!', ', of carol'],
  ['CALLBACK_SECRET', 'a'.repeat(32), ''],
  ['CALLBACK_SECRET', `${STRONG},${'a'.repeat(40)}`, ''],
  ['CALLBACK_SECRET', 'ab'.repeat(20), ''],
  ['CALLBACK_SECRET', 'changeme-changeme-changeme-changeme', ''],
  ['CALLBACK_SECRET', '0123456789abcdef0123456789abcdef', ''],
  ['CALLBACK_SECRET', '11112222333344445555666677778888', ''],
  ['APP_KEYS', 'orders:orders-secret-key', ', of orders'],
  ['APP_KEYS', 'orders:1234567890123456', ', of orders'],
  ['CALLBACK_HMAC_SECRET', 'secret-secret-secret-secret-secret', ''],
  ['CALLBACK_BEARER_TOKEN', 'aaaaaaaaaaaaaaaa', ''],
  ['CALLBACK_BASIC_AUTH', 'cxone:passwordpassword', ', of cxone'],
  ['CALLBACK_CLIENTS', 'cxone:qwertyuiopasdfgh', ', of cxone'],
  ['NOTIFY_SECRETS', `orders:whsec_${Buffer.alloc(24).toString('base64')}`, ', of orders'],
])('%s=%s is easy to guess', (variable, value, whose) => {
  const header = variable === 'CALLBACK_HMAC_SECRET' ? { CALLBACK_HMAC_HEADER: 'x-signature' } : {};
  const warnings = warningsFor({ [variable]: value, ...header });
  expect(warnings).toEqual([`${variable} has a secret that is easy to guess${whose}`]);
});

test('a warning names each owner once and no value', () => {
  const [warning = '', ...others] = warningsFor({ OPERATOR_KEYS: 'alice:password,bob:qwertzuiop,alice:letmein123' });
  expect(others).toEqual([]);
  expect(warning).toMatch(/of alice, bob$/);
  expect(warning).not.toMatch(/password|qwertz|letmein/);
});

describe('random secrets', () => {
  const digests = Array.from({ length: 500 }, (_, seed) => createHash('sha256').update(String(seed)).digest());
  test.each([
    ['32 bytes in base64url', 80, (bytes: Buffer) => bytes.toString('base64url')],
    ['16 bytes in hexadecimal', 80, (bytes: Buffer) => bytes.toString('hex', 0, 16)],
    ['32 digits', 80, (bytes: Buffer) => [...bytes].map((byte) => byte % 10).join('')],
    ['16 characters of base64url', 45, (bytes: Buffer) => bytes.toString('base64url', 0, 12)],
  ])('%s withstand 2^%i guesses by the estimate', (_, bits, text) => {
    expect(digests.map(text).filter((secret) => guessingBits(secret) < bits)).toEqual([]);
  });
});

test('the estimate of a very long secret takes no longer than that of a long one', () => {
  expect(guessingBits(STRONG.repeat(1_000))).toBeGreaterThan(80);
  expect(guessingBits(`${STRONG}${'a'.repeat(100_000)}`)).toBeGreaterThan(80);
});
