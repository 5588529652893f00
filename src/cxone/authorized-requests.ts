// Sends requests with token, discovery and rate limit, and distinguishes a refused token from a forbidden action.

import type { RawBody } from '../execution/event.ts';
import { parseJson } from '../execution/json.ts';
import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import { type AccessTokens, createAccessTokens } from './auth/access-token.ts';
import { createStaticToken } from './auth/static-token.ts';
import type { Credentials } from './auth/token-request.ts';
import type { AnsweredCall, CallResult } from './classify-response.ts';
import { createAllowedHosts } from './discovery/allowed-hosts.ts';
import { createEndpoints } from './discovery/endpoints.ts';
import { errorMessageIn } from './error-message.ts';
import type { Limiter } from './limiter/limiter.ts';
import { type Requester, TokenUnavailable } from './port.ts';
import type { Profile } from './profile/profile.ts';
import { MAX_RESULT_BYTES } from './response-document.ts';
import type { Send } from './send.ts';
import type { HttpRequest, HttpResult } from './transport.ts';

/** Longest wait of a request with a permit for the end of a pause. After that its execution goes back to the queue. */
const MAX_WAIT_MS = 5_000;

export interface AuthorizedOptions extends Credentials {
  /** Null: discovered, as the profile describes. */
  readonly baseUrl: string | null;
  /** Replaces the profile's; null keeps it. */
  readonly tokenUrl: string | null;
  /** Replaces the profile's; null keeps it. */
  readonly issuer: string | null;
  /** Null: taken from the token, where needed. */
  readonly tenantId: string | null;
  /** Hosts to which discovery may point, besides those of the URLs above. */
  readonly allowedHosts: readonly string[];
  readonly profile: Profile;
  readonly world: World;
  readonly log: Log;
  /** Largest result or error that is kept, in bytes of its JSON text; 10 MiB by default. */
  readonly maxResultBytes?: number;
}

interface Call {
  readonly request: HttpRequest;
  readonly requester: Requester;
}

const TOKEN: Requester = { call: 'token', actionId: null, correlationId: null, app: null };
const DISCOVERY: Requester = { ...TOKEN, call: 'discovery' };

export function createAuthorizedRequests(options: AuthorizedOptions, limiter: Limiter, send: Send) {
  const { profile, world, log, baseUrl, tokenUrl, issuer } = options;
  const enter = () => limiter.take(MAX_WAIT_MS);
  const endpoints = createEndpoints({
    ...options,
    configured: options,
    hosts: createAllowedHosts(options.allowedHosts, [baseUrl, tokenUrl, issuer, profile.issuer]),
    claims: () => tokens.claims(),
    secrets: () => tokens.secrets(),
    enter,
    send: (request) => send(request, DISCOVERY),
  });
  const tokens: AccessTokens =
    profile.token.kind === 'static'
      ? createStaticToken(options, world, log)
      : createAccessTokens({
          ...options,
          part: profile.token,
          credentials: options,
          url: endpoints.tokenUrl,
          enter,
          send: (request) => send(request, TOKEN),
        });

  /** Makes a request with a token. If CXone refuses the token, the request was not processed: it is repeated once with a new one. */
  async function callWithToken(to: (base: string) => HttpRequest, requester: Requester): Promise<CallResult> {
    const token = await tokens.get();
    const one: Call = { request: to(await endpoints.baseUrl()), requester };
    const first = await sendWith(token, one);
    if (!isRefusal(first)) return first;
    const cause = tokens.refused(token, requester);
    if (cause !== 'renew') return { ...first, refusal: cause };
    const renewed = await tokens.get();
    if (renewed === token) return { ...first, refusal: 'token' };
    const paused = await enter();
    if (paused > 0) return { type: 'held', reason: 'CXone asked for a pause', retryAfterMs: paused };
    const second = await sendWith(renewed, one);
    if (!isRefusal(second)) return second;
    const again = tokens.refused(renewed, requester);
    return { ...second, refusal: again === 'renew' ? 'token' : again };
  }

  const call: typeof callWithToken = async (...request) => {
    try {
      return await callWithToken(...request);
    } catch (error) {
      if (!(error instanceof TokenUnavailable)) throw error;
      return { type: 'held', reason: error.message, retryAfterMs: error.retryAfterMs };
    }
  };

  async function sendWith(token: string, { request, requester }: Call): Promise<CallResult> {
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const sentAt = world.now();
    const reply = await send({ ...request, headers }, requester);
    if (reply.type !== 'answered') return reply;
    const { body: bytes, contentType, cut, scanned = null, challenge, exhaustedMs, ...answer } = reply;
    if (answer.httpStatus >= 200 && answer.httpStatus <= 299) tokens.accepted(token, requester, sentAt);
    const body = { bytes, contentType };
    const hidden = [token, ...tokens.secrets()];
    const words = () => [errorMessageIn(body, hidden), ...(cut === null ? [] : [`(${cut})`])].join(' ').trim();
    const received = cut === null ? { body } : { body: null, ...cutDocument(body, cut) };
    const { maxResultBytes = MAX_RESULT_BYTES } = options;
    const large = { scanned, maxResultBytes };
    return { ...answer, url: request.url, ...received, large, words, tokenRefused: refusesToken(reply) };
  }

  return { endpoints, tokens, call };
}

/** A JSON object or list that parses is complete, although the end of its response was lost. Nothing else shows its own end. */
function cutDocument(body: RawBody, reason: string): Pick<AnsweredCall, 'cut'> {
  try {
    const value = parseJson(new TextDecoder().decode(body.bytes));
    return typeof value === 'object' && value !== null ? { cut: { body, reason } } : {};
  } catch {
    return {};
  }
}

function isRefusal(reply: CallResult): reply is AnsweredCall {
  return reply.type === 'answered' && reply.tokenRefused === true;
}

/** RFC 6750, section 3.1: a gateway may respond `invalid_token` with another status than 401. */
function refusesToken({ httpStatus, challenge = null }: Extract<HttpResult, { type: 'answered' }>): boolean {
  if (httpStatus === 401) return true;
  // promise: invalid-token-is-a-401
  const named = /\bbearer\b/i.test(challenge ?? '') && /\berror\s*=\s*"?invalid_token"?/i.test(challenge ?? '');
  return named && (httpStatus === 400 || httpStatus === 403);
}
