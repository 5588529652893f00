// Bearer tokens for callbacks: issued to configured clients, verified with each callback. JWTs (RFC 7519).

import { errors, jwtVerify, SignJWT } from 'jose';
import { deriveKey } from '../lib/derive-key.ts';
import type { World } from '../lib/world.ts';

export const TOKEN_PATH = '/webhook/token';

/** A client that may obtain tokens. Several keys may have the same name, so that keys can be rotated. */
export interface TokenClient {
  readonly name: string;
  readonly key: string;
}

export interface TokenRule {
  readonly clients: readonly TokenClient[];
  readonly lifetimeSeconds: number;
}

export interface IssuedToken {
  readonly token: string;
  readonly lifetimeSeconds: number;
}

export interface CallbackTokens {
  readonly clients: readonly TokenClient[];
  issue(client: string): Promise<IssuedToken>;
  /** `bad`: not issued by this receiver, or issued to a client that has been removed. */
  verify(token: string): Promise<'good' | 'expired' | 'bad'>;
}

/** Creates the issuer: the first secret signs, all secrets verify. */
export function createCallbackTokens(
  { clients, lifetimeSeconds }: TokenRule,
  secrets: readonly [string, ...string[]],
  world: Pick<World, 'now'>,
): CallbackTokens {
  const [signing, ...others] = secrets.map((secret) => deriveKey(secret, 'callback token')) as [Buffer, ...Buffer[]];
  const names = new Set(clients.map(({ name }) => name));

  async function verdictUnder(key: Uint8Array, token: string) {
    try {
      // promise: callback-token-expires
      const options = { algorithms: ['HS256'], requiredClaims: ['sub', 'exp'], currentDate: new Date(world.now()) };
      const { payload } = await jwtVerify(token, key, options);
      return names.has(payload.sub ?? '') ? 'good' : 'bad';
    } catch (error) {
      if (error instanceof errors.JWTExpired) return 'expired';
      if (error instanceof errors.JOSEError) return 'bad';
      throw error;
    }
  }

  return {
    clients,
    issue: async (client) => {
      const issuedAt = Math.floor(world.now() / 1000);
      const token = await new SignJWT()
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(client)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + lifetimeSeconds)
        .sign(signing);
      return { token, lifetimeSeconds };
    },
    verify: async (token) => {
      const verdicts = await Promise.all([signing, ...others].map((key) => verdictUnder(key, token)));
      return verdicts.find((verdict) => verdict !== 'bad') ?? 'bad';
    },
  };
}
