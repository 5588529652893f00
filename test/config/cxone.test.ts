// The variables that a profile needs: only those are required, and a missing one is reported by variable and profile.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { secretsIn } from '../../src/config/secrets.ts';
import builtin from '../../src/cxone/profiles/cxone.json' with { type: 'json' };
import { temporaryFolder } from '../support/temporary.ts';

const REST = {
  PUBLIC_URL: 'https://receiver.example.com',
  CALLBACK_SECRET: 'callback-secret-of-thirty-two-characters',
  APP_KEYS: 'orders:orders-key-0123456789',
};

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig({ ...REST, ...env });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const CLIENT = { CXONE_CLIENT_ID: 'client', CXONE_CLIENT_SECRET: 'cl13nt-s3cret' };
const KEY = { CXONE_ACCESS_KEY_ID: 'KEY====', CXONE_ACCESS_KEY_SECRET: 'k3y-s3cret' };
const DOMAIN = { CXONE_ORG_DOMAIN: 'na1.nice-incontact.com' };

describe('a shipped profile needs', () => {
  test.each<[string, Record<string, string>]>([
    ['cxone', { ...DOMAIN, ...CLIENT }],
    ['cxone-discovery-client-credentials', CLIENT],
    ['cxone-discovery-password', { ...CLIENT, ...KEY }],
    ['cxone-access-key', { ...DOMAIN, ...KEY }],
    ['cxone-static-token', { ...DOMAIN, CXONE_TOKEN: 'opaque' }],
  ])('%s: exactly the variables that it uses', (CXONE_PROFILE, needed) => {
    expect(problemsOf({ CXONE_PROFILE, ...needed })).toEqual([]);
    for (const name of Object.keys(needed)) {
      const { [name]: _, ...others } = needed;
      const why = `(the upstream profile "${CXONE_PROFILE}" needs it)`;
      expect(problemsOf({ CXONE_PROFILE, ...others })).toEqual([
        expect.stringMatching(new RegExp(`^${name}: missing; `)),
      ]);
      expect(problemsOf({ CXONE_PROFILE, ...others })[0]).toContain(why);
    }
  });
});

test('without CXONE_PROFILE the built-in profile applies, and a missing variable is reported without its name', () => {
  expect(problemsOf({})).toEqual([
    'CXONE_ORG_DOMAIN: missing; set the host of your tenant, or CXONE_BASE_URL for a proxy or a simulator',
    'CXONE_CLIENT_ID: missing; set the client id of the OAuth 2.0 client credentials',
    'CXONE_CLIENT_SECRET: missing; set the client secret of the OAuth 2.0 client credentials',
  ]);
});

test('callbacks that only cause polls need a profile with polls', () => {
  const script = {
    ...DOMAIN,
    ...CLIENT,
    ...KEY,
    CXONE_ISSUER: 'https://cxone.niceincontact.com',
    CXONE_PROFILE: 'cxone-script-start',
  };
  expect(problemsOf({ ...script, CALLBACK_TRUST: 'signature' })).toEqual([]);
  expect(problemsOf({ ...script, CALLBACK_TRUST: 'verify' })).toEqual([
    'CALLBACK_TRUST: must be signature: by the upstream profile "cxone-script-start" CXone cannot be polled',
  ]);
});

describe('a profile of a file', () => {
  const api = { url: '{issuer}/tenants/{tenantId}', baseUrl: '/api', tenantClaim: null };
  const token = { ...builtin.token, url: '{issuer}/auth/token', clientAuthentication: 'none' };

  function written(document: object): string {
    const path = join(temporaryFolder(), 'mine.json');
    writeFileSync(path, JSON.stringify({ ...builtin, name: 'mine', ...document }));
    return path;
  }

  test('with discovery needs its issuer, and the tenant when no token names it', () => {
    const CXONE_PROFILE = written({ token, discovery: { token: null, api } });
    const names = problemsOf({ CXONE_PROFILE }).map((problem) => problem.split(':')[0]);
    expect(names).toEqual(['CXONE_ISSUER', 'CXONE_TENANT_ID']);
    const issuer = { CXONE_ISSUER: 'https://cxone.example.com' };
    expect(problemsOf({ CXONE_PROFILE, ...issuer, CXONE_TENANT_ID: 't' })).toEqual([]);
    expect(problemsOf({ CXONE_PROFILE, ...issuer, ...DOMAIN })).toEqual([]);
  });

  test('with a token endpoint at the base URL needs that URL, also with discovery of the API', () => {
    const CXONE_PROFILE = written({ issuer: 'https://cxone.example.com', discovery: { token: null, api } });
    expect(problemsOf({ CXONE_PROFILE, ...CLIENT, CXONE_TENANT_ID: 't' })).toEqual([
      expect.stringMatching(/^CXONE_ORG_DOMAIN: missing; .*"mine" needs it/),
    ]);
    const CXONE_TOKEN_URL = 'https://login.example.com/token';
    expect(problemsOf({ CXONE_PROFILE, ...CLIENT, CXONE_TENANT_ID: 't', CXONE_TOKEN_URL })).toEqual([]);
  });

  test('that cannot be used is reported by the name of the variable, in one message with all other mistakes', () => {
    const wrong = { PORT: 'eighty', CXONE_PROFILE: join(temporaryFolder(), 'nothing.json') };
    expect(problemsOf(wrong)).toEqual([
      expect.stringMatching(/^CXONE_PROFILE: the upstream profile cannot be read: .*nothing\.json/),
      expect.stringMatching(/^PORT: /),
    ]);
    expect(problemsOf({ CXONE_PROFILE: written({ words: 7, polls: null }) })).toEqual([
      expect.stringMatching(/^CXONE_PROFILE: the upstream profile .* has 2 mistakes:\n {4}\/words: .*\n {4}\/polls: /),
    ]);
  });
});

test('has all its secrets kept out of the log, and each may come from a file', () => {
  const folder = temporaryFolder();
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), `${content}\n`);
    return join(folder, name);
  };
  const config = readConfig({
    ...REST,
    ...DOMAIN,
    CXONE_PROFILE: 'cxone-access-key',
    CXONE_ACCESS_KEY_ID: 'KEY====',
    CXONE_ACCESS_KEY_SECRET_FILE: file('key', 'k3y-s3cret'),
    CXONE_TOKEN_FILE: file('token', 'opaque-token'),
  });
  expect(secretsIn(config)).toEqual(expect.arrayContaining(['k3y-s3cret', 'opaque-token']));
});
