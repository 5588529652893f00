// Parses the response to a token request: token, lifetime, scopes and claims. Pure.

import { decodeJwt } from 'jose';
import { isJsonObject, type Json, scalarText } from '../../execution/json.ts';
import { parseMoment } from '../../lib/time.ts';
import { find } from '../json-pointer.ts';
import type { TokenRequestPart } from '../profile/token.ts';

/** Lifetime of a token whose response does not state one: shorter than almost any real lifetime. */
const ASSUMED_LIFE_MS = 600_000;

/** A larger lifetime is in milliseconds: no token lives longer than two days. */
const MAX_SECONDS = 172_800;

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
  /** The API's base URL as the response names it, unchecked; null if it names none. */
  readonly baseUrl: Json;
}

/** Returns null without a usable token. `now` is the time of the request. */
export function parseTokenResponse(part: TokenRequestPart['answer'], answer: Json, now: number): TokenResponse | null {
  const token = find(answer, part.accessToken);
  if (typeof token !== 'string' || !USABLE_TOKEN.test(token)) return null;
  const idToken = part.idToken === null ? null : find(answer, part.idToken);
  const stated = lifeOf(part.expiresIn === null ? null : find(answer, part.expiresIn), now);
  const lives = [stated, lifeOfJwt(token, now)].filter((life) => life !== null);
  return {
    token,
    // promise: earlier-expiry-counts
    lifeMs: lives.length === 0 ? ASSUMED_LIFE_MS : Math.min(...lives),
    scopes: scopesIn(part.scope === null ? null : find(answer, part.scope)),
    claims: [claimsOf(idToken), claimsOf(token)],
    baseUrl: part.baseUrl === null ? null : find(answer, part.baseUrl),
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

/** For an expired token one of the two clocks is wrong: then `iat` and `exp` give the lifetime, or null. */
function lifeOfJwt(token: string, now: number): number | null {
  const expiry = expiryOf(token);
  if (expiry === null) return null;
  if (expiry > now) return expiry - now;
  const claims = claimsOf(token);
  const issued = isJsonObject(claims) ? claims['iat'] : null;
  return typeof issued === 'number' && expiry > issued * 1000 ? expiry - issued * 1000 : null;
}

/**
 * Returns the stated lifetime in milliseconds: seconds as a number or as text, a time, or milliseconds, which some servers
 * state. A lifetime that is too short only causes early renewals.
 */
function lifeOf(expiresIn: Json, now: number): number | null {
  const moment = parseMoment(scalarText(expiresIn) ?? '', now);
  if (moment === null || moment.inMs <= 0) return null;
  return moment.relative && moment.inMs > MAX_SECONDS * 1000 ? moment.inMs / 1000 : moment.inMs;
}

/** Scopes are one text separated by spaces (RFC 6749, 3.3) or, in some services, a list. Returns null without scopes. */
function scopesIn(named: Json): string[] | null {
  const scopes = Array.isArray(named) ? named.map(String) : (scalarText(named) ?? '').split(/[\s,]+/);
  const present = scopes.filter((scope) => scope !== '');
  return present.length === 0 ? null : present;
}
