// Addresses of CXone's host names: cached, and used beyond their lifetime while DNS is slow or down (RFC 8767).

import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { forgetBeyond } from '../lib/bounded.ts';
import type { World } from '../lib/world.ts';

/** How long addresses are used without a query; getaddrinfo does not report their time to live. */
const FRESH_MS = 30_000;
/** How long addresses are used while queries fail or take long. */
const MAX_STALE_MS = 3_600_000;
/** How long a connection waits for a query although there are addresses. */
const MAX_WAIT_MS = 250;
const MAX_NAMES = 100;

export type ResolveName = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface CachedLookup {
  readonly lookup: LookupFunction;
  /** The hosts may have moved: each name is queried again before its addresses are used, if that is possible. */
  expire(): void;
}

interface Entry {
  readonly addresses: readonly LookupAddress[];
  readonly loadedAt: number;
  isExpired: boolean;
}

/** One function because the cached addresses and the queries under way change together. */
export function createCachedLookup(
  { elapsed, sleep }: Pick<World, 'elapsed' | 'sleep'>,
  resolve: ResolveName = resolveBySystem,
): CachedLookup {
  const entries = new Map<string, Entry>();
  const queries = new Map<string, Promise<readonly LookupAddress[]>>();

  /** One query per name at a time: getaddrinfo occupies one of libuv's few threads. */
  function query(hostname: string): Promise<readonly LookupAddress[]> {
    const running = queries.get(hostname) ?? load(hostname).finally(() => queries.delete(hostname));
    queries.set(hostname, running);
    return running;
  }

  async function load(hostname: string): Promise<readonly LookupAddress[]> {
    const addresses = await resolve(hostname);
    entries.delete(hostname);
    entries.set(hostname, { addresses, loadedAt: elapsed(), isExpired: false });
    forgetBeyond(entries, MAX_NAMES);
    return addresses;
  }

  async function addressesOf(hostname: string): Promise<readonly LookupAddress[]> {
    const entry = entries.get(hostname);
    const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : elapsed() - entry.loadedAt;
    if (entry === undefined || ageMs >= MAX_STALE_MS) return query(hostname);
    if (ageMs < FRESH_MS && !entry.isExpired) return entry.addresses;
    // While a query already takes long, no further connection waits for it.
    const isSlow = queries.has(hostname);
    // promise: stale-addresses-while-dns-is-slow
    const fresh = query(hostname).catch(() => entry.addresses);
    return isSlow ? entry.addresses : withinWait(fresh, entry.addresses);
  }

  async function withinWait<T>(value: Promise<T>, otherwise: T): Promise<T> {
    const done = new AbortController();
    const wait = sleep(MAX_WAIT_MS, done.signal).then(() => otherwise);
    return Promise.race([value, wait]).finally(() => done.abort());
  }

  return {
    lookup: (hostname, options, callback) => {
      const family = familyOf(options.family);
      addressesOf(hostname).then(
        (all) => {
          const found = all.filter((one) => family === 0 || one.family === family);
          const [first] = found;
          if (first === undefined) callback(noAddress(hostname, family), options.all ? [] : '');
          else if (options.all) callback(null, [...found]);
          else callback(null, first.address, first.family);
        },
        (error: NodeJS.ErrnoException) => callback(error, options.all ? [] : ''),
      );
    },
    expire: () => {
      for (const entry of entries.values()) entry.isExpired = true;
    },
  };
}

const resolveBySystem: ResolveName = (hostname) =>
  new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });

/** Returns 4, 6, or 0 for any. */
function familyOf(family: number | 'IPv4' | 'IPv6' | undefined): number {
  if (typeof family === 'string') return family === 'IPv6' ? 6 : 4;
  return family ?? 0;
}

function noAddress(hostname: string, family: number): NodeJS.ErrnoException {
  const what = family === 0 ? 'address' : `IPv${family} address`;
  return Object.assign(new Error(`${hostname} has no ${what}`), { code: 'ENOTFOUND' });
}
