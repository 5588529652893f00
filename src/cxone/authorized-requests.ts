// Sends requests with token, discovery and rate limit, and distinguishes a refused token from a forbidden action.

import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import { type AccessTokens, createAccessTokens } from './auth/access-token.ts';
import { createCredentialSource } from './auth/credential-source.ts';
import type { Credentials } from './auth/credentials.ts';
import { createStaticToken } from './auth/static-token.ts';
import type { AnsweredCall, CallResult, Reading } from './classify-response.ts';
import { createAllowedHosts } from './discovery/allowed-hosts.ts';
import { type ConfiguredAddresses, createEndpoints, type Move } from './discovery/endpoints.ts';
import { errorMessageIn } from './error-message.ts';
import { createGatewayReports } from './gateway-reports.ts';
import type { Limiter } from './limiter/limiter.ts';
import { isCompleteDocument } from './parse-document.ts';
import { type Requester, TokenUnavailable } from './port.ts';
import { fillHeaders, type NamedSecret } from './profile/headers.ts';
import type { Profile } from './profile/profile.ts';
import { redirectTarget } from './redirect-target.ts';
import { MAX_RESULT_BYTES } from './response-document.ts';
import type { Send } from './send.ts';
import { type HttpRequest, type HttpResult, suggestsMove } from './transport.ts';

/** Longest wait of a request with a permit for the end of a pause. After that its execution goes back to the queue. */
const MAX_WAIT_MS = 5_000;

export interface AuthorizedOptions extends Credentials, ConfiguredAddresses {
  /** Hosts to which discovery may point, besides those of the URLs above. */
  readonly allowedHosts: readonly string[];
  readonly profile: Profile;
  /** The secrets that headers of the profile use. */
  readonly headerSecrets?: readonly NamedSecret[];
  /** Returns the credentials that are in files, as they are now. */
  readonly reread?: () => Partial<Credentials>;
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

type Answer = Extract<HttpResult, { type: 'answered' }>;

/** What was read of a large body. */
export interface ReadAnswer extends Reading {
  /** Of a body that was cut off: whether its document is complete. */
  readonly isComplete: boolean;
  /** An excerpt of the body without secrets, if it may be needed. */
  readonly words: string;
}

/** Reads a large body without delaying callbacks; returns null for any other. `hidden`: secrets that no excerpt may have. */
export type ReadLargeAnswer = (
  answer: Answer,
  call: Requester['call'],
  hidden: readonly string[],
) => Promise<ReadAnswer> | null;

// One function because the token, the endpoints and the repetition of a request depend on one another.
export function createAuthorizedRequests(
  options: AuthorizedOptions,
  limiter: Limiter,
  send: Send,
  readLarge: ReadLargeAnswer,
) {
  const { profile, world, log, baseUrl, tokenUrl, issuer, headerSecrets = [] } = options;
  const credentials = createCredentialSource(options, options.reread);
  const staticHeaders = fillHeaders(profile.headers, headerSecrets);
  const reports = createGatewayReports(world, log);
  const enter = () => limiter.take(MAX_WAIT_MS);
  const endpoints = createEndpoints({
    ...options,
    configured: options,
    hosts: createAllowedHosts(options.allowedHosts, [baseUrl, tokenUrl, issuer, profile.issuer]),
    claims: () => tokens.claims(),
    tokenBaseUrl: () => tokens.baseUrl(),
    secrets: () => tokens.secrets(),
    enter,
    send: (request) => send(request, DISCOVERY),
  });
  const tokens: AccessTokens =
    profile.token.kind === 'static'
      ? createStaticToken(credentials, world, log)
      : createAccessTokens({
          ...options,
          part: profile.token,
          credentials,
          headerSecrets,
          url: endpoints.tokenUrl,
          moveOf: endpoints.moveOfTokenUrl,
          enter,
          send: (request) => send(request, TOKEN),
        });

  /**
   * Makes a request with a token. If CXone refuses the token, the request was not processed: it is repeated once with a new one.
   * After a failure that suggests that CXone has moved, the result says where to. It is not repeated here.
   */
  async function callWithToken(
    to: (base: string) => HttpRequest | Promise<HttpRequest>,
    requester: Requester,
  ): Promise<CallResult> {
    const token = await tokens.get();
    const base = await endpoints.baseUrl();
    const result = await sendRenewing(token, { request: await to(base), requester });
    if (result.type === 'held' || !suggestsMove(result)) return result;
    const move = await endpoints.moveOfBaseUrl(base);
    return move.type === 'none' ? result : withMove(result, move);
  }

  async function sendRenewing(token: string, one: Call): Promise<CallResult> {
    const { requester } = one;
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
      const result = await callWithToken(...request);
      reports.observe(result, request[1]);
      return result;
    } catch (error) {
      if (!(error instanceof TokenUnavailable)) throw error;
      return { type: 'held', reason: error.message, retryAfterMs: error.retryAfterMs };
    }
  };

  async function sendWith(token: string, { request, requester }: Call): Promise<CallResult> {
    const headers = { ...staticHeaders, ...request.headers, authorization: `Bearer ${token}` };
    const sentAt = world.elapsed();
    const reply = await send({ ...request, headers }, requester);
    if (reply.type !== 'answered') return reply;
    if (reply.httpStatus >= 200 && reply.httpStatus <= 299) tokens.accepted(token, requester, sentAt);
    const { maxResultBytes = MAX_RESULT_BYTES } = options;
    const hidden = [token, ...tokens.secrets(), ...headerSecrets.map(({ key }) => key)];
    const read = await readLarge(reply, requester.call, hidden);
    return answeredCall(reply, read, { url: request.url, hidden, maxResultBytes });
  }

  return { endpoints, tokens, reports, call };
}

interface AnswerRules {
  readonly url: string;
  readonly hidden: readonly string[];
  readonly maxResultBytes: number;
}

function answeredCall(
  reply: Answer,
  read: ReadAnswer | null,
  { url, hidden, maxResultBytes }: AnswerRules,
): AnsweredCall {
  const { body: bytes, contentType, cut, scanned = null, challenge, exhaustedMs, headers, ...answer } = reply;
  const body = { bytes, contentType };
  const said = () => read?.words ?? errorMessageIn(body, hidden);
  const words = () => [said(), ...(cut === null ? [] : [`(${cut})`])].join(' ').trim();
  const isComplete = () => read?.isComplete ?? isCompleteDocument(body);
  const received = cut === null ? { body } : { body: null, ...(isComplete() && { cut: { body, reason: cut } }) };
  const target = redirectTarget(reply, url, hidden);
  const large = { scanned, maxResultBytes };
  const reading = read === null ? {} : { reading: read };
  return { ...answer, url, ...received, large, ...reading, words, target, tokenRefused: refusesToken(reply) };
}

function withMove(result: Exclude<CallResult, { type: 'held' }>, move: Exclude<Move, { type: 'none' }>): CallResult {
  // A gateway without a server behind it is more often an outage than a move.
  if (move.type === 'unknown' && result.type === 'answered' && result.httpStatus >= 500) return result;
  const note = move.type === 'moved' ? `discovery now names ${move.to}` : `discovery does not respond: ${move.reason}`;
  return result.type === 'answered'
    ? { ...result, move: move.type, words: () => `${result.words()} (${note})`.trim() }
    : { ...result, move: move.type, reason: `${result.reason} (${note})` };
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
