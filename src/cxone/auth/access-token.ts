// The access token: shared by all callers, renewed in the background before it expires, one token request at a time.

import type { Json } from '../../execution/json.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import type { Move } from '../discovery/endpoints.ts';
import { statusMessage } from '../error-message.ts';
import { type Requester, type TokenPause, type TokenProblem, TokenUnavailable } from '../port.ts';
import type { NamedSecret } from '../profile/headers.ts';
import type { TokenRequestPart } from '../profile/token.ts';
import { createSingleFlight } from '../single-flight.ts';
import { createClientAssertion } from './client-assertion.ts';
import type { CredentialSource } from './credential-source.ts';
import { fetchJson, type RequestGate } from './fetch-json.ts';
import { createTokenRecord, type RefusalCause } from './token-record.ts';
import { buildTokenRequest } from './token-request.ts';
import { parseTokenResponse, type TokenResponse } from './token-response.ts';

const RENEW_BEFORE_EXPIRY_MS = 300_000;

/** Distance of renewals that refusals cause, in milliseconds. It doubles while no request passes. */
const MIN_RENEWAL_DISTANCE_MS = 5_000;
const MAX_RENEWAL_DISTANCE_MS = 60_000;

export interface AccessTokens {
  /** Returns a token that has not expired. @throws {TokenUnavailable} */
  get(): Promise<string>;
  /** A request with the token, sent at `sentAt` (`World.elapsed`), was successful. */
  accepted(token: string, requester: Requester, sentAt: number): void;
  /** CXone responded 401 to a request with the token. Returns `renew` if `get` may return another token now. */
  refused(token: string, requester: Requester): RefusalCause | 'renew';
  /** Returns why no new token is available; null while there is no problem. */
  problem(): TokenProblem | null;
  /** Returns the pause that a response of the token endpoint has asked for; null without one. */
  pause(): TokenPause | null;
  /** Takes over such a pause that a response to another receiver has caused. A longer one stays. */
  takePause(pause: TokenPause): void;
  /** Calls the listener when a response asks for a pause. */
  watchPause(listener: () => void): void;
  /** Returns the scopes that the profile requires and the last token lacks; empty if its response named no scopes. */
  missingScopes(): readonly string[];
  /** Returns the claims of the last token, id token first; empty without a token or for an opaque one. */
  claims(): readonly Json[];
  /** Returns the API's base URL that the last token response named, unchecked; null without one. */
  baseUrl(): Json;
  /** Returns everything that no message may repeat: each secret in each of its forms, and the token. */
  secrets(): string[];
}

export interface AccessTokenOptions extends RequestGate {
  readonly part: TokenRequestPart;
  /** Returns the URL of the token endpoint. @throws {TokenUnavailable} */
  readonly url: () => Promise<string>;
  /** Returns whether the token endpoint has moved from a URL at which a request failed. */
  readonly moveOf: (url: string) => Promise<Move>;
  readonly credentials: CredentialSource;
  /** The secrets of the profile's headers. */
  readonly headerSecrets?: readonly NamedSecret[];
  readonly world: World;
  readonly log: Log;
}

/** Times of `World.elapsed`: no step of the wall clock makes a token older or younger. */
interface Grant extends TokenResponse {
  readonly renewAt: number;
  readonly endsAt: number;
}

/** One function because the token, its problem and its renewal change together. */
export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { part, credentials, headerSecrets = [], world, log } = options;
  let paused = () => {};
  const flight = createSingleFlight(world, ask, () => paused());
  const record = createTokenRecord(world.elapsed);
  const spacing = createRenewalSpacing(world);
  const scopes = createScopeCheck(part, log);
  let grant: Grant | null = null;
  /** True if CXone refused the token: requests wait for the next one. */
  let isRefused = false;
  let problem: TokenProblem | null = null;
  let claims: readonly Json[] = [];
  let assertion = '';

  async function ask(): Promise<Grant> {
    try {
      return await askOnce();
    } catch (error) {
      // promise: rewritten-secret-is-read-again
      if (!isCredentialRefusal(error) || !credentials.refresh()) throw error;
      log.info({}, 'CXone refused the credentials; their files have changed and were read again');
      return askOnce();
    }
  }

  async function askOnce(): Promise<Grant> {
    const url = await options.url();
    try {
      return await askAt(url);
    } catch (error) {
      if (!(error instanceof TokenUnavailable) || !suggestsMove(error)) throw error;
      const move = await options.moveOf(url);
      if (move.type !== 'moved') throw error;
      return askAt(move.to);
    }
  }

  async function askAt(url: string): Promise<Grant> {
    const [begun, begunAt] = [world.elapsed(), world.now()];
    const current = credentials.current();
    if (part.clientAuthentication === 'private-key-jwt')
      assertion = await createClientAssertion(part, url, current, world);
    const request = buildTokenRequest(part, url, current, { assertion, secrets: headerSecrets });
    const { document, httpStatus, said, errorCode, cut } = await fetchJson(
      options,
      request,
      'token request',
      secrets(),
    );
    warnOfCut(cut);
    const read = parseTokenResponse(part.answer, document, begunAt);
    if (read === null) {
      const place = part.answer.accessToken;
      const message = `the answer to the token request has no usable token at "${place}"${said()}`;
      throw new TokenUnavailable(message, { httpStatus, errorCode });
    }
    scopes.check(read.scopes);
    claims = read.claims;
    const endsAt = begun + read.lifeMs;
    isRefused = false;
    grant = { ...read, endsAt, renewAt: endsAt - Math.min(RENEW_BEFORE_EXPIRY_MS, read.lifeMs / 2) };
    return grant;
  }

  let isCut = false;
  function warnOfCut(cut: string | null): void {
    if (cut !== null && !isCut)
      log.warn({ cut }, 'the response to the token request lost its end; its complete document is used');
    isCut = cut !== null;
  }

  async function renew(): Promise<Grant> {
    try {
      const renewed = await flight.run();
      problem = null;
      return renewed;
    } catch (error) {
      const isNew = problem === null;
      const reason = error instanceof TokenUnavailable ? error.message : reasonOf(error);
      problem = { reason, since: problem?.since ?? world.now() };
      const validMs = (grant?.endsAt ?? Number.NEGATIVE_INFINITY) - world.elapsed();
      if (isNew && validMs > 0)
        log.warn(
          { reason: problem.reason, validMs: Math.round(validMs) },
          'the token was not renewed; the current one stays in use',
        );
      throw error;
    }
  }

  function secrets(): string[] {
    return [...credentials.secrets(), ...headerSecrets.map(({ key }) => key), grant?.token ?? '', assertion];
  }

  return {
    get: async () => {
      const held = grant;
      if (held !== null && world.elapsed() < held.endsAt && !isRefused) {
        // promise: renewal-delays-no-request
        if (world.elapsed() >= held.renewAt) renew().catch(() => {});
        return held.token;
      }
      try {
        return (await renew()).token;
      } catch (error) {
        // A renewal may fail while the old token is still valid.
        if (held !== null && grant === held && world.elapsed() < held.endsAt) return held.token;
        throw error;
      }
    },
    accepted: (token, requester, sentAt) => {
      record.accepted(token, requester, sentAt);
      if (grant?.token !== token) return;
      isRefused = false;
      spacing.reset();
    },
    refused: (token, requester) => {
      if (grant?.token !== token) return 'renew';
      const cause = record.refused(token, requester);
      if (isRefused && cause !== 'action') return 'renew';
      // promise: renewals-are-spaced
      if (cause !== 'token' || !spacing.allows()) return cause;
      isRefused = true;
      spacing.begin();
      return 'renew';
    },
    problem: () => problem,
    pause: () => {
      const asked = flight.asked();
      return asked && { httpStatus: asked.httpStatus, until: world.now() + asked.retryAfterMs };
    },
    takePause: ({ httpStatus, until }) => {
      const message = statusMessage('the token request of another receiver with ', httpStatus);
      flight.hold(new TokenUnavailable(message, { httpStatus, retryAfterMs: until - world.now() }));
    },
    watchPause: (listener) => {
      paused = listener;
    },
    missingScopes: scopes.missing,
    claims: () => claims,
    baseUrl: () => grant?.baseUrl ?? null,
    secrets,
  };
}

/** False for a response of a token endpoint that knows the request: refused credentials, or a rate limit. */
function suggestsMove({ httpStatus, errorCode }: TokenUnavailable): boolean {
  return errorCode === null && ![400, 401, 403, 429].includes(httpStatus);
}

/** CXone refused the client or its user: their secret may have been replaced. */
function isCredentialRefusal(error: unknown): boolean {
  if (!(error instanceof TokenUnavailable)) return false;
  const { errorCode, httpStatus } = error;
  if (errorCode !== null) return ['invalid_client', 'unauthorized_client', 'invalid_grant'].includes(errorCode);
  return httpStatus === 401 || httpStatus === 403;
}

/** Spaces the renewals that refusals cause. The distance grows until a request passes. */
function createRenewalSpacing(world: Pick<World, 'elapsed' | 'random'>) {
  let allowedAt = Number.NEGATIVE_INFINITY;
  let distanceMs = MIN_RENEWAL_DISTANCE_MS;
  return {
    allows: () => world.elapsed() >= allowedAt,
    begin: () => {
      // With jitter, since each of two receivers may revoke the token of the other.
      allowedAt = world.elapsed() + distanceMs * (0.75 + 0.5 * world.random());
      distanceMs = Math.min(distanceMs * 2, MAX_RENEWAL_DISTANCE_MS);
    },
    reset: () => {
      distanceMs = MIN_RENEWAL_DISTANCE_MS;
    },
  };
}

function createScopeCheck({ requiredScopes }: TokenRequestPart, log: Log) {
  let missing: readonly string[] = [];
  return {
    missing: () => missing,
    check: (granted: readonly string[] | null) => {
      const lacking = granted === null ? [] : requiredScopes.filter((scope) => !granted.includes(scope));
      const known = lacking.join() === missing.join();
      missing = lacking;
      if (lacking.length === 0 || known) return;
      log.warn(
        { missingScopes: lacking },
        'the token lacks scopes: the cause of most 403 answers; grant them to the client',
      );
    },
  };
}
