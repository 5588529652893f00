// The names of this machine's hosts file, and the search domains of its resolver configuration. Pure, apart from reading both files.

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ResolvedAddress } from './guarded-connect.ts';

/** resolv.conf(5): at most this many dots are accepted. */
const MAX_NDOTS = 15;

/** Returns the addresses that a hosts file (hosts(5)) gives a name. */
export function addressesInHosts(text: string, hostname: string): ResolvedAddress[] {
  const wanted = hostname.toLowerCase().replace(/\.$/, '');
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = isIP(address);
    return family > 0 && names.some((name) => name.toLowerCase() === wanted) ? [{ address, family }] : [];
  });
}

/** Returns the names to query for a host name, in order, as resolv.conf(5) describes `search` and `ndots`. */
export function namesToQuery(resolvConf: string, hostname: string): string[] {
  if (hostname.endsWith('.')) return [hostname.slice(0, -1)];
  let domains: string[] = [];
  let ndots = 1;
  for (const line of resolvConf.split('\n')) {
    const [keyword = '', ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    // The last search or domain line counts.
    if (keyword === 'search') domains = values;
    if (keyword === 'domain') domains = values.slice(0, 1);
    if (keyword !== 'options') continue;
    for (const value of values) {
      const dots = /^ndots:(\d+)$/.exec(value)?.[1];
      if (dots !== undefined) ndots = Math.min(Number(dots), MAX_NDOTS);
    }
  }
  const searched = domains
    .map((domain) => `${hostname}.${domain.replace(/^\.|\.$/g, '')}`)
    .filter((name) => !name.endsWith('.'));
  const dots = hostname.split('.').length - 1;
  return dots >= ndots ? [hostname, ...searched] : [...searched, hostname];
}

/** Returns the text of a system file; an empty text if this system has none. */
export function readSystemFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES') return '';
    throw error;
  }
}
