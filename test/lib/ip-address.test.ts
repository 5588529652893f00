// IP addresses: which are equal, which are in a range, and the client's address behind proxies.

import { describe, expect, test } from 'vitest';
import { clientAddress } from '../../src/http/middleware/client-address.ts';
import { clientNetwork, createAddressMatcher, parseAddress, parseRange } from '../../src/lib/ip-address.ts';

describe('an address', () => {
  test.for([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:443', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:0201', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:443', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:8443', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['::192.0.2.1', '::c000:201'],
  ] as const)('%s is read as %s', ([text, address]) => {
    expect(parseAddress(text)).toBe(address);
  });

  test.for([
    '',
    'unknown',
    '_hidden',
    'localhost',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '0xc0.0.2.1',
    '3221225985',
    '192.0.2.1 192.0.2.2',
    '192.0.2.1/32',
    '192.0.2.1:',
    '192.0.2.1:123456',
    '2001:db8::1::2',
    '[2001:db8::1',
    '[192.0.2.1:80',
    '1:2:3:4:5:6:7:8:9',
    '\u0000',
  ])('%j is not an address', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  test('of IPv6 shares its limits with its /64, and of IPv4 with no other', () => {
    expect(clientNetwork('192.0.2.1')).toBe('192.0.2.1');
    expect(clientNetwork('2001:db8::1')).toBe(clientNetwork('2001:db8:0:0:ffff::2'));
    expect(clientNetwork('2001:db8::1')).not.toBe(clientNetwork('2001:db8:0:1::1'));
    expect(clientNetwork('::1')).toBe('0:0:0:0::/64');
  });
});

describe('a list of ranges', () => {
  const holds = (ranges: string, address: string) => {
    const read = ranges.split(' ').map(parseRange);
    if (read.includes(null)) throw new Error('not every range can be read');
    return createAddressMatcher(read.filter((range) => range !== null))(parseAddress(address) ?? '');
  };

  test.for([
    ['192.0.2.0/24', '192.0.2.255', '192.0.3.0'],
    ['192.0.2.77/24', '192.0.2.1', '192.0.3.77'],
    ['192.0.2.7', '192.0.2.7', '192.0.2.8'],
    ['192.0.2.8/31', '192.0.2.9', '192.0.2.10'],
    ['0.0.0.0/0', '203.0.113.9', '2001:db8::1'],
    ['::/0', '2001:db8::1', '203.0.113.9'],
    ['2001:db8::/32', '2001:db8:ffff::1', '2001:db9::1'],
    ['2001:db8::1', '2001:0db8::0001', '2001:db8::2'],
    ['192.0.2.0/24', '::ffff:192.0.2.1', '::ffff:192.0.3.1'],
    ['::ffff:192.0.2.0/120', '192.0.2.1', '192.0.3.1'],
    ['::ffff:192.0.2.0/120', '::ffff:192.0.2.1', '2001:db8::1'],
    ['192.0.2.0/24 2001:db8::/32 198.51.100.7', '198.51.100.7', '198.51.100.8'],
  ] as const)('%s contains %s and not %s', ([ranges, inside, outside]) => {
    expect([holds(ranges, inside), holds(ranges, outside)]).toEqual([true, false]);
  });

  test.for([
    '',
    'x',
    '192.0.2.0/',
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2.0/24/24',
    '2001:db8::/129',
    '/24',
    'fe80::1%eth0',
    '[::1]',
    '192.0.2.0/255.255.255.0',
  ])('%j is not a range', (text) => {
    expect(parseRange(text)).toBeNull();
  });
});

describe('behind proxies', () => {
  test.for([
    ['with none, the peer of the connection counts and the header does not', '192.0.2.1', '10.9.9.9', 0, '192.0.2.1'],
    ['a connection over IPv6 from IPv4 is IPv4', '::ffff:192.0.2.1', null, 0, '192.0.2.1'],
    ['with one, the last address counts', '10.0.0.1', '203.0.113.9', 1, '203.0.113.9'],
    [
      'an address that the client wrote in front does not count',
      '10.0.0.1',
      '192.0.2.66, 203.0.113.9',
      1,
      '203.0.113.9',
    ],
    ['with two, the last but one counts', '10.0.0.1', '192.0.2.66, 203.0.113.9,10.0.0.2', 2, '203.0.113.9'],
    ['a port and brackets do not matter', '10.0.0.1', '[2001:db8::1]:4711', 1, '2001:db8::1'],
    ['with fewer than configured the address is unknown', '10.0.0.1', '203.0.113.9', 2, null],
    ['without the header the address is unknown', '10.0.0.1', null, 1, null],
    ['with an invalid entry the address is unknown', '10.0.0.1', '203.0.113.9, unknown', 1, null],
    ['with an empty entry the address is unknown', '10.0.0.1', '203.0.113.9,', 1, null],
    ['a connection that is closed has no address', null, '203.0.113.9', 0, null],
  ] as const)('%s', ([, peer, forwardedFor, proxies, address]) => {
    expect(clientAddress(peer, forwardedFor, proxies)).toBe(address);
  });
});
