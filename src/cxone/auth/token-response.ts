// What an answer to a token request says: the token, how long it lives, its scopes, its tenant. Pure.

import { decodeJwt } from 'jose';
import { isJsonObject, type Json, scalarText } from '../../execution/json.ts';
import { find } from '../json-pointer.ts';
import type { TokenRequestPart } from '../profile/token.ts';

/** Assumed when nothing says how long a token lives: short enough to be right almost anywhere. */
const ASSUMED_LIFE_MS = 600_000;

/** What a header can carry (RFC 6750, and every other sign that is visible). */
const USABLE_TOKEN = /^[\x21-\x7e]+$/;

export interface TokenResponse {
  readonly token: string;
  /** From the moment of the request. */
  readonly lifeMs: number;
  /** Null when the answer names none. */
  readonly scopes: readonly string[] | null;
  /** What the JWTs of the answer claim, those of the id token before those of the access token; unverified, for CXone verifies them. */
  readonly claims: readonly Json[];
}

/** Null when there is no usable token in it. `now`: of the request. */
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

/** What a JSON Web Token claims (RFC 7519), unverified; null when it is none. */
export function claimsOf(token: Json): Json {
  if (typeof token !== 'string') return null;
  try {
    return decodeJwt(token) as Json;
  } catch {
    return null;
  }
}

/** When a token ends, in milliseconds since the Unix epoch, as its `exp` has it; null when it does not tell. */
export function expiryOf(token: string): number | null {
  const claims = claimsOf(token);
  const exp = isJsonObject(claims) ? claims['exp'] : null;
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : null;
}

/** Null as well when it seems to be over: then one of the two clocks is wrong. */
function lifeLeft(token: string, now: number): number | null {
  const left = (expiryOf(token) ?? now) - now;
  return left > 0 ? left : null;
}

/** Seconds, as a number or as text, to milliseconds. */
function lifeOf(expiresIn: Json): number | null {
  const text = scalarText(expiresIn)?.trim() ?? '';
  const milliseconds = text === '' ? Number.NaN : Number(text) * 1000;
  return Number.isFinite(milliseconds) && milliseconds > 0 ? milliseconds : null;
}

/** Scopes are one text with spaces between them (RFC 6749, 3.3) or, against the book, a list; null when none are named. */
function scopesIn(named: Json): string[] | null {
  const scopes = Array.isArray(named) ? named.map(String) : (scalarText(named) ?? '').split(/[\s,]+/);
  const present = scopes.filter((scope) => scope !== '');
  return present.length === 0 ? null : present;
}
