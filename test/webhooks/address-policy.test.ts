// The addresses that a notification may be sent to: an internal one only if it is listed, and never one that issues credentials.

import { describe, expect, test } from 'vitest';
import { refusedAddressKind } from '../../src/webhooks/address-policy.ts';

describe('a public address is open to every app', () => {
  test.for(['93.184.216.34', '1.1.1.1', '172.32.0.1', '2606:2800:220:1:248:1893:25c8:1946', '::ffff:93.184.216.34'])(
    '%s',
    (address) => {
      expect([refusedAddressKind(address, 'public'), refusedAddressKind(address, 'listed')]).toEqual([null, null]);
    },
  );
});

describe('an internal address is open to listed origins alone', () => {
  test.for([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'carrier-grade NAT'],
    ['fd12:3456::1', 'unique-local'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:a00:1', 'private'],
    ['0:0:0:0:0:ffff:7f00:1', 'loopback'],
  ] as const)('%s', ([address, kind]) => {
    expect([refusedAddressKind(address, 'public'), refusedAddressKind(address, 'listed')]).toEqual([kind, null]);
  });
});

describe('an address that issues credentials, or that is not a single host, is closed to every app', () => {
  test.for([
    ['169.254.169.254', 'link-local'],
    ['169.254.1.1', 'link-local'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['fd00:ec2::254', 'cloud metadata'],
    ['fd20:ce::254', 'cloud metadata'],
    ['100.100.100.200', 'cloud metadata'],
    ['168.63.129.16', 'cloud metadata'],
    ['::ffff:168.63.129.16', 'cloud metadata'],
    ['192.0.0.192', 'cloud metadata'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['::', 'unspecified'],
    ['224.0.0.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['240.0.0.1', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['64:ff9b::7f00:1', 'NAT64'],
    ['64:ff9b:1::a00:1', 'NAT64'],
    ['2002:7f00:1::', '6to4'],
    ['2001:0:7f00:1::1', 'Teredo'],
    ['::ffff:0:7f00:1', 'translated'],
    ['::127.0.0.1', 'reserved'],
    ['fec0::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['no address', 'unreadable'],
    ['', 'unreadable'],
  ] as const)('%s', ([address, kind]) => {
    expect([refusedAddressKind(address, 'public'), refusedAddressKind(address, 'listed')]).toEqual([kind, kind]);
  });
});
