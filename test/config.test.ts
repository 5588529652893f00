// The configuration: everything readable becomes one object, every mistake is told by name, and no secret is repeated.

import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../src/config.ts';
import { VARIABLES } from '../src/config-variables.ts';

const SECRET = 'callback-secret-of-thirty-two-characters';
const REQUIRED = {
  CXONE_ORG_DOMAIN: 'acme.api.nice.incontact.com',
  CXONE_CLIENT_ID: 'client',
  CXONE_CLIENT_SECRET: 'client-secret',
  PUBLIC_URL: 'https://receiver.example.com',
  CALLBACK_SECRET: SECRET,
  APP_KEYS: 'orders:orders-key-0123456789',
};

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const namesOf = (problems: readonly string[]) => problems.map((problem) => problem.split(':')[0]);
const problemsWith = (env: Record<string, string>) => problemsOf({ ...REQUIRED, ...env });

describe('what a complete environment gives', () => {
  test('the required variables are enough, and the rest has its documented default', () => {
    expect(readConfig(REQUIRED)).toEqual({
      cxone: {
        baseUrl: 'https://acme.api.nice.incontact.com',
        tokenUrl: null,
        clientId: 'client',
        clientSecret: 'client-secret',
        profilePath: null,
      },
      publicUrl: 'https://receiver.example.com',
      host: '127.0.0.1',
      port: 8080,
      callbackPort: null,
      callbackSecrets: [SECRET],
      callbackRules: { allowedAddresses: [], header: null, credentials: [], bodySignature: null },
      callbackTrust: 'signature',
      trustedProxies: 0,
      databasePath: 'data/receiver.db',
      apps: [{ name: 'orders', key: 'orders-key-0123456789' }],
      operators: [],
      graceSeconds: 10,
      pollIntervalMs: 2000,
      maxConcurrent: 10,
      ratePerSecond: 100,
      queueCapacity: 10_000,
      queueTimeoutMs: 300_000,
      auditRetentionDays: 0,
      logLevel: 'info',
    });
  });

  test('every variable has its effect, in the unit that the configuration names', () => {
    const config = readConfig({
      ...REQUIRED,
      CXONE_BASE_URL: 'http://127.0.0.1:9000/cxone/',
      CXONE_TOKEN_URL: 'https://login.example.com/token',
      CXONE_PROFILE: 'tenant.json',
      PUBLIC_URL: 'https://receiver.example.com/hooks//',
      HOST: '::',
      PORT: '0',
      CALLBACK_PORT: '9443',
      CALLBACK_SECRET: `${SECRET}-new, ${SECRET}`,
      CALLBACK_HEADER_NAME: 'X-Api-Key',
      CALLBACK_HEADER_VALUE: 'header-key-0123456789,header-key-9876543210',
      CALLBACK_BASIC_AUTH: 'cxone:basic:key:0123456789',
      CALLBACK_BEARER_TOKEN: 'bearer-token-0123456789, bearer-token-9876543210',
      CALLBACK_HMAC_SECRET: `${SECRET}-hmac,${SECRET}`,
      CALLBACK_HMAC_HEADER: 'X-Signature',
      CALLBACK_HMAC_ENCODING: 'base64',
      CALLBACK_HMAC_PREFIX: 'sha256=',
      CALLBACK_HMAC_TIMESTAMP_HEADER: 'X-Timestamp',
      CALLBACK_HMAC_TOLERANCE_SECONDS: '60',
      CALLBACK_ALLOWED_IPS: '192.0.2.0/24, 2001:db8::/32,::ffff:198.51.100.7',
      TRUSTED_PROXIES: '2',
      CALLBACK_TRUST: 'verify',
      DATABASE_PATH: '/var/lib/receiver.db',
      APP_KEYS: 'orders:orders-key-0123456789,orders:orders-key-9876543210,billing:billing:key:0123456789',
      OPERATOR_KEYS: 'alice:alice-key-0123456789',
      GRACE_SECONDS: '86400',
      POLL_INTERVAL_SECONDS: '0.25',
      MAX_CONCURRENT: '1000',
      RATE_LIMIT_PER_SECOND: '1',
      QUEUE_CAPACITY: '10000000',
      QUEUE_TIMEOUT_SECONDS: '86400',
      AUDIT_RETENTION_DAYS: '36500',
      LOG_LEVEL: 'silent',
    });
    expect(config).toEqual({
      cxone: {
        baseUrl: 'http://127.0.0.1:9000/cxone',
        tokenUrl: 'https://login.example.com/token',
        clientId: 'client',
        clientSecret: 'client-secret',
        profilePath: 'tenant.json',
      },
      publicUrl: 'https://receiver.example.com/hooks',
      host: '::',
      port: 0,
      callbackPort: 9443,
      callbackSecrets: [`${SECRET}-new`, SECRET],
      callbackRules: {
        allowedAddresses: [
          { address: '192.0.2.0', bits: 24 },
          { address: '2001:db8::', bits: 32 },
          { address: '198.51.100.7', bits: 32 },
        ],
        header: { name: 'X-Api-Key', values: ['header-key-0123456789', 'header-key-9876543210'] },
        credentials: [
          { scheme: 'basic', secret: 'cxone:basic:key:0123456789' },
          { scheme: 'bearer', secret: 'bearer-token-0123456789' },
          { scheme: 'bearer', secret: 'bearer-token-9876543210' },
        ],
        bodySignature: {
          secrets: [`${SECRET}-hmac`, SECRET],
          header: 'X-Signature',
          encoding: 'base64',
          prefix: 'sha256=',
          timestampHeader: 'X-Timestamp',
          toleranceMs: 60_000,
        },
      },
      callbackTrust: 'verify',
      trustedProxies: 2,
      databasePath: '/var/lib/receiver.db',
      apps: [
        { name: 'orders', key: 'orders-key-0123456789' },
        { name: 'orders', key: 'orders-key-9876543210' },
        { name: 'billing', key: 'billing:key:0123456789' },
      ],
      operators: [{ name: 'alice', key: 'alice-key-0123456789' }],
      graceSeconds: 86_400,
      pollIntervalMs: 250,
      maxConcurrent: 1000,
      ratePerSecond: 1,
      queueCapacity: 10_000_000,
      queueTimeoutMs: 86_400_000,
      auditRetentionDays: 36_500,
      logLevel: 'silent',
    });
  });

  test('the base URL can stand in for the domain', () => {
    const { CXONE_ORG_DOMAIN: _, ...withoutDomain } = REQUIRED;
    expect(readConfig({ ...withoutDomain, CXONE_BASE_URL: 'http://localhost:9' }).cxone.baseUrl).toBe(
      'http://localhost:9',
    );
  });

  test('an empty or blank variable counts as unset, and blanks around a value do not matter', () => {
    const config = readConfig({ ...REQUIRED, PORT: '', LOG_LEVEL: '  ', HOST: ' 0.0.0.0\r', OPERATOR_KEYS: '' });
    expect(config).toMatchObject({ port: 8080, logLevel: 'info', host: '0.0.0.0', operators: [] });
  });

  test('a callback port stands apart only when it is another port', () => {
    expect(readConfig({ ...REQUIRED, PORT: '80', CALLBACK_PORT: '80' }).callbackPort).toBeNull();
    expect(readConfig({ ...REQUIRED, PORT: '80', CALLBACK_PORT: '81' }).callbackPort).toBe(81);
    expect(readConfig({ ...REQUIRED, PORT: '0', CALLBACK_PORT: '0' }).callbackPort).toBe(0);
  });
});

describe('what a wrong environment is told', () => {
  test('an empty environment names every variable that is missing, in one message', () => {
    const names = ['CXONE_CLIENT_ID', 'CXONE_CLIENT_SECRET', 'PUBLIC_URL', 'CALLBACK_SECRET', 'APP_KEYS'];
    expect(namesOf(problemsOf({}))).toEqual(['CXONE_ORG_DOMAIN', ...names]);
  });

  test('every variable that is wrong is named at once, one line each, beside those that are missing', () => {
    const wrong = Object.fromEntries(VARIABLES.map(({ name }) => [name, 'http://us:x@']));
    const free = ['CXONE_CLIENT_ID', 'CXONE_CLIENT_SECRET', 'CXONE_PROFILE', 'CALLBACK_HMAC_PREFIX', 'DATABASE_PATH'];
    const expected = VARIABLES.map(({ name }) => name).filter((name) => !free.includes(name));
    expect(namesOf(problemsOf(wrong))).toEqual(expected);
    expect(namesOf(problemsOf({ ...wrong, CXONE_CLIENT_ID: '' })).toSorted()).toEqual(
      [...expected, 'CXONE_CLIENT_ID'].toSorted(),
    );
    const lines = new ConfigError(problemsOf(wrong)).message.split('\n');
    expect(lines).toHaveLength(expected.length + 1);
  });

  test.for([
    ['CXONE_ORG_DOMAIN', 'https://acme.example.com'],
    ['CXONE_ORG_DOMAIN', 'acme.example.com/api'],
    ['CXONE_ORG_DOMAIN', 'acme.example.com:8443'],
    ['CXONE_ORG_DOMAIN', 'acme example'],
    ['CXONE_BASE_URL', 'acme.example.com'],
    ['CXONE_BASE_URL', 'ftp://acme.example.com'],
    ['CXONE_BASE_URL', 'https:acme.example.com'],
    ['CXONE_BASE_URL', 'https://acme.example.com/?'],
    ['CXONE_TOKEN_URL', 'https://acme.example.com/token#top'],
    ['CXONE_TOKEN_URL', 'https://acme.example.com/token?x=1'],
    ['PUBLIC_URL', 'https://user:word@receiver.example.com'],
    ['PUBLIC_URL', 'javascript:alert(1)'],
    ['PUBLIC_URL', '/hooks'],
    ['PUBLIC_URL', 'https://receiver example.com'],
    ['HOST', '[::1]'],
    ['HOST', 'http://localhost'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['PORT', '1e3'],
    ['CALLBACK_PORT', 'http'],
    ['CALLBACK_SECRET', 'x'.repeat(31)],
    ['CALLBACK_SECRET', `${SECRET},short`],
    ['CALLBACK_SECRET', `${SECRET},`],
    ['CALLBACK_SECRET', `,${SECRET}`],
    ['CALLBACK_HEADER_NAME', 'X Key'],
    ['CALLBACK_HEADER_NAME', 'Authorization'],
    ['CALLBACK_HEADER_NAME', 'Host'],
    ['CALLBACK_HEADER_VALUE', 'x'.repeat(15)],
    ['CALLBACK_HEADER_VALUE', 'header key 0123456789'],
    ['CALLBACK_BASIC_AUTH', 'a-password-alone-0123456789'],
    ['CALLBACK_BASIC_AUTH', 'cxone:short'],
    ['CALLBACK_BASIC_AUTH', ':basic-password-0123456789'],
    ['CALLBACK_BEARER_TOKEN', 'bearer-token-0123456789,'],
    ['CALLBACK_HMAC_SECRET', 'x'.repeat(31)],
    ['CALLBACK_HMAC_HEADER', 'X-Signature:'],
    ['CALLBACK_HMAC_ENCODING', 'base64url'],
    ['CALLBACK_HMAC_TIMESTAMP_HEADER', ''.padEnd(65, 'x')],
    ['CALLBACK_HMAC_TOLERANCE_SECONDS', '0'],
    ['CALLBACK_HMAC_TOLERANCE_SECONDS', '86401'],
    ['CALLBACK_ALLOWED_IPS', 'receiver.example.com'],
    ['CALLBACK_ALLOWED_IPS', '192.0.2.0/33'],
    ['CALLBACK_ALLOWED_IPS', '2001:db8::/129'],
    ['CALLBACK_ALLOWED_IPS', '192.0.2.0/24,'],
    ['TRUSTED_PROXIES', '-1'],
    ['TRUSTED_PROXIES', '11'],
    ['CALLBACK_TRUST', 'none'],
    // Half of a check is refused: it would be none at all, and nobody would notice.
    ['CALLBACK_HEADER_NAME', 'X-Api-Key'],
    ['CALLBACK_HMAC_SECRET', SECRET],
    ['CALLBACK_HMAC_PREFIX', 'sha256='],
    ['CALLBACK_HMAC_TIMESTAMP_HEADER', 'X-Timestamp'],
    ['DATABASE_PATH', ':memory:'],
    ['APP_KEYS', 'orders'],
    ['APP_KEYS', 'orders:too-short'.slice(0, -1)],
    ['APP_KEYS', ':orders-key-0123456789'],
    ['APP_KEYS', `${'n'.repeat(65)}:orders-key-0123456789`],
    ['APP_KEYS', 'or ders:orders-key-0123456789'],
    ['APP_KEYS', 'orders:orders key 0123456789'],
    ['APP_KEYS', 'orders:orders-kéy-0123456789'],
    ['APP_KEYS', 'orders:orders-key-0123456789,'],
    ['APP_KEYS', 'orders:orders-key-0123456789,orders:orders-key-0123456789'],
    ['OPERATOR_KEYS', 'alice:alice-k'],
    ['GRACE_SECONDS', '86401'],
    ['GRACE_SECONDS', '1.5'],
    ['POLL_INTERVAL_SECONDS', '0'],
    ['POLL_INTERVAL_SECONDS', '0.0'],
    ['POLL_INTERVAL_SECONDS', '3600.1'],
    ['POLL_INTERVAL_SECONDS', '1e2'],
    ['POLL_INTERVAL_SECONDS', '.5'],
    ['POLL_INTERVAL_SECONDS', 'NaN'],
    ['MAX_CONCURRENT', '0'],
    ['MAX_CONCURRENT', '1001'],
    ['RATE_LIMIT_PER_SECOND', '0'],
    ['RATE_LIMIT_PER_SECOND', '10001'],
    ['QUEUE_CAPACITY', '0'],
    ['QUEUE_CAPACITY', '10000001'],
    ['QUEUE_TIMEOUT_SECONDS', '0'],
    ['QUEUE_TIMEOUT_SECONDS', '86401'],
    ['AUDIT_RETENTION_DAYS', '36501'],
    ['AUDIT_RETENTION_DAYS', '-1'],
    ['LOG_LEVEL', 'verbose'],
  ] as const)('%s=%s is refused by name', ([name, value]) => {
    expect(namesOf(problemsWith({ [name]: value }))).toEqual([name]);
  });

  test.for([
    ['a number', { GRACE_SECONDS: 'soon' }, 'GRACE_SECONDS: must be a whole number from 0 to 86400'],
    [
      'a domain with a path',
      { CXONE_ORG_DOMAIN: 'acme/api' },
      'CXONE_ORG_DOMAIN: must be a host name alone; for a scheme, a port or a path set CXONE_BASE_URL instead',
    ],
    ['a list', { APP_KEYS: 'orders:orders-key-0123456789,billing' }, 'APP_KEYS: entry 2 is not written name:key'],
  ] as const)('%s that is wrong is told what would be right', ([, env, problem]) => {
    expect(problemsWith(env)).toEqual([problem]);
  });

  test('every wrong entry of a list is told by its place', () => {
    const problems = problemsWith({ APP_KEYS: 'a,b:short,c:orders-key-0123456789', CALLBACK_SECRET: `x,${SECRET},y` });
    expect(problems.map((problem) => problem.match(/^\w+: \w+ \d+/)?.[0])).toEqual([
      'CALLBACK_SECRET: secret 1',
      'CALLBACK_SECRET: secret 3',
      'APP_KEYS: entry 1',
      'APP_KEYS: entry 2',
    ]);
  });

  test('a check whose other half is missing is told by the variable that asks for it', () => {
    expect(problemsWith({ CALLBACK_HEADER_VALUE: 'header-key-0123456789' })).toEqual([
      'CALLBACK_HEADER_NAME: goes with CALLBACK_HEADER_VALUE; set both or neither',
    ]);
    expect(problemsWith({ CALLBACK_HMAC_HEADER: 'X-Signature' })).toEqual([
      'CALLBACK_HMAC_SECRET: goes with CALLBACK_HMAC_HEADER; set both or neither',
    ]);
  });

  test('one key for an app and an operator is refused, and so is one name', () => {
    expect(namesOf(problemsWith({ OPERATOR_KEYS: 'alice:orders-key-0123456789' }))).toEqual(['OPERATOR_KEYS']);
    expect(namesOf(problemsWith({ OPERATOR_KEYS: 'orders:alice-key-0123456789' }))).toEqual(['OPERATOR_KEYS']);
  });

  test('mistakes across two variables are told beside mistakes elsewhere', () => {
    const problems = problemsWith({ OPERATOR_KEYS: 'orders:orders-key-0123456789', PORT: 'x', CXONE_ORG_DOMAIN: '' });
    expect(namesOf(problems)).toEqual(['CXONE_ORG_DOMAIN', 'PORT', 'OPERATOR_KEYS']);
  });

  test('no value is repeated, whatever is wrong with it', () => {
    const marked = (value: string) => `${value}MARK`;
    const wrong = Object.fromEntries(VARIABLES.map(({ name }) => [name, marked('x:y,')]));
    expect(new ConfigError(problemsOf(wrong)).message).not.toMatch(/MARK|x:y/);
    const short = {
      CALLBACK_SECRET: 'MARK',
      APP_KEYS: 'MARK:MARK',
      OPERATOR_KEYS: 'MARK',
      PUBLIC_URL: 'https://MARK@h',
      CALLBACK_HEADER_VALUE: 'MARK',
      CALLBACK_BASIC_AUTH: 'MARK:MARK',
      CALLBACK_BEARER_TOKEN: 'MARK MARK MARK MARK',
      CALLBACK_HMAC_SECRET: 'MARK',
      CALLBACK_ALLOWED_IPS: 'MARK',
    };
    expect(problemsWith(short).join()).not.toContain('MARK');
    const twice = `MARK:MARK-0123456789,MARK:MARK-0123456789`;
    expect(problemsWith({ APP_KEYS: twice, OPERATOR_KEYS: 'MARK:MARK-9876543210' }).join()).not.toContain('MARK');
  });
});

describe('.env.example', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const entries = [...example.matchAll(/^(#?)([A-Z_]+)=(.*)$/gm)].map(([, mark, name, value]) => ({
    name: name ?? '',
    value: value ?? '',
    isActive: mark === '',
  }));

  test('names every variable of the configuration once, and no other', () => {
    expect(entries.map(({ name }) => name).toSorted()).toEqual(VARIABLES.map(({ name }) => name).toSorted());
  });

  test('shows the defaults that really hold', () => {
    const fallbacks = Object.fromEntries(VARIABLES.map(({ name, fallback }) => [name, fallback ?? '']));
    expect(Object.fromEntries(entries.map(({ name, value }) => [name, value]))).toEqual(fallbacks);
  });

  test('leaves open to fill in exactly what a receiver needs', () => {
    const active = entries.filter(({ isActive }) => isActive).map(({ name }) => name);
    expect(active.toSorted()).toEqual(Object.keys(REQUIRED).toSorted());
    const required = VARIABLES.filter((variable) => variable.required).map(({ name }) => name);
    expect(active).toEqual(expect.arrayContaining(required));
  });

  test('is a working .env once that is filled in, and says the same with its defaults written out', () => {
    const filled = example.replace(/^([A-Z_]+)=$/gm, (_, name: keyof typeof REQUIRED) => `${name}=${REQUIRED[name]}`);
    expect(readConfig(parseEnv(filled))).toEqual(readConfig(REQUIRED));
    expect(readConfig(parseEnv(filled.replace(/^#(?=[A-Z_]+=)/gm, '')))).toEqual(readConfig(REQUIRED));
  });
});
