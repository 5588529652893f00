// IP addresses and ranges (CIDR, RFC 4632 and RFC 4291): read in whatever spelling, compared in one.

import { BlockList, isIP, isIPv4 } from 'node:net';

const MAPPED_BITS = 96;

/**
 * One spelling per address: lower case, the shortest form, without port, brackets or zone, and an IPv4 address that is
 * mapped into IPv6 (`::ffff:192.0.2.1`) as the IPv4 address it is. Null for what is no address.
 */
export function parseAddress(text: string): string | null {
  const [, bracketed] = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text) ?? [];
  const [, withPort] = /^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  const [bare = ''] = (bracketed ?? withPort ?? text).split('%', 1);
  if (isIP(bare) === 0) return null;
  return isIPv4(bare) ? bare : (unmapped(bare) ?? shortest(bare));
}

/** Who shares one allowance: an IPv4 address, or the /64 that a single IPv6 client usually has all of. */
export function clientNetwork(address: string): string {
  return isIPv4(address) ? address : `${groupsOf(address).slice(0, 4).join(':')}::/64`;
}

export interface AddressRange {
  readonly address: string;
  readonly bits: number;
}

/** An address or a range such as `192.0.2.0/24` or `2001:db8::/32`; null for anything else. */
export function parseRange(text: string): AddressRange | null {
  const [, address = '', given] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const length = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  const bits = given === undefined ? length : Number(given);
  if (length === 0 || bits > length) return null;
  const inner = length === 128 && bits >= MAPPED_BITS ? unmapped(address) : null;
  return inner === null ? { address, bits } : { address: inner, bits: bits - MAPPED_BITS };
}

/** Whether an address, as {@link parseAddress} spells it, lies in one of the ranges. */
export function createAddressMatcher(ranges: readonly AddressRange[]): (address: string) => boolean {
  // One list each: a range of IPv6 such as `::/0` says nothing about IPv4, though IPv4 can be mapped into it.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { address, bits } of ranges) lists[family(address)].addSubnet(address, bits, family(address));
  return (address) => lists[family(address)].check(address, family(address));
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

function unmapped(address: string): string | null {
  const groups = groupsOf(shortest(address));
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return null;
  const [high, low] = groups.slice(6).map((group) => Number.parseInt(group, 16)) as [number, number];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** RFC 5952, but for mapped addresses, as a URL spells it. */
function shortest(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

function groupsOf(address: string): string[] {
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  return [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
}
