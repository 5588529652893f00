// SSRF policy: notifications go to public IP addresses only, unless an operator has listed the origin.

import ipaddr from 'ipaddr.js';
import { type IpAddress, readIpAddress } from '../lib/ip-address.ts';

/** `listed`: an operator has listed the origin, which may then be internal. Metadata services stay out of reach for all. */
export type Trust = 'public' | 'listed';

/** Addresses that IANA assigns as global unicast; everything else is special, including ranges without a name yet. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

const INTERNAL: readonly string[] = ['private', 'loopback', 'uniqueLocal', 'carrierGradeNat'];

/** Metadata services of clouds outside the link-local range: AWS, GCP, Alibaba, Azure, Oracle. They hand out credentials. */
const METADATA: readonly string[] = [
  'fd00:ec2::254',
  'fd20:ce::254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
];

const RANGE_NAMES: { readonly [range: string]: string } = {
  private: 'private',
  loopback: 'loopback',
  uniqueLocal: 'unique-local',
  carrierGradeNat: 'carrier-grade NAT',
  linkLocal: 'link-local',
  multicast: 'multicast',
  broadcast: 'broadcast',
  unspecified: 'unspecified',
  rfc6052: 'NAT64',
  rfc6145: 'translated',
  '6to4': '6to4',
  teredo: 'Teredo',
};

/** Returns the kind of an address that must not be connected to; null for an allowed one. */
export function refusedAddressKind(text: string, trust: Trust): string | null {
  const address = readIpAddress(text);
  if (address === null) return 'unreadable';
  if (METADATA.includes(address.toString())) return 'cloud metadata';
  const range = rangeOf(address);
  if (range === 'unicast' || (trust === 'listed' && INTERNAL.includes(range))) return null;
  return RANGE_NAMES[range] ?? 'reserved';
}

function rangeOf(address: IpAddress): string {
  const range = address.range();
  if (range !== 'unicast' || address instanceof ipaddr.IPv4) return range;
  return address.match(GLOBAL_UNICAST) ? range : 'reserved';
}
