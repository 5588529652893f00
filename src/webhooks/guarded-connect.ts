// Opens connections to checked addresses only: what a name stands for is looked at when it is connected to, not before.

import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { refusedAddressKind, type Trust } from './address-policy.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Every address of a name. */
export type ResolveHostname = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export const resolveHostname: ResolveHostname = (hostname) =>
  new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });

/** No connection was made: where it would have led is not for us to go. */
class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** @param timeoutMs what connecting may take. */
export function createGuardedConnector(
  trust: Trust,
  resolve: ResolveHostname,
  timeoutMs: number,
): buildConnector.connector {
  const connect = buildConnector({ lookup: checkedLookup(trust, resolve), timeout: timeoutMs });
  return (options, callback) => {
    // An address in place of a name is never looked up.
    const host = options.hostname.replace(/^\[|\]$/g, '');
    const kind = isIP(host) > 0 ? refusedAddressKind(host, trust) : null;
    if (kind === null) connect(options, callback);
    else callback(refusal('the address', [kind]), null);
  };
}

/** Hands on what was checked and nothing else, so that no second answer of a name server can be another one. */
function checkedLookup(trust: Trust, resolve: ResolveHostname): LookupFunction {
  const underWay = new Map<string, Promise<readonly ResolvedAddress[]>>();

  /** However many want to connect, a name is asked for once at a time: name servers may be slow, and few can be asked. */
  function resolveOnce(hostname: string): Promise<readonly ResolvedAddress[]> {
    const found = underWay.get(hostname) ?? resolve(hostname).finally(() => underWay.delete(hostname));
    underWay.set(hostname, found);
    return found;
  }

  async function checked(hostname: string): Promise<{ address: string; family: number }[]> {
    const all = await resolveOnce(hostname);
    const judged = all.map((one) => ({ ...one, kind: refusedAddressKind(one.address, trust) }));
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

function refusal(what: string, kinds: readonly string[]): AddressRefused {
  const said = kinds.length === 0 ? 'none' : [...new Set(kinds)].join(', ');
  return new AddressRefused(`${what} that may not be called (${said})`);
}
