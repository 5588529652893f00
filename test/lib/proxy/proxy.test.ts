// Which proxy a URL takes: the URL of the proxy, and the hosts of NO_PROXY.

import { describe, expect, test } from 'vitest';
import { parseNoProxy } from '../../../src/lib/proxy/no-proxy.ts';
import { parseProxy, proxyFor } from '../../../src/lib/proxy/proxy.ts';

describe('the URL of a proxy', () => {
  test.each([
    ['http://proxy.example:3128', 'http://proxy.example:3128'],
    ['http://proxy.example:3128/', 'http://proxy.example:3128'],
    ['proxy.example:3128', 'http://proxy.example:3128'],
    ['https://proxy.example', 'https://proxy.example'],
    ['http://[::1]:3128', 'http://[::1]:3128'],
  ])('%s', (text, origin) => {
    expect(parseProxy('CXONE_PROXY', text)).toMatchObject({ origin, authorization: null, secrets: [] });
  });

  test('its credentials are decoded, sent as HTTP Basic, and secret in every form', () => {
    const parsed = parseProxy('CXONE_PROXY', 'http://us%40er:p%3Aw%2Frd@proxy.example:3128');
    const basic = Buffer.from('us@er:p:w/rd').toString('base64');
    expect(parsed).toMatchObject({ origin: 'http://proxy.example:3128', authorization: `Basic ${basic}` });
    expect(parsed).toMatchObject({ secrets: [basic, 'p:w/rd', 'p%3Aw%2Frd'] });
  });

  test('a user name without a password is sent as well', () => {
    const authorization = `Basic ${Buffer.from('user:').toString('base64')}`;
    expect(parseProxy('CXONE_PROXY', 'http://user@proxy.example')).toMatchObject({ authorization });
  });

  test.each([
    ['socks5://proxy.example:1080', 'SOCKS is not supported'],
    ['http://', 'must be the URL of a proxy'],
    ['http://proxy.example/path', 'must have no path'],
    ['http://proxy.example?x', 'must have no path'],
    ['http://us%zzer@proxy.example', 'percent-encoded'],
    ['true', 'must be the URL of a proxy'],
    ['http://proxy example', 'must be the URL of a proxy'],
  ])('%s is rejected', (text, message) => {
    expect(parseProxy('CXONE_PROXY', text)).toContain(message);
  });
});

const PROXY = parseProxy('HTTPS_PROXY', 'http://proxy.example:3128');
if (typeof PROXY === 'string') throw new Error(PROXY);

function isDirect(noProxy: string, url: string): boolean {
  const { exceptions } = parseNoProxy(noProxy);
  return proxyFor({ https: PROXY as never, http: PROXY as never, exceptions }, new URL(url)) === null;
}

describe('NO_PROXY', () => {
  test.each([
    ['cxone.example', 'https://cxone.example/'],
    ['cxone.example', 'https://api.cxone.example/'],
    ['.cxone.example', 'https://api.cxone.example/'],
    ['.cxone.example', 'https://cxone.example/'],
    ['*.cxone.example', 'https://api.cxone.example/'],
    ['CXONE.Example.', 'https://cxone.example./'],
    ['a.example, cxone.example', 'https://cxone.example/'],
    ['a.example cxone.example', 'https://cxone.example/'],
    ['*', 'https://cxone.example/'],
    ['cxone.example:443', 'https://cxone.example/'],
    ['cxone.example:8443', 'https://cxone.example:8443/'],
    ['localhost', 'http://localhost:8090/'],
    ['127.0.0.1', 'http://127.0.0.1:8090/'],
    ['127.0.0.1:8090', 'http://127.0.0.1:8090/'],
    ['127.0.0.0/8', 'http://127.1.2.3/'],
    ['10.0.0.0/8', 'https://10.200.0.1/'],
    ['::1', 'http://[::1]:8090/'],
    ['[::1]', 'http://[::1]:8090/'],
    ['[::1]:8090', 'http://[::1]:8090/'],
    ['fd00::/8', 'https://[fd12::1]/'],
  ])('%j exempts %s', (noProxy, url) => {
    expect(isDirect(noProxy, url)).toBe(true);
  });

  test.each([
    ['', 'https://cxone.example/'],
    ['cxone.example', 'https://notcxone.example/'],
    ['cxone.example', 'https://cxone.example.evil/'],
    ['api.cxone.example', 'https://cxone.example/'],
    ['cxone.example:8443', 'https://cxone.example/'],
    ['0.0.1', 'http://127.0.0.1/'],
    ['127.*', 'http://127.0.0.1/'],
    ['10.0.0.0/8', 'https://11.0.0.1/'],
  ])('%j does not exempt %s', (noProxy, url) => {
    expect(isDirect(noProxy, url)).toBe(false);
  });

  test('names the entries without effect by their places', () => {
    expect(parseNoProxy('a.example, 127.*, 10.0.0.0/99, <local>, 10.0.0.1-10.0.0.9, b.example').unreadable).toEqual([
      2, 3, 4, 5,
    ]);
  });
});
