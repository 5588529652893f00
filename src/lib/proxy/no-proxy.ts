// NO_PROXY: the hosts that are reached without a proxy. No specification exists; this reads what curl, Go and Node read. Pure.

import { type AddressRange, createAddressMatcher, parseAddress, parseRange } from '../ip-address.ts';

/** One entry: every host, a host with all below it, or a range of addresses; `port` limits it to one port. */
export type ProxyException = { readonly port: string | null } & (
  | { readonly kind: 'all' }
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'range'; readonly range: AddressRange }
);

const HOST = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/** Parses entries separated by commas or spaces. `unreadable` are the places, from 1, of entries without effect. */
export function parseNoProxy(text: string): { readonly exceptions: ProxyException[]; readonly unreadable: number[] } {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
  const parsed = entries.map((entry) => parseEntry(entry.toLowerCase()));
  return {
    exceptions: parsed.filter((entry) => entry !== null),
    unreadable: parsed.flatMap((entry, index) => (entry === null ? [index + 1] : [])),
  };
}

function parseEntry(entry: string): ProxyException | null {
  const whole = rangeOf(entry);
  if (whole !== null) return { kind: 'range', range: whole, port: null };
  const [, name = '', port = null] = /^(.*?)(?::(\d{1,5}))?$/.exec(entry) ?? [];
  if (name === '*') return { kind: 'all', port };
  const range = rangeOf(name);
  if (range !== null) return { kind: 'range', range, port };
  // `.example.com` and `*.example.com` are other spellings of `example.com`.
  const host = name.replace(/^\*?\./, '').replace(/\.$/, '');
  // A name that ends in a number is an address to URL parsers (WHATWG URL, section 3.5), so no host has it.
  return HOST.test(host) && !/(?:^|\.)\d+$/.test(host) ? { kind: 'host', host, port } : null;
}

/** An address, with or without brackets, or a range in CIDR notation. */
function rangeOf(text: string): AddressRange | null {
  return parseRange(text.replace(/^\[(.*)\]$/, '$1'));
}

/** Returns whether a URL is reached directly. */
export function isExempt(exceptions: readonly ProxyException[], url: URL): boolean {
  const host = url.hostname.replace(/\.$/, '');
  const address = parseAddress(host);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return exceptions.some((entry) => {
    if (entry.port !== null && entry.port !== port) return false;
    switch (entry.kind) {
      case 'all':
        return true;
      case 'host':
        return host === entry.host || host.endsWith(`.${entry.host}`);
      case 'range':
        return address !== null && createAddressMatcher([entry.range])(address);
      default:
        return entry satisfies never;
    }
  });
}
