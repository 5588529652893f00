// The URLs that an app may be notified at: the check at submission, before a name is resolved.

import { describe, expect, test } from 'vitest';
import { createUrlPolicy, parseOrigin } from '../../src/webhooks/url-policy.ts';

const open = createUrlPolicy([]);
const listed = createUrlPolicy([
  { app: 'shop', origin: 'https://hooks.example' },
  { app: 'shop', origin: 'https://*.shops.example' },
  { app: 'shop', origin: 'http://crm.internal:8080' },
  { app: 'shop', origin: 'http://127.0.0.1:9000' },
  { app: 'lab', origin: 'http://169.254.169.254' },
]);
const common = createUrlPolicy([
  { app: '*', origin: 'https://hooks.example' },
  { app: 'shop', origin: 'https://shop.example' },
]);

describe('an app without listed origins', () => {
  test.for([
    'https://hooks.example/x?y=1#z',
    'https://hooks.example:8443/',
    'https://93.184.216.34/',
    'https://[2606:4700::1]/',
    'https://localhost.example/',
  ])('may be notified at %s', (url) => {
    expect(open.check('shop', url)).toBeNull();
    expect(open.trust('shop')).toBe('public');
  });

  test.for([
    ['http://hooks.example/', /must be https/],
    ['https://user@hooks.example/', /no user name/],
    ['https://user:secret@hooks.example/', /no user name/],
    ['ftp://hooks.example/', /absolute http or https/],
    ['file:///etc/passwd', /absolute http or https/],
    ['hooks.example', /absolute http or https/],
    ['https://127.0.0.1/', /may not be called \(loopback\): an operator can allow it/],
    ['https://localhost/', /\(loopback\)/],
    ['https://LOCALHOST./', /\(loopback\)/],
    ['https://a.localhost:8443/', /\(loopback\)/],
    ['https://2130706433/', /\(loopback\)/],
    ['https://0x7f.1/', /\(loopback\)/],
    ['https://0177.0.0.1/', /\(loopback\)/],
    ['https://127.1/', /\(loopback\)/],
    ['https://１２７.0.0.1/', /\(loopback\)/],
    ['https://[::1]/', /\(loopback\)/],
    ['https://[::ffff:127.0.0.1]/', /\(loopback\)/],
    ['https://10.1.2.3/', /\(private\)/],
    ['https://[fd00::1]/', /\(unique-local\)/],
    ['https://169.254.169.254/latest/meta-data', /\(link-local\)$/],
    ['https://[::ffff:a9fe:a9fe]/', /\(link-local\)$/],
    ['https://[64:ff9b::a00:1]/', /\(NAT64\)$/],
    ['https://0.0.0.0/', /\(unspecified\)$/],
  ] as const)('may not be notified at %s', ([url, why]) => {
    expect(open.check('shop', url)).toMatch(why);
  });
});

describe('an app with listed origins', () => {
  test.for([
    'https://hooks.example/any/path',
    'https://HOOKS.example:443/',
    'https://eu.shops.example/',
    'https://a.b.shops.example/',
    'http://crm.internal:8080/hook',
    'http://127.0.0.1:9000/hook',
  ])('may be notified at %s', (url) => {
    expect(listed.check('shop', url)).toBeNull();
    expect(listed.trust('shop')).toBe('listed');
  });

  test.for([
    'http://hooks.example/',
    'https://hooks.example:8443/',
    'https://hooks.example.evil.example/',
    'https://evil.example/https://hooks.example',
    'https://shops.example/',
    'https://evilshops.example/',
    'http://eu.shops.example/',
    'https://eu.shops.example:8443/',
    'http://crm.internal/',
    'http://127.0.0.1:9001/',
  ])('may not be notified at %s', (url) => {
    expect(listed.check('shop', url)).toMatch(/not allowed for this app; allowed are https:\/\/hooks\.example, /);
  });

  test('may not use URLs with a user name, although the origin is listed', () => {
    expect(listed.check('shop', 'https://me@hooks.example/')).toMatch(/no user name/);
  });

  test('may not be notified at an address that issues credentials, although it is listed', () => {
    expect(listed.check('lab', 'http://169.254.169.254/')).toMatch(/\(link-local\)$/);
  });

  test('does not restrict the URLs of another app', () => {
    expect(listed.check('billing', 'https://elsewhere.example/')).toBeNull();
    expect(listed.trust('billing')).toBe('public');
  });
});

test('the origins listed for every app are all that an app may use besides its own', () => {
  expect(common.check('billing', 'https://hooks.example/')).toBeNull();
  expect(common.check('billing', 'https://shop.example/')).toMatch(/allowed is https:\/\/hooks\.example$/);
  expect(common.check('shop', 'https://shop.example/')).toBeNull();
  expect(common.check('shop', 'https://hooks.example/')).toBeNull();
});

describe('an origin', () => {
  test.for([
    ['https://hooks.example', 'https://hooks.example'],
    ['https://HOOKS.example:443/', 'https://hooks.example'],
    ['https://*.example.com', 'https://*.example.com'],
    ['http://crm.internal:8080', 'http://crm.internal:8080'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
    ['http://127.1', 'http://127.0.0.1'],
  ] as const)('%s is read', ([text, origin]) => {
    expect(parseOrigin(text)).toBe(origin);
  });

  test.for([
    'hooks.example',
    'https://',
    'https://hooks.example/path',
    'https://hooks.example?x',
    'https://user@hooks.example',
    'https://*',
    'https://*.com',
    'https://hooks.*.example',
    'https://h*.example.com',
    'https://*.*.example.com',
    'ftp://hooks.example',
    'https:// hooks.example',
    'https://hooks.example:99999',
  ])('%s is refused', (text) => {
    expect(parseOrigin(text)).toBeNull();
  });
});
