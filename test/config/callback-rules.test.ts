// The checks of callbacks, from the profile and the environment together.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { callbackRulesOf } from '../../src/config/callback-rules.ts';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import builtin from '../../src/cxone/profiles/cxone.json' with { type: 'json' };
import { temporaryFolder } from '../support/temporary.ts';

const SECRET = 'a-secret-of-thirty-two-characters';
const REQUIRED = {
  CXONE_ORG_DOMAIN: 'acme.example.com',
  CXONE_CLIENT_ID: 'client',
  CXONE_CLIENT_SECRET: 'client-secret',
  PUBLIC_URL: 'https://receiver.example.com',
  CALLBACK_SECRET: SECRET,
  APP_KEYS: 'orders:orders-key-0123456789',
};

const HMAC = {
  type: 'hmac',
  header: 'X-Signature',
  algorithm: 'sha512',
  encoding: 'base64',
  prefix: 'v1=',
  timestampHeader: 'X-Timestamp',
  toleranceSeconds: 60,
};
const ALL = [
  { type: 'header', name: 'X-Api-Key' },
  { type: 'basic' },
  { type: 'bearer' },
  { type: 'issued-token', lifetimeSeconds: 600 },
  HMAC,
];
const SECRETS = {
  CALLBACK_HEADER_VALUE: 'header-value-0123456789',
  CALLBACK_BASIC_AUTH: 'cxone:basic-password-0123456789',
  CALLBACK_BEARER_TOKEN: 'bearer-token-0123456789',
  CALLBACK_CLIENTS: 'cxone:client-secret-0123456789',
  CALLBACK_HMAC_SECRET: SECRET,
};
const NOTHING = {
  rules: { allowedAddresses: [], header: null, credentials: [], bodySignature: null },
  tokens: null,
};

function profileWith(verifiers: readonly object[]): string {
  const path = join(temporaryFolder(), 'tenant.json');
  writeFileSync(path, JSON.stringify({ ...builtin, callback: { ...builtin.callback, verifiers } }));
  return path;
}

function rulesOf(env: Record<string, string>, verifiers: readonly object[] = []) {
  const { callbackSettings, cxone } = readConfig({ ...REQUIRED, CXONE_PROFILE: profileWith(verifiers), ...env });
  return callbackRulesOf(callbackSettings, cxone.profile.callback.verifiers);
}

function problemsOf(env: Record<string, string>, given: readonly object[]): readonly string[] {
  try {
    rulesOf(env, given);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('without configured checks there is nothing to verify', () => {
  expect(rulesOf({})).toEqual(NOTHING);
});

test('the profile states the checks and their form, the environment the secrets', () => {
  expect(rulesOf(SECRETS, ALL)).toEqual({
    rules: {
      allowedAddresses: [],
      header: { name: 'X-Api-Key', values: ['header-value-0123456789'] },
      credentials: [
        { scheme: 'basic', secret: 'cxone:basic-password-0123456789' },
        { scheme: 'bearer', secret: 'bearer-token-0123456789' },
      ],
      bodySignature: {
        secrets: [SECRET],
        header: 'X-Signature',
        algorithm: 'sha512',
        encoding: 'base64',
        prefix: 'v1=',
        timestampHeader: 'X-Timestamp',
        toleranceMs: 60_000,
      },
    },
    tokens: { clients: [{ name: 'cxone', key: 'client-secret-0123456789' }], lifetimeSeconds: 600 },
  });
});

test('the environment alone can add the checks, and its form of a check replaces that of the profile', () => {
  const alone = { ...SECRETS, CALLBACK_HEADER_NAME: 'X-Own', CALLBACK_HMAC_HEADER: 'X-Own-Signature' };
  for (const given of [[], ALL]) {
    const { rules, tokens } = rulesOf(alone, given);
    expect(rules.header?.name).toBe('X-Own');
    expect(rules.bodySignature).toMatchObject({ header: 'X-Own-Signature', algorithm: 'sha256', encoding: 'hex' });
    expect(rules.bodySignature).toMatchObject({ prefix: '', timestampHeader: null, toleranceMs: 300_000 });
    expect(rules.credentials).toHaveLength(2);
    expect(tokens?.lifetimeSeconds).toBe(given === ALL ? 600 : 300);
  }
});

describe('an incomplete check stops the start', () => {
  test('with the names of all secrets that the profile needs, and the remedy', () => {
    const problems = problemsOf({}, ALL);
    expect(problems.map((problem) => problem.split(':', 1)[0])).toEqual(Object.keys(SECRETS));
    expect(problems[0]).toBe(
      'CALLBACK_HEADER_VALUE: missing; the upstream profile asks callbacks for a header (/callback/verifiers): set it, or take that verifier out of it',
    );
  });

  test.for(ALL.map((one, index) => [one.type, one, Object.keys(SECRETS)[index] ?? ''] as const))(
    '%s alone',
    ([, one, name]) => {
      expect(problemsOf({}, [one])).toEqual([expect.stringMatching(`^${name}: missing;`)]);
      // The secret of another check does not count for this one.
      const { [name as keyof typeof SECRETS]: _, ...others } = SECRETS;
      const shapes = { CALLBACK_HEADER_NAME: 'X-Own', CALLBACK_HMAC_HEADER: 'X-Own-Signature' };
      const complete = 'CALLBACK_HEADER_VALUE' in others && 'CALLBACK_HMAC_SECRET' in others ? shapes : {};
      expect(problemsOf({ ...others, ...complete }, [one]).join()).toContain(`${name}: missing;`);
    },
  );

  test('a secret whose header is not named is reported, and is not a check', () => {
    expect(problemsOf({ CALLBACK_HEADER_VALUE: SECRETS.CALLBACK_HEADER_VALUE }, [HMAC].slice(1))).toEqual([
      'CALLBACK_HEADER_VALUE: goes with CALLBACK_HEADER_NAME or a verifier in the upstream profile (/callback/verifiers)',
    ]);
    expect(problemsOf({ CALLBACK_HMAC_SECRET: SECRET }, [])).toEqual([
      'CALLBACK_HMAC_SECRET: goes with CALLBACK_HMAC_HEADER or a verifier in the upstream profile (/callback/verifiers)',
    ]);
  });

  test('in one message with all other mistakes', () => {
    expect(problemsOf({ PORT: 'eighty' }, [{ type: 'basic' }])).toEqual([
      expect.stringMatching(/^PORT: /),
      expect.stringMatching(/^CALLBACK_BASIC_AUTH: missing;/),
    ]);
  });

  test('no message contains a secret', () => {
    expect(problemsOf({ ...SECRETS, CALLBACK_BASIC_AUTH: '' }, [{ type: 'basic' }]).join()).not.toMatch(/0123|thirty/);
  });
});
