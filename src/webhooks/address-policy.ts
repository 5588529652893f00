// Which IP addresses a notification may go to: none but public ones, unless an operator has listed the origin.

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** `listed`: an operator has named the origin, which may then be inside. Nobody may reach what hands out credentials. */
export type Trust = 'public' | 'listed';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** What IANA gives out as global unicast; everything beyond is special, also what has no name yet. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

const INSIDE: readonly string[] = ['private', 'loopback', 'uniqueLocal', 'carrierGradeNat'];

/** Metadata services of clouds outside of the link-local range: AWS, GCP, Alibaba, Azure, Oracle. */
const METADATA: readonly string[] = [
  'fd00:ec2::254',
  'fd20:ce::254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
];

const WORDS: { readonly [range: string]: string } = {
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

/** What kind of address it is, if that is a reason not to go there; null when nothing speaks against it. */
export function refusedAddressKind(text: string, trust: Trust): string | null {
  if (isIP(text) === 0) return 'unreadable';
  // An IPv4 address that is mapped into IPv6 is what it is by itself.
  const address: Address = ipaddr.process(isIP(text) === 6 ? hexadecimal(text) : text);
  if (METADATA.includes(address.toString())) return 'cloud metadata';
  const range = rangeOf(address);
  if (range === 'unicast' || (trust === 'listed' && INSIDE.includes(range))) return null;
  return WORDS[range] ?? 'reserved';
}

/** As a URL spells it, without zone: ipaddr.js takes `::127.0.0.1` for the mapped address that it is not. */
function hexadecimal(address: string): string {
  const [bare = ''] = address.split('%', 1);
  return new URL(`http://[${bare}]`).hostname.slice(1, -1);
}

function rangeOf(address: Address): string {
  const range = address.range();
  if (range !== 'unicast' || address instanceof ipaddr.IPv4) return range;
  return address.match(GLOBAL_UNICAST) ? range : 'reserved';
}
