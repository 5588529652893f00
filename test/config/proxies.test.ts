// Where the proxy of each kind of traffic comes from, and what is rejected at start.

import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { secretsIn } from '../../src/config/secrets.ts';
import { unreadVariables } from '../../src/config/unread-variables.ts';
import { proxyFor } from '../../src/lib/proxy/proxy.ts';

const COMPLETE = {
  CXONE_ORG_DOMAIN: 'acme.example',
  CXONE_CLIENT_ID: 'client',
  CXONE_CLIENT_SECRET: 'secret',
  PUBLIC_URL: 'https://receiver.example',
  CALLBACK_SECRET: 'kR8vT2mQ9xWc4ZbN7pLs1YdF6hJg3AeU',
  APP_KEYS: 'shop:Xk29fjQm47vLpZ81',
};

function proxiesWith(variables: Record<string, string>) {
  const { proxies } = readConfig({ ...COMPLETE, ...variables });
  const originOf = (kind: keyof typeof proxies, url: string) => proxyFor(proxies[kind], new URL(url))?.origin ?? null;
  return {
    cxone: originOf('cxone', 'https://cxone.example/'),
    cxoneOverHttp: originOf('cxone', 'http://cxone.example/'),
    notifications: originOf('notifications', 'https://hooks.example/'),
  };
}

function problemsWith(variables: Record<string, string>): readonly string[] {
  try {
    readConfig({ ...COMPLETE, ...variables });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const [A, B, C] = ['http://a.example:1', 'http://b.example:2', 'http://c.example:3'];

test.each<[string, Record<string, string>, Partial<ReturnType<typeof proxiesWith>>]>([
  ['no proxy', {}, { cxone: null, cxoneOverHttp: null, notifications: null }],
  ['HTTPS_PROXY', { HTTPS_PROXY: A }, { cxone: A, cxoneOverHttp: null, notifications: null }],
  ['HTTP_PROXY', { HTTP_PROXY: A }, { cxone: null, cxoneOverHttp: A, notifications: null }],
  ['lower case', { https_proxy: A, http_proxy: B }, { cxone: A, cxoneOverHttp: B }],
  ['lower case before capitals', { https_proxy: A, HTTPS_PROXY: B }, { cxone: A }],
  ['CXONE_PROXY before both', { CXONE_PROXY: C, HTTPS_PROXY: A, HTTP_PROXY: B }, { cxone: C, cxoneOverHttp: C }],
  ['CXONE_PROXY=none', { CXONE_PROXY: 'none', HTTPS_PROXY: A, HTTP_PROXY: B }, { cxone: null, cxoneOverHttp: null }],
  ['NOTIFY_PROXY', { NOTIFY_PROXY: C, HTTPS_PROXY: A }, { cxone: A, notifications: C }],
  ['NO_PROXY for CXone', { HTTPS_PROXY: A, NO_PROXY: 'cxone.example' }, { cxone: null }],
  ['NO_PROXY for CXONE_PROXY', { CXONE_PROXY: A, no_proxy: 'cxone.example' }, { cxone: null }],
  ['NO_PROXY for notifications', { NOTIFY_PROXY: A, NO_PROXY: 'hooks.example' }, { notifications: null }],
  ['empty values', { HTTPS_PROXY: ' ', https_proxy: '', CXONE_PROXY: '' }, { cxone: null }],
])('%s', (_, variables, expected) => {
  expect(proxiesWith(variables)).toMatchObject(expected);
});

describe('a value that is not a proxy', () => {
  const SOCKS = 'socks5://user:p4ssw0rd@proxy.example:1080';

  test.each(['CXONE_PROXY', 'NOTIFY_PROXY', 'HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy'])('%s is rejected', (name) => {
    const problems = problemsWith({ [name]: SOCKS });
    expect(problems).toEqual([expect.stringContaining(`${name.toUpperCase()}: must be the URL of an HTTP proxy`)]);
    expect(problems.join()).toContain('none');
    expect(problems.join()).not.toContain('p4ssw0rd');
  });

  test('HTTPS_PROXY for other programs does not matter if CXONE_PROXY is set', () => {
    expect(problemsWith({ HTTPS_PROXY: SOCKS, CXONE_PROXY: 'none' })).toEqual([]);
  });
});

test('the credentials of proxies count as secrets', () => {
  const found = secretsIn(
    readConfig({ ...COMPLETE, CXONE_PROXY: 'http://u:p4ssw0rd@a', NOTIFY_PROXY: 'http://u:s3cr%25t@b' }),
  );
  expect(found).toEqual(expect.arrayContaining(['p4ssw0rd', 's3cr%t', 's3cr%25t']));
});

describe('warnings', () => {
  test('entries of NO_PROXY without effect, by their places', () => {
    expect(unreadVariables({ HTTPS_PROXY: A, no_proxy: 'a.example,127.*' }, {})).toEqual([
      expect.stringContaining('entry 2 of NO_PROXY has no effect'),
    ]);
  });

  test.each<[string, Record<string, string>, string[]]>([
    ['http', { CXONE_BASE_URL: 'http://127.0.0.1:8090', http_proxy: A }, ['HTTP_PROXY', 'NO_PROXY=127.0.0.1']],
    ['https', { CXONE_BASE_URL: 'https://localhost:8090', HTTPS_PROXY: A }, ['HTTPS_PROXY', 'NO_PROXY=localhost']],
    ['IPv6', { CXONE_BASE_URL: 'http://[::1]:8090', HTTP_PROXY: A }, ['HTTP_PROXY', 'NO_PROXY=[::1]']],
  ])('a CXone on loopback that takes the proxy of the machine: %s', (_, variables, parts) => {
    const [warning = '', ...more] = unreadVariables(variables, {});
    expect(more).toEqual([]);
    for (const part of [...parts, 'CXONE_PROXY=none']) expect(warning).toContain(part);
    const [, remedy = ''] = /NO_PROXY=(\S+)/.exec(warning) ?? [];
    for (const exempt of [{ NO_PROXY: remedy }, { CXONE_PROXY: 'none' }])
      expect(unreadVariables({ ...variables, ...exempt }, {})).toEqual([]);
  });

  test('ALL_PROXY alone', () => {
    expect(unreadVariables({ ALL_PROXY: A }, {})).toEqual([expect.stringContaining('ALL_PROXY is not read')]);
  });

  test('none about proxies for other programs, or in lower case', () => {
    const others = { FTP_PROXY: A, ftp_proxy: A, all_proxy: A, https_proxy: A, no_proxy: 'localhost' };
    expect(unreadVariables(others, {})).toEqual([]);
    expect(unreadVariables({}, { https_proxy: A, NO_PROXY: '127.0.0.1' })).toEqual([]);
  });
});
