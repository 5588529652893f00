// Resolves host names that apps chose, apart from all other look-ups: without libuv's threads, in bounded time, few at a time.

import { Resolver } from 'node:dns/promises';
import type { World } from '../lib/world.ts';
import type { ResolvedAddress, ResolveHostname } from './guarded-connect.ts';
import { addressesInHosts, namesToQuery, readSystemFile } from './host-names.ts';

/** From the first query for a name to the last response. */
const TIMEOUT_MS = 5_000;

/** Look-ups of one app at a time. */
const MAX_CONCURRENT = 4;

export interface HostnameResolverOptions {
  readonly world: Pick<World, 'sleep'>;
  /** Default: the files and servers of this system. */
  readonly hostsPath?: string;
  readonly resolvConfPath?: string;
  readonly servers?: readonly string[];
}

/**
 * Returns a resolver for the hosts file and DNS with search domains. getaddrinfo would also ask other sources, but it occupies
 * one of the four threads that serve the files and the names of the whole process, and it cannot be cancelled.
 */
export function createHostnameResolver({
  world,
  hostsPath = '/etc/hosts',
  resolvConfPath = '/etc/resolv.conf',
  servers,
}: HostnameResolverOptions): ResolveHostname {
  return async (hostname) => {
    const listed = addressesInHosts(readSystemFile(hostsPath), hostname);
    if (listed.length > 0) return listed;
    // A resolver for each name: cancelling one cancels all its queries.
    const resolver = new Resolver();
    if (servers !== undefined) resolver.setServers(servers);
    const done = new AbortController();
    let isLate = false;
    void world.sleep(TIMEOUT_MS, done.signal).then(() => {
      if (done.signal.aborted) return;
      isLate = true;
      resolver.cancel();
    });
    try {
      return await firstFound(resolver, namesToQuery(readSystemFile(resolvConfPath), hostname));
    } catch (error) {
      throw isLate ? new Error(`the name was not resolved within ${TIMEOUT_MS / 1000} s`) : error;
    } finally {
      done.abort();
    }
  };
}

/** @throws the error of the last name */
async function firstFound(resolver: Resolver, names: readonly string[]): Promise<ResolvedAddress[]> {
  let failure: unknown = null;
  for (const name of names) {
    try {
      return await addressesOf(resolver, name);
    } catch (error) {
      if (!isMissing(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

async function addressesOf(resolver: Resolver, name: string): Promise<ResolvedAddress[]> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const found = [
    ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
    ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
  ];
  if (found.length > 0) return found;
  const reasons = [v4, v6].flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  throw reasons.find((reason) => !isMissing(reason)) ?? reasons[0];
}

function isMissing(error: unknown): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOTFOUND' || code === 'ENODATA';
}

/** Returns `resolve` for one app: further look-ups wait for those under way. */
export function limitedResolver(resolve: ResolveHostname, maxConcurrent = MAX_CONCURRENT): ResolveHostname {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  return async (hostname) => {
    // promise: few-lookups-per-app
    if (underWay >= maxConcurrent) await new Promise<void>((start) => waiting.push(start));
    else underWay += 1;
    try {
      return await resolve(hostname);
    } finally {
      // A look-up that waits takes the place of this one.
      const next = waiting.shift();
      if (next === undefined) underWay -= 1;
      else next();
    }
  };
}
