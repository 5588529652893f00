// Access tokens: given for client credentials (RFC 6749, section 4.4), checked, expired and revoked.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { SimulatorOptions } from './options.ts';

export interface Tokens {
  /** Whether these are the client's credentials. */
  know(clientId: string, clientSecret: string): boolean;
  /** The body of a token answer. */
  issue(): { access_token: string; token_type: 'Bearer'; expires_in: number; scope?: string };
  /** Whether the token counts now. */
  valid(token: string): boolean;
  /** No token given so far counts any longer. */
  revoke(): void;
}

export function createTokens(
  settings: Pick<SimulatorOptions, 'world' | 'clientId' | 'clientSecret' | 'scope' | 'tokenSeconds'>,
): Tokens {
  const { world, scope, tokenSeconds } = settings;
  const expiries = new Map<string, number>();
  return {
    know: (clientId, clientSecret) => same(clientId, settings.clientId) && same(clientSecret, settings.clientSecret),
    issue: () => {
      const now = world.now();
      for (const [token, expiry] of expiries) if (expiry <= now) expiries.delete(token);
      const token = `simulated-${world.id(now)}`;
      expiries.set(token, now + tokenSeconds * 1000);
      return {
        access_token: token,
        token_type: 'Bearer',
        expires_in: tokenSeconds,
        ...(scope === null ? {} : { scope }),
      };
    },
    valid: (token) => (expiries.get(token) ?? 0) > world.now(),
    revoke: () => expiries.clear(),
  };
}

function same(given: string, known: string): boolean {
  return timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(known).digest());
}
