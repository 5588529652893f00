// The access token: shared by all callers, renewed before it expires, one token request at a time.

import type { Json } from '../../execution/json.ts';
import type { Log } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import { TokenUnavailable } from '../port.ts';
import type { TokenRequestPart } from '../profile/token.ts';
import { createSingleFlight } from '../single-flight.ts';
import { fetchJson, type RequestGate } from './fetch-json.ts';
import { buildTokenRequest, type Credentials, secretsOf } from './token-request.ts';
import { parseTokenResponse, type TokenResponse } from './token-response.ts';

const RENEW_BEFORE_EXPIRY_MS = 300_000;

export interface AccessTokens {
  /** Returns a valid token. @throws {TokenUnavailable} */
  get(): Promise<string>;
  /** Discards a token that CXone has refused. A newer token stays. */
  drop(token: string): void;
  /** Returns the scopes that the profile requires and the last token lacks; empty if its response named no scopes. */
  missingScopes(): readonly string[];
  /** Returns the claims of the last token, id token first; empty without a token or for an opaque one. */
  claims(): readonly Json[];
  /** Returns everything that no message may repeat: each secret in each of its forms, and the token. */
  secrets(): string[];
}

export interface AccessTokenOptions extends RequestGate {
  readonly part: TokenRequestPart;
  /** Returns the URL of the token endpoint. @throws {TokenUnavailable} */
  readonly url: () => Promise<string>;
  readonly credentials: Credentials;
  readonly world: World;
  readonly log: Log;
}

interface Grant extends TokenResponse {
  readonly renewAt: number;
  readonly endsAt: number;
}

export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { part, credentials, world, log } = options;
  const renew = createSingleFlight(world, ask);
  let grant: Grant | null = null;
  let missing: readonly string[] = [];
  let claims: readonly Json[] = [];

  async function ask(): Promise<Grant> {
    const url = await options.url();
    const begun = world.now();
    const answer = await fetchJson(options, buildTokenRequest(part, url, credentials), 'token request', secrets());
    const read = parseTokenResponse(part.answer, answer, begun);
    if (read === null) {
      const place = part.answer.accessToken;
      throw new TokenUnavailable(`the answer to the token request has no usable token at "${place}"`);
    }
    checkScopes(read.scopes);
    claims = read.claims;
    const endsAt = begun + read.lifeMs;
    grant = { ...read, endsAt, renewAt: endsAt - Math.min(RENEW_BEFORE_EXPIRY_MS, read.lifeMs / 2) };
    return grant;
  }

  function checkScopes(granted: readonly string[] | null): void {
    const lacking = granted === null ? [] : part.requiredScopes.filter((scope) => !granted.includes(scope));
    const known = lacking.join() === missing.join();
    missing = lacking;
    if (lacking.length === 0 || known) return;
    log.warn(
      { missingScopes: lacking },
      'the token lacks scopes: the cause of most 403 answers; grant them to the client',
    );
  }

  function secrets(): string[] {
    return [...secretsOf(credentials), grant?.token ?? ''];
  }

  return {
    get: async () => {
      const held = grant;
      if (held !== null && world.now() < held.renewAt) return held.token;
      try {
        return (await renew()).token;
      } catch (error) {
        // A renewal may fail while the old token is still valid.
        if (held !== null && grant === held && world.now() < held.endsAt) return held.token;
        throw error;
      }
    },
    drop: (token) => {
      if (grant?.token === token) grant = null;
    },
    missingScopes: () => missing,
    claims: () => claims,
    secrets,
  };
}
