// Who a request comes from, as far as the proxies in front of the receiver can be believed.

import type { Context } from 'hono';
import { clientNetwork, parseAddress } from '../../lib/ip-address.ts';

/** What a request tells of where it comes from. */
export interface RequestOrigin {
  readonly headers: Headers;
  /** The address at the other end of the connection, as the listener saw it. */
  readonly peer: string | null;
}

export interface ClientAddresses {
  /** The client's address; null when it cannot be told, such as when fewer proxies than stated have passed it on. */
  addressOf(caller: RequestOrigin): string | null;
  /** Whose failures count together: never null, and never of a client's own choosing. */
  throttleKey(caller: RequestOrigin): string;
}

/** `trustedProxies`: how many stand in front, each of which adds the address it was called from to X-Forwarded-For. */
export function createClientAddresses(trustedProxies: number): ClientAddresses {
  const addressOf = ({ peer, headers }: RequestOrigin) =>
    clientAddress(peer, headers.get('x-forwarded-for'), trustedProxies);
  return {
    addressOf,
    throttleKey: (caller) => {
      const address = addressOf(caller) ?? clientAddress(caller.peer, null, 0);
      return address === null ? 'unknown' : clientNetwork(address);
    },
  };
}

/** The n-th address from the right of X-Forwarded-For, n being the number of trusted proxies; with 0 the peer's own. */
export function clientAddress(peer: string | null, forwardedFor: string | null, trustedProxies: number): string | null {
  // Everything further left may have been written by the client itself.
  const claimed = trustedProxies === 0 ? peer : forwardedFor?.split(',').at(-trustedProxies);
  return parseAddress(claimed?.trim() ?? '');
}

export function requestOrigin(c: Context): RequestOrigin {
  const { peer = null } = c.env as { readonly peer?: string | null };
  return { headers: c.req.raw.headers, peer };
}
