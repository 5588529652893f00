// CXone over HTTP: what the service asks of it, in the dialect of a profile, under one limiter.

import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import { type AccessTokens, createAccessTokens } from './auth/access-token.ts';
import { createStaticToken } from './auth/static-token.ts';
import type { Credentials } from './auth/token-request.ts';
import { buildExecuteRequest, buildPollRequest } from './build-requests.ts';
import { unsupportedParts } from './build-submission.ts';
import { type CallResult, classifyPollResponse, classifySubmitResponse } from './classify-response.ts';
import { createAllowedHosts } from './discovery/allowed-hosts.ts';
import { createEndpoints, type Endpoints } from './discovery/endpoints.ts';
import { errorMessageIn } from './error-message.ts';
import type { LoadSignal } from './limiter/adaptive-concurrency.ts';
import { createLimiter, type LimiterState } from './limiter/limiter.ts';
import { decodeUtf8, isDotSegment, parseCallback } from './parse-response.ts';
import { type Cxone, TokenUnavailable } from './port.ts';
import { isPollable, type Profile } from './profile/profile.ts';
import { createTransport, type Fetcher, type HttpRequest, type HttpResult } from './transport.ts';

/** Longest that a request which holds a permit already waits for a pause to end; past it the execution had better go back. */
const MAX_WAIT_MS = 5_000;

export interface CxoneOptions extends Credentials {
  /** Null: CXone tells, as the profile says. */
  readonly baseUrl: string | null;
  /** Replaces the profile's; null keeps it. */
  readonly tokenUrl: string | null;
  /** Replaces the profile's; null keeps it. */
  readonly issuer: string | null;
  /** Null: the token names the tenant, where one is needed. */
  readonly tenantId: string | null;
  /** Hosts that an answer may send us to, beside those of the URLs above. */
  readonly allowedHosts: readonly string[];
  readonly profile: Profile;
  readonly world: World;
  readonly log: Log;
  readonly maxConcurrent: number;
  readonly ratePerSecond: number;
  /** From connecting to the last byte of the answer. */
  readonly requestTimeoutMs?: number;
  /** Replaces the network. */
  readonly fetcher?: Fetcher;
}

export interface CxoneClient extends Cxone {
  limiterState(): LimiterState;
  /** Where CXone is, as configured or as it tells. */
  readonly endpoints: Endpoints;
  /** Scopes that the profile requires and CXone did not grant, as far as its token answers tell. */
  missingScopes(): readonly string[];
  /** Lets go of everyone who waits and of what is in flight. */
  close(): void;
}

export function createCxone(options: CxoneOptions): CxoneClient {
  const { profile, world, requestTimeoutMs = 10_000 } = options;
  const limiter = createLimiter(options);
  const exchange = createTransport(world, requestTimeoutMs, options.fetcher);
  const enter = () => limiter.take(MAX_WAIT_MS);
  const { baseUrl, tokenUrl, issuer } = options;
  const endpoints = createEndpoints({
    ...options,
    configured: options,
    hosts: createAllowedHosts(options.allowedHosts, [baseUrl, tokenUrl, issuer, profile.issuer]),
    claims: () => tokens.claims(),
    secrets: () => tokens.secrets(),
    enter,
    send,
  });
  const tokens: AccessTokens =
    profile.token.kind === 'static'
      ? createStaticToken(options, world, options.log)
      : createAccessTokens({
          ...options,
          part: profile.token,
          credentials: options,
          url: endpoints.tokenUrl,
          enter,
          send,
        });

  /** Every request goes through here, so that the limiter learns from each. */
  async function send(request: HttpRequest): Promise<HttpResult> {
    const begun = await limiter.begin();
    const reply = await exchange.send(request);
    if (reply.type === 'answered') {
      const { httpStatus, latencyMs, retryAfterMs } = reply;
      limiter.observe(begun, latencyMs, verdictOn(httpStatus));
      if (httpStatus === 429 || httpStatus >= 500) limiter.pause(retryAfterMs);
    } else if (reply.type === 'uncertain') limiter.observe(begun, reply.latencyMs, 'unknown');
    return reply;
  }

  /** A request with a token. A 401 costs that token, and the request is made once more: it surely was not processed. */
  async function call(to: (base: string) => HttpRequest, secrets: readonly string[]): Promise<CallResult> {
    try {
      const token = await tokens.get();
      const request = to(await endpoints.baseUrl());
      const reply = await sendWith(token, request, secrets);
      if (reply.type !== 'answered' || reply.httpStatus !== 401) return reply;
      tokens.drop(token);
      const renewed = await tokens.get();
      const paused = await enter();
      if (paused > 0) return { type: 'held', reason: 'CXone asked for a pause', retryAfterMs: paused };
      return await sendWith(renewed, request, secrets);
    } catch (error) {
      if (!(error instanceof TokenUnavailable)) throw error;
      return { type: 'held', reason: error.message, retryAfterMs: error.retryAfterMs };
    }
  }

  async function sendWith(token: string, request: HttpRequest, secrets: readonly string[]): Promise<CallResult> {
    const reply = await send({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } });
    if (reply.type !== 'answered') return reply;
    const { body, cut, ...answer } = reply;
    const hidden = [token, ...secrets, ...tokens.secrets()];
    const words = () => [errorMessageIn(body, hidden), ...(cut === null ? [] : [`(${cut})`])].join(' ').trim();
    return { ...answer, text: cut === null ? decodeUtf8(body) : null, words };
  }

  return {
    permits: limiter.permits,
    authorize: async () => {
      await tokens.get();
      await endpoints.baseUrl();
    },
    execute: async (execution, callbackUrl) => {
      if (isDotSegment(execution.actionId)) {
        const message = `"${execution.actionId}" cannot be the id of an action: in a URL it names another resource`;
        return { type: 'refused', httpStatus: 0, latencyMs: 0, message };
      }
      const [unfit] = unsupportedParts(profile, execution, callbackUrl);
      if (unfit !== undefined) {
        const message = `${unfit.pointer} of the submission ${unfit.detail}`;
        return { type: 'refused', httpStatus: 0, latencyMs: 0, message };
      }
      // The token at the end of a callback URL is worth as much as the whole of it.
      const secrets = [callbackUrl, callbackUrl.slice(callbackUrl.lastIndexOf('/') + 1)];
      const reply = await call((base) => buildExecuteRequest(profile, base, execution, callbackUrl), secrets);
      return classifySubmitResponse(profile, reply, tokens.missingScopes());
    },
    poll: async (execution) => {
      const { executionId, actionId } = execution;
      const unasked = { type: 'failed', httpStatus: 0, latencyMs: 0, asked: false, retryAfterMs: 0 } as const;
      if (!isPollable(profile))
        return { ...unasked, message: `by the profile "${profile.name}" CXone cannot be asked` };
      if (executionId === null || isDotSegment(executionId) || isDotSegment(actionId)) {
        return { ...unasked, message: 'CXone gave no executionId that a URL can carry' };
      }
      const { poll } = profile;
      const reply = await call((base) => buildPollRequest(poll, base, { ...execution, executionId }), []);
      return classifyPollResponse(profile, reply, tokens.missingScopes());
    },
    unsupportedParts: (submission) => unsupportedParts(profile, { ...submission, correlationId: '' }, ''),
    parseCallback: (body, contentType) => parseCallback(profile, body, contentType),
    limiterState: limiter.state,
    endpoints,
    missingScopes: tokens.missingScopes,
    close: () => {
      limiter.close();
      exchange.close();
    },
  };
}

function verdictOn(httpStatus: number): LoadSignal {
  if (httpStatus === 429) return 'overloaded';
  return httpStatus < 500 ? 'well' : 'unknown';
}
