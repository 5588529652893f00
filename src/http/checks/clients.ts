// Who a request comes from, as far as the proxies in front of the receiver can be believed.

import type { Context } from 'hono';
import { clientNetwork, readAddress } from './addresses.ts';

export interface Clients {
  /** The client's address; null when it cannot be told, such as when fewer proxies than stated have passed it on. */
  addressOf(c: Context): string | null;
  /** Whose failures count together: never null, and never of a client's own choosing. */
  allowanceOf(c: Context): string;
}

/** `trustedProxies`: how many stand in front, each of which adds the address it was called from to X-Forwarded-For. */
export function createClients(trustedProxies: number): Clients {
  const addressOf = (c: Context) => clientAddress(peerOf(c), c.req.raw.headers.get('x-forwarded-for'), trustedProxies);
  return {
    addressOf,
    allowanceOf: (c) => {
      const address = addressOf(c) ?? clientAddress(peerOf(c), null, 0);
      return address === null ? 'unknown' : clientNetwork(address);
    },
  };
}

/** The n-th address from the right of X-Forwarded-For, n being the number of trusted proxies; with 0 the peer's own. */
export function clientAddress(peer: string | null, forwardedFor: string | null, trustedProxies: number): string | null {
  // Everything further left may have been written by the client itself.
  const claimed = trustedProxies === 0 ? peer : forwardedFor?.split(',').at(-trustedProxies);
  return readAddress(claimed?.trim() ?? '');
}

/** The address at the other end of the connection, as the listener saw it. */
function peerOf(c: Context): string | null {
  const { peer } = c.env as { readonly peer?: string | null };
  return peer ?? null;
}
