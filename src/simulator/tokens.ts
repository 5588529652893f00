// Access tokens: issued for credentials (RFC 6749), checked, expired and revoked.

import { createHash, timingSafeEqual } from 'node:crypto';
import { isoTime } from '../lib/time.ts';
import { dialectOf } from './dialects.ts';
import type { SimulatorOptions } from './options.ts';

export type Tokens = ReturnType<typeof createTokens>;

export function createTokens(settings: SimulatorOptions) {
  const { world, scope, tokenSeconds, tokenDelayMs, singleToken, jwtSeconds } = settings;
  const validFrom = new Map<string, number>();
  const manner = dialectOf(settings.dialect).token;
  const isJwt = manner !== 'client' || jwtSeconds > 0;
  const expiries = new Map<string, number>(
    manner === 'static' ? [[settings.staticToken, Number.POSITIVE_INFINITY]] : [],
  );
  return {
    /** Returns whether the client credentials are right. */
    know: (clientId: string, clientSecret: string) =>
      same(clientId, settings.clientId) && same(clientSecret, settings.clientSecret),
    /** Returns whether the access key is right. */
    knowKey: (id: string, secret: string) => same(id, settings.accessKeyId) && same(secret, settings.accessKeySecret),
    /** Issues a token. Returns the body of the token response. */
    issue: (): { access_token: string; token_type: 'Bearer'; expires_in?: number | string; scope?: string } => {
      const now = world.now();
      for (const [token, expiry] of expiries) if (expiry <= now) expiries.delete(token);
      const expiry = now + 1000 * Math.min(jwtSeconds || tokenSeconds, tokenSeconds);
      const name = `simulated-${world.id(now)}`;
      const token = isJwt ? jwt({ jti: name, tenantId: settings.tenantId, exp: expiry / 1000 }) : name;
      if (singleToken) expiries.clear();
      expiries.set(token, expiry);
      if (tokenDelayMs > 0) validFrom.set(token, now + tokenDelayMs);
      return {
        access_token: token,
        token_type: 'Bearer',
        ...expiresInOf(settings, now),
        ...(scope === null ? {} : { scope }),
      };
    },
    /** Returns whether the token is valid now. */
    valid: (token: string) => (expiries.get(token) ?? 0) > world.now() && (validFrom.get(token) ?? 0) <= world.now(),
    /** Revokes all issued tokens. */
    revoke: (): void => expiries.clear(),
  };
}

function expiresInOf(
  { expiresIn: form, tokenSeconds: seconds }: SimulatorOptions,
  now: number,
): { expires_in?: number | string } {
  switch (form) {
    case 'seconds':
      return { expires_in: seconds };
    case 'text':
      return { expires_in: String(seconds) };
    case 'float':
      return { expires_in: seconds + 0.25 };
    case 'milliseconds':
      return { expires_in: seconds * 1000 };
    case 'date':
      return { expires_in: isoTime(now + seconds * 1000) };
    case 'none':
      return {};
    default:
      return form satisfies never;
  }
}

/** Returns a JSON Web Token (RFC 7519) with readable claims and a placeholder as signature, which only the simulator checks. */
function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${Buffer.from('simulated').toString('base64url')}`;
}

function same(given: string, known: string): boolean {
  return timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(known).digest());
}
