// Where an answer may send us: to hosts that somebody here has named, over TLS, and nowhere else.

import { describe, expect, test } from 'vitest';
import { createAllowedHosts } from '../../../src/cxone/discovery/allowed-hosts.ts';

const hosts = createAllowedHosts(
  ['*.niceincontact.com', 'login.example.com', '*.example.org'],
  ['https://proxy.example.net:8443/cxone', 'http://127.0.0.1:9000', null],
);

describe('what is followed', () => {
  test.each([
    'https://api-na1.niceincontact.com',
    'https://a.b.niceincontact.com:444/path?query=1',
    'https://LOGIN.example.com/token',
    'https://proxy.example.net/elsewhere',
    'http://127.0.0.1:9001/token',
  ])('%s', (url) => {
    expect(hosts.problemOf(url)).toBeNull();
  });
});

describe('what is not', () => {
  test.each([
    ['another host', 'https://evil.example/', 'leads to evil.example, which is not among CXONE_ALLOWED_HOSTS'],
    ['a domain that only ends alike', 'https://evilniceincontact.com/', 'leads to evilniceincontact.com'],
    ['the name as a part of another', 'https://api.niceincontact.com.evil.example/', 'leads to'],
    ['a name before an at sign', 'https://api.niceincontact.com@evil.example/', 'has a user name'],
    [
      'a backslash that browsers take for a slash',
      'https://evil.example\\.niceincontact.com/',
      'is not an absolute URL',
    ],
    ['a bare domain whose subdomains are allowed', 'https://example.org/', 'leads to example.org'],
    ['the metadata service of a cloud', 'https://169.254.169.254/', 'leads to 169.254.169.254'],
    ['another spelling of such an address', 'https://2852039166/', 'leads to 169.254.169.254'],
    ['no TLS', 'http://api-na1.niceincontact.com/', 'is not https'],
    ['no web address', 'file:///etc/passwd', 'is not https'],
    ['a relative one', '/oauth/token', 'is not an absolute URL'],
    ['a fragment', 'https://login.example.com/#x', 'a fragment'],
    ['no text', 5, 'is not an absolute URL'],
  ])('%s', (_, url, problem) => {
    expect(hosts.problemOf(url)).toContain(problem);
  });

  test('this machine, unless it is configured', () => {
    expect(createAllowedHosts(['*.niceincontact.com'], []).problemOf('http://127.0.0.1:9000')).toContain('leads to');
  });
});
