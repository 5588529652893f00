// The checks of a callback beyond its signed URL, each alone and all together.

import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CallbackTokens } from '../../src/callbacks/bearer-tokens.ts';
import type { BodySignatureRule } from '../../src/callbacks/body-hmac.ts';
import { type CallbackRules, createCallbackChecks, NO_RULES } from '../../src/callbacks/checks.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const BODY = Buffer.from('{"status":"COMPLETED","note":"ü"}');
const OLD = 'the-old-hmac-secret-of-32-characters';
const NEW = 'the-new-hmac-secret-of-32-characters';

const hmac = (secret: string, text: string | Uint8Array, encoding: 'hex' | 'base64' = 'hex', algorithm = 'sha256') =>
  createHmac(algorithm, secret).update(text).digest(encoding);

interface Sent {
  readonly headers?: Record<string, string>;
  readonly address?: string | null;
  readonly body?: Uint8Array | null;
}

/** Returns the verdict on the head of a callback and, when that is accepted, on its body. */
async function judged(
  rules: Partial<CallbackRules>,
  { headers = {}, address = '192.0.2.1', body = BODY }: Sent,
  tokens: CallbackTokens | null = null,
) {
  const checks = createCallbackChecks({ ...NO_RULES, ...rules }, tokens);
  const given = new Headers(headers);
  const header = (name: string) => given.get(name);
  return (await checks.checkHeaders(header, () => address, NOW)) ?? checks.checkBody(header, body);
}

test('without rules a callback needs only its signed URL', async () => {
  expect(await judged({}, { address: null })).toBeNull();
  expect(await judged({}, { body: null })).toBeNull();
});

describe('a static header', () => {
  const rules = { header: { name: 'X-Api-Key', values: ['new-value-0123456789', 'old-value-0123456789'] } };

  test('is accepted with either value during a rotation, and its name in any case', async () => {
    for (const value of rules.header.values)
      expect(await judged(rules, { headers: { 'x-api-key': value } })).toBeNull();
  });

  test.for([
    ['none', {}],
    ['an empty one', { 'x-api-key': '' }],
    ['another value', { 'x-api-key': 'another-value-0123456789' }],
    ['the beginning of a value', { 'x-api-key': 'new-value-012345678' }],
    ['both values at once', { 'x-api-key': 'new-value-0123456789, old-value-0123456789' }],
    ['another name', { 'x-api-keys': 'new-value-0123456789' }],
  ] as const)('%s is refused', async ([, headers]) => {
    expect(await judged(rules, { headers })).toBe('bad-credentials');
  });
});

describe('an Authorization header', () => {
  const rules: Partial<CallbackRules> = {
    credentials: [
      { scheme: 'basic', secret: 'cxone:basic:pass-0123456789' },
      { scheme: 'bearer', secret: 'bearer-token-0123456789' },
      { scheme: 'bearer', secret: 'bearer-token-9876543210' },
    ],
  };
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  test.for([
    `Basic ${base64('cxone:basic:pass-0123456789')}`,
    'Bearer bearer-token-0123456789',
    'bearer  bearer-token-9876543210',
  ])('%s is right', async (authorization) => {
    expect(await judged(rules, { headers: { authorization } })).toBeNull();
  });

  test.for([
    '',
    'Bearer',
    'bearer-token-0123456789',
    'Bearer bearer-token-01234567890',
    `Bearer ${base64('cxone:basic:pass-0123456789')}`,
    'Bearer cxone:basic:pass-0123456789',
    `Basic ${base64('bearer-token-0123456789')}`,
    `Basic ${base64('other:basic:pass-0123456789')}`,
    `Basic ${base64(':basic:pass-0123456789')}`,
    'Digest bearer-token-0123456789',
    'Bearer bearer-token-0123456789, Bearer bearer-token-0123456789',
  ])('%j is refused', async (authorization) => {
    expect(await judged(rules, { headers: { authorization } })).toBe('bad-credentials');
  });
});

describe('a token that the receiver issued', () => {
  const tokens: CallbackTokens = {
    clients: [],
    issue: async () => ({ token: '', lifetimeSeconds: 0 }),
    verify: async (token) => (token === 'good' || token === 'expired' ? token : 'bad'),
  };
  const credentials = [{ scheme: 'basic', secret: 'cxone:basic-pass-0123456789' }] as const;
  const basic = `Basic ${Buffer.from(credentials[0].secret).toString('base64')}`;

  test.for([
    ['Bearer good', null],
    ['bearer  good', null],
    ['Bearer expired', 'expired-token'],
    ['Bearer other', 'bad-credentials'],
    ['good', 'bad-credentials'],
    ['Basic good', 'bad-credentials'],
    ['Bearer good, Bearer good', 'bad-credentials'],
    ['', 'bad-credentials'],
  ] as const)('%j has the verdict %s', async ([authorization, verdict]) => {
    expect(await judged({}, { headers: { authorization } }, tokens)).toBe(verdict);
  });

  test('or a configured credential is accepted; a callback with neither is refused', async () => {
    expect(await judged({ credentials }, { headers: { authorization: basic } }, tokens)).toBeNull();
    expect(await judged({ credentials }, { headers: { authorization: 'Bearer good' } }, tokens)).toBeNull();
    expect(await judged({ credentials }, {}, tokens)).toBe('bad-credentials');
    expect(await judged({}, { headers: { authorization: basic } }, tokens)).toBe('bad-credentials');
  });
});

describe('a signature of the body', () => {
  const rule: BodySignatureRule = {
    secrets: [NEW, OLD],
    header: 'X-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    prefix: '',
    timestampHeader: null,
    toleranceMs: 300_000,
  };
  const signed = (value: string, change: Partial<BodySignatureRule> = {}, sent: Sent = {}) =>
    judged({ bodySignature: { ...rule, ...change } }, { ...sent, headers: { 'x-signature': value, ...sent.headers } });

  test('covers the received bytes, under either secret during a rotation', async () => {
    expect(await signed(hmac(NEW, BODY))).toBeNull();
    expect(await signed(hmac(OLD, BODY))).toBeNull();
    expect(await signed(hmac(NEW, BODY).toUpperCase())).toBeNull();
    expect(await signed(hmac(NEW, ''), {}, { body: Buffer.alloc(0) })).toBeNull();
    const bytes = Buffer.from([0xff, 0, 0xfe, 0x0d, 0x0a]);
    expect(await signed(hmac(NEW, bytes), {}, { body: bytes })).toBeNull();
  });

  test('may be base64, and may have a prefix', async () => {
    const value = hmac(NEW, BODY, 'base64');
    expect(await signed(value, { encoding: 'base64' })).toBeNull();
    expect(await signed(value.replace('=', ''), { encoding: 'base64' })).toBeNull();
    expect(await signed(`sha256=${hmac(NEW, BODY)}`, { prefix: 'sha256=' })).toBeNull();
  });

  test('may be SHA-512, and SHA-256 is then refused', async () => {
    const rule = { algorithm: 'sha512' } as const;
    expect(await signed(hmac(NEW, BODY, 'hex', 'sha512'), rule)).toBeNull();
    const base64 = hmac(NEW, BODY, 'base64', 'sha512');
    expect(await signed(base64, { ...rule, encoding: 'base64' })).toBeNull();
    expect(await signed(base64.replaceAll('=', ''), { ...rule, encoding: 'base64' })).toBeNull();
    for (const weak of [hmac(NEW, BODY), hmac(NEW, BODY, 'hex', 'sha512').slice(0, 64), hmac(NEW, BODY).repeat(2)]) {
      expect(await signed(weak, rule)).toBe('bad-body-signature');
    }
    expect(await signed(hmac(NEW, BODY, 'hex', 'sha512'))).toBe('bad-body-signature');
  });

  test.for([
    ['none', '', {}],
    ['one under another secret', hmac('another-secret-of-thirty-two-characters', BODY), {}],
    ['one of another body', hmac(NEW, `${BODY} `), {}],
    ['half of one', hmac(NEW, BODY).slice(0, 32), {}],
    ['one and more', `${hmac(NEW, BODY)}00`, {}],
    ['two of them', `${hmac(NEW, BODY)}, ${hmac(NEW, BODY)}`, {}],
    ['hex where base64 belongs', hmac(NEW, BODY), { encoding: 'base64' }],
    ['base64 where hex belongs', hmac(NEW, BODY, 'base64'), {}],
    ['a prefix where none belongs', `sha256=${hmac(NEW, BODY)}`, {}],
    ['none where a prefix belongs', hmac(NEW, BODY), { prefix: 'sha256=' }],
    ['another prefix', `sha1=${hmac(NEW, BODY)}`, { prefix: 'sha256=' }],
  ] as const)('%s is refused', async ([, value, change]) => {
    expect(await signed(value, change)).toBe('bad-body-signature');
  });

  test('a body that did not arrive in full is refused', async () => {
    expect(await signed(hmac(NEW, BODY), {}, { body: null })).toBe('bad-body-signature');
  });

  describe('with a timestamp', () => {
    const timed = { timestampHeader: 'X-Timestamp' };
    const at = (time: string, text = `${time}.${BODY}`) =>
      signed(hmac(NEW, text), timed, { headers: { 'x-timestamp': time } });
    const seconds = (offset: number) => String(NOW / 1000 + offset);

    test('covers the timestamp, a dot and the body, in seconds or milliseconds, within the tolerance', async () => {
      for (const time of [seconds(0), seconds(-300), seconds(300), String(NOW), String(NOW + 300_000)]) {
        expect(await at(time)).toBeNull();
      }
    });

    test('outside the tolerance is refused before the body is read', async () => {
      for (const time of [
        seconds(-301),
        seconds(301),
        String(NOW + 300_001),
        '',
        '0',
        '-1',
        '1e9',
        'now',
        `${seconds(0)} `.repeat(2),
      ]) {
        expect(await at(time)).toBe('bad-timestamp');
      }
      expect(await signed(hmac(NEW, BODY), timed)).toBe('bad-timestamp');
    });

    test('that the signature does not cover is refused', async () => {
      expect(await at(seconds(1), `${seconds(0)}.${BODY}`)).toBe('bad-body-signature');
      expect(await at(seconds(0), String(BODY))).toBe('bad-body-signature');
      expect(await at(seconds(0), `${seconds(0)}${BODY}`)).toBe('bad-body-signature');
    });
  });
});

describe('a list of addresses', () => {
  const rules = { allowedAddresses: [{ address: '192.0.2.0', bits: 24 }] };

  test('accepts the addresses on it, and refuses every other and an unknown one', async () => {
    expect(await judged(rules, { address: '192.0.2.9' })).toBeNull();
    expect(await judged(rules, { address: '192.0.3.9' })).toBe('address-not-allowed');
    expect(await judged(rules, { address: '2001:db8::1' })).toBe('address-not-allowed');
    expect(await judged(rules, { address: null })).toBe('address-not-allowed');
  });
});

test('a callback must pass every configured check', async () => {
  const rules: CallbackRules = {
    allowedAddresses: [{ address: '192.0.2.0', bits: 24 }],
    header: { name: 'X-Api-Key', values: ['header-value-0123456789'] },
    credentials: [{ scheme: 'bearer', secret: 'bearer-token-0123456789' }],
    bodySignature: {
      secrets: [NEW],
      header: 'X-Signature',
      algorithm: 'sha256',
      encoding: 'hex',
      prefix: '',
      timestampHeader: null,
      toleranceMs: 0,
    },
  };
  const headers = {
    'x-api-key': 'header-value-0123456789',
    authorization: 'Bearer bearer-token-0123456789',
    'x-signature': hmac(NEW, BODY),
  };
  expect(await judged(rules, { headers })).toBeNull();
  expect(await judged(rules, { headers, address: '198.51.100.1' })).toBe('address-not-allowed');
  for (const name of Object.keys(headers)) {
    expect(await judged(rules, { headers: { ...headers, [name]: 'x' } })).toMatch(/^bad-/);
  }
});
