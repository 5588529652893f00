// SSRF guard. Addresses are checked after DNS resolution, at connect time, so a name cannot pass the check and then resolve to another address.

import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { createTunnelConnector } from '../lib/proxy/connect.ts';
import type { HttpProxy } from '../lib/proxy/proxy.ts';
import { refusedAddressKind, type Trust } from './address-policy.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Resolves a name to all its addresses. */
export type ResolveHostname = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** The connection was refused before it was opened. */
class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** @param timeoutMs time limit for connecting */
export function createGuardedConnector(
  trust: Trust,
  resolve: ResolveHostname,
  timeoutMs: number,
): buildConnector.connector {
  const connect = buildConnector({ lookup: checkedLookup(trust, resolve), timeout: timeoutMs });
  return (options, callback) => {
    // A literal address is never looked up, so it is checked here.
    const host = options.hostname.replace(/^\[|\]$/g, '');
    const kind = isIP(host) > 0 ? refusedAddressKind(host, trust) : null;
    if (kind === null) connect(options, callback);
    else callback(refusal('the address', [kind]), null);
  };
}

/**
 * Connects through a proxy. The proxy gets a checked address instead of the name: it cannot resolve the name to another one.
 * @param timeoutMs time limit for each step of connecting
 */
export function createGuardedTunnel(
  trust: Trust,
  resolve: ResolveHostname,
  { proxy, timeoutMs }: { readonly proxy: HttpProxy; readonly timeoutMs: number },
): buildConnector.connector {
  const lookUp = checkedLookup(trust, resolve);
  const hostFor = (hostname: string) =>
    new Promise<string>((found, fail) => {
      const host = hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) > 0) {
        const kind = refusedAddressKind(host, trust);
        if (kind === null) found(hostname);
        else fail(refusal('the address', [kind]));
        return;
      }
      lookUp(host, { all: true }, (error, addresses) => {
        if (error !== null) return fail(error);
        const [first] = (addresses as ResolvedAddress[]).toSorted((a, b) => a.family - b.family);
        if (first === undefined) return fail(refusal('the name leads to an address', []));
        found(first.family === 6 ? `[${first.address}]` : first.address);
      });
    });
  // promise: proxy-gets-checked-addresses
  return createTunnelConnector(proxy, { timeoutMs, hostFor });
}

/** Passes on exactly the checked addresses: a second DNS query could return others. */
function checkedLookup(trust: Trust, resolve: ResolveHostname): LookupFunction {
  const inFlight = new Map<string, Promise<readonly ResolvedAddress[]>>();

  /** One query per name at a time. */
  function resolveOnce(hostname: string): Promise<readonly ResolvedAddress[]> {
    const addresses = inFlight.get(hostname) ?? resolve(hostname).finally(() => inFlight.delete(hostname));
    inFlight.set(hostname, addresses);
    return addresses;
  }

  async function checked(hostname: string): Promise<{ address: string; family: number }[]> {
    const all = await resolveOnce(hostname);
    const judged = all.map((resolved) => ({ ...resolved, kind: refusedAddressKind(resolved.address, trust) }));
    // promise: private-addresses-are-refused
    const passed = judged.filter(({ kind }) => kind === null);
    if (passed.length === 0)
      throw refusal(
        'the name leads to an address',
        judged.flatMap(({ kind }) => kind ?? []),
      );
    return passed.map(({ address, family }) => ({ address, family }));
  }

  return (hostname, options, callback) => {
    checked(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all) callback(null, addresses);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, options.all ? [] : ''),
    );
  };
}

function refusal(subject: string, kinds: readonly string[]): AddressRefused {
  const names = kinds.length === 0 ? 'none' : [...new Set(kinds)].join(', ');
  return new AddressRefused(`${subject} that may not be called (${names})`);
}
