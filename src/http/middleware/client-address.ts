// The client address of a request, as far as it comes from trusted proxies.

import type { Context } from 'hono';
import { clientNetwork, parseAddress } from '../../lib/ip-address.ts';
import type { RequestHeaders } from '../fetch.ts';

/** What the client address is derived from. */
export interface RequestOrigin {
  readonly headers: RequestHeaders;
  /** The remote address of the connection. */
  readonly peer: string | null;
}

/** `trustedProxies` is the number of proxies in front, each of which appends its client's address to X-Forwarded-For. */
export function createClientAddresses(trustedProxies: number) {
  const addressOf = ({ peer, headers }: RequestOrigin) =>
    clientAddress(peer, headers.get('x-forwarded-for'), trustedProxies);
  return {
    /** Returns the client's address; null if it is unknown, for example if fewer proxies than configured forwarded the request. */
    addressOf,
    /** Returns the network whose failures count together. A client cannot choose it. */
    throttleKey: (origin: RequestOrigin): string => {
      const address = addressOf(origin) ?? clientAddress(origin.peer, null, 0);
      return address === null ? 'unknown' : clientNetwork(address);
    },
  };
}

/** Returns the n-th address from the right of X-Forwarded-For for n trusted proxies; the peer's address for 0. */
export function clientAddress(peer: string | null, forwardedFor: string | null, trustedProxies: number): string | null {
  // The client itself may have written everything further left.
  const claimed = trustedProxies === 0 ? peer : forwardedFor?.split(',').at(-trustedProxies);
  return parseAddress(claimed?.trim() ?? '');
}

export function requestOrigin(c: Context): RequestOrigin {
  const { peer = null } = c.env as { readonly peer?: string | null };
  return { headers: c.req.raw.headers, peer };
}
