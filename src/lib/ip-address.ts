// IP addresses and ranges (CIDR, RFC 4632 and RFC 4291): parsed in any spelling, compared in one.

import { BlockList, isIP, isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

const MAPPED_BITS = 96;

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Parses an address without port or brackets; a zone is ignored. An IPv4 address that is mapped into IPv6
 * (`::ffff:192.0.2.1`) becomes the IPv4 address. Returns null for anything else.
 */
export function readIpAddress(text: string): IpAddress | null {
  const [bare = ''] = text.split('%', 1);
  if (isIP(bare) === 0) return null;
  // The URL parser writes groups in hexadecimal: ipaddr.js takes `::127.0.0.1` for a mapped address, which it is not.
  return ipaddr.process(isIPv4(bare) ? bare : new URL(`http://[${bare}]`).hostname.slice(1, -1));
}

/** Returns the canonical spelling (RFC 5952) of an address that may have a port, brackets or a zone; null for anything else. */
export function parseAddress(text: string): string | null {
  const [, bracketed] = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text) ?? [];
  const [, withPort] = /^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  return readIpAddress(bracketed ?? withPort ?? text)?.toString() ?? null;
}

/** Returns the network that shares one rate limit: an IPv4 address, or the /64 that a single IPv6 client usually owns. */
export function clientNetwork(address: string): string {
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) return address;
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}

export interface AddressRange {
  readonly address: string;
  readonly bits: number;
}

/** Parses an address or a range, for example `192.0.2.0/24` or `2001:db8::/32`. Returns null for anything else. */
export function parseRange(text: string): AddressRange | null {
  const [, address = '', suffix] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const length = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  const bits = suffix === undefined ? length : Number(suffix);
  if (length === 0 || bits > length) return null;
  const mapped = length === 128 && bits >= MAPPED_BITS ? readIpAddress(address) : null;
  return mapped instanceof ipaddr.IPv4 ? { address: mapped.toString(), bits: bits - MAPPED_BITS } : { address, bits };
}

/** Returns whether an address, as {@link parseAddress} spells it, is in one of the ranges. */
export function createAddressMatcher(ranges: readonly AddressRange[]): (address: string) => boolean {
  // One list per family: BlockList lets an IPv6 range like `::/0` match mapped IPv4 addresses.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { address, bits } of ranges) lists[family(address)].addSubnet(address, bits, family(address));
  return (address) => lists[family(address)].check(address, family(address));
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
