// Parses the response to a token request: token, lifetime, scopes and claims. Pure.

import { decodeJwt } from 'jose';
import { isJsonObject, type Json, scalarText } from '../../execution/json.ts';
import { find } from '../json-pointer.ts';
import type { TokenRequestPart } from '../profile/token.ts';

/** Lifetime of a token whose response does not state one: shorter than almost any real lifetime. */
const ASSUMED_LIFE_MS = 600_000;

/** Characters that a header can carry (RFC 6750, and all other visible ASCII). */
const USABLE_TOKEN = /^[\x21-\x7e]+$/;

export interface TokenResponse {
  readonly token: string;
  /** From the time of the request. */
  readonly lifeMs: number;
  /** Null if the response names none. */
  readonly scopes: readonly string[] | null;
  /** Claims of the id token, then of the access token. Unverified: CXone verifies its own tokens. */
  readonly claims: readonly Json[];
}

/** Returns null without a usable token. `now` is the time of the request. */
export function parseTokenResponse(part: TokenRequestPart['answer'], answer: Json, now: number): TokenResponse | null {
  const token = find(answer, part.accessToken);
  if (typeof token !== 'string' || !USABLE_TOKEN.test(token)) return null;
  const idToken = part.idToken === null ? null : find(answer, part.idToken);
  const said = lifeOf(part.expiresIn === null ? null : find(answer, part.expiresIn));
  return {
    token,
    lifeMs: said ?? lifeLeft(token, now) ?? ASSUMED_LIFE_MS,
    scopes: scopesIn(part.scope === null ? null : find(answer, part.scope)),
    claims: [claimsOf(idToken), claimsOf(token)],
  };
}

/** Returns the unverified claims of a JSON Web Token (RFC 7519); null for anything else. */
export function claimsOf(token: Json): Json {
  if (typeof token !== 'string') return null;
  try {
    return decodeJwt(token) as Json;
  } catch {
    return null;
  }
}

/** Returns the `exp` of a token in milliseconds since the Unix epoch; null without one. */
export function expiryOf(token: string): number | null {
  const claims = claimsOf(token);
  const exp = isJsonObject(claims) ? claims['exp'] : null;
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : null;
}

/** Also returns null for an expired token: then one of the two clocks is wrong. */
function lifeLeft(token: string, now: number): number | null {
  const left = (expiryOf(token) ?? now) - now;
  return left > 0 ? left : null;
}

/** Converts seconds, as a number or as text, to milliseconds. */
function lifeOf(expiresIn: Json): number | null {
  const text = scalarText(expiresIn)?.trim() ?? '';
  const milliseconds = text === '' ? Number.NaN : Number(text) * 1000;
  return Number.isFinite(milliseconds) && milliseconds > 0 ? milliseconds : null;
}

/** Scopes are one text separated by spaces (RFC 6749, 3.3) or, in some services, a list. Returns null without scopes. */
function scopesIn(named: Json): string[] | null {
  const scopes = Array.isArray(named) ? named.map(String) : (scalarText(named) ?? '').split(/[\s,]+/);
  const present = scopes.filter((scope) => scope !== '');
  return present.length === 0 ? null : present;
}
