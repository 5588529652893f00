// CXone over HTTP: submits and polls in the dialect of a profile, through one limiter.

import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import { type AccessTokens, createAccessTokens } from './auth/access-token.ts';
import { createStaticToken } from './auth/static-token.ts';
import type { Credentials } from './auth/token-request.ts';
import { buildExecuteRequest, buildPollRequest, NoPollAddress } from './build-requests.ts';
import { unsupportedParts } from './build-submission.ts';
import { type CallResult, classifyPollResponse, classifySubmitResponse } from './classify-response.ts';
import { createAllowedHosts } from './discovery/allowed-hosts.ts';
import { createEndpoints, type Endpoints } from './discovery/endpoints.ts';
import { errorMessageIn } from './error-message.ts';
import type { LoadSignal } from './limiter/adaptive-concurrency.ts';
import { createLimiter, type Limiter, type LimiterState } from './limiter/limiter.ts';
import { isDotSegment, parseCallback } from './parse-response.ts';
import { type Cxone, type Requester, TokenUnavailable, type UpstreamPause } from './port.ts';
import { isPollable, type Profile } from './profile/profile.ts';
import { createTransport, type Fetcher, type HttpRequest, type HttpResult, type Transport } from './transport.ts';

/** A pause that ends later than the current one by no more than this is not logged, in milliseconds. */
const PAUSE_LOG_MS = 1_000;

/** Longest wait of a request with a permit for the end of a pause. After that its execution goes back to the queue. */
const MAX_WAIT_MS = 5_000;

export interface CxoneOptions extends Credentials {
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
  readonly maxConcurrent: number;
  readonly ratePerSecond: number;
  /** From connecting to the last byte of the response. */
  readonly requestTimeoutMs?: number;
  /** Longest pause that a response may cause. */
  readonly maxPauseMs?: number;
  /** Replaces the network. */
  readonly fetcher?: Fetcher;
}

export interface CxoneClient extends Cxone {
  limiterState(): LimiterState;
  /** Ends the current pause and returns it; null when nothing is paused. */
  liftPause(): UpstreamPause | null;
  /** CXone's addresses, configured or discovered. */
  readonly endpoints: Endpoints;
  /** Returns the scopes that the profile requires and CXone did not grant, as far as its token responses state them. */
  missingScopes(): readonly string[];
  /** Ends all waiting and aborts the requests in flight. */
  close(): void;
}

/** Makes the authorized requests: limiter, transport, discovery and token work together here. */
function createRequests(options: CxoneOptions) {
  const { profile, world, requestTimeoutMs = 10_000, maxPauseMs = 300_000 } = options;
  const limiter = createLimiter(options);
  const transport = createTransport(world, { timeoutMs: requestTimeoutMs, maxPauseMs }, options.fetcher);
  const send = createSend(limiter, transport, options);
  const enter = () => limiter.take(MAX_WAIT_MS);
  const { baseUrl, tokenUrl, issuer } = options;
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
      ? createStaticToken(options, world, options.log)
      : createAccessTokens({
          ...options,
          part: profile.token,
          credentials: options,
          url: endpoints.tokenUrl,
          enter,
          send: (request) => send(request, TOKEN),
        });

  /** Makes a request with a token. A 401 discards the token, and the request is repeated once: it was certainly not processed. */
  async function call(
    to: (base: string) => HttpRequest,
    requester: Requester,
    secrets: readonly string[],
  ): Promise<CallResult> {
    try {
      const token = await tokens.get();
      const request = to(await endpoints.baseUrl());
      const reply = await sendWith(token, { request, requester, secrets });
      if (reply.type !== 'answered' || reply.httpStatus !== 401) return reply;
      tokens.drop(token);
      const renewed = await tokens.get();
      const paused = await enter();
      if (paused > 0) return { type: 'held', reason: 'CXone asked for a pause', retryAfterMs: paused };
      return await sendWith(renewed, { request, requester, secrets });
    } catch (error) {
      if (!(error instanceof TokenUnavailable)) throw error;
      return { type: 'held', reason: error.message, retryAfterMs: error.retryAfterMs };
    }
  }

  async function sendWith(token: string, { request, requester, secrets }: Call): Promise<CallResult> {
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const reply = await send({ ...request, headers }, requester);
    if (reply.type !== 'answered') return reply;
    const { body: bytes, contentType, cut, ...answer } = reply;
    const body = { bytes, contentType };
    const hidden = [token, ...secrets, ...tokens.secrets()];
    const words = () => [errorMessageIn(body, hidden), ...(cut === null ? [] : [`(${cut})`])].join(' ').trim();
    return { ...answer, url: request.url, body: cut === null ? body : null, words };
  }

  return { limiter, transport, endpoints, tokens, call };
}

type Send = (request: HttpRequest, requester: Requester) => Promise<HttpResult>;

/** Returns a function that all requests pass, so that the limiter observes each. */
function createSend(limiter: Limiter, transport: Transport, { world, log }: Pick<CxoneOptions, 'world' | 'log'>): Send {
  return send;

  async function send(request: HttpRequest, requester: Requester): Promise<HttpResult> {
    const first = await sendOnce(request, requester);
    // promise: stale-connection-is-repeated
    const repeats = first.type === 'uncertain' && first.stale === true && request.once !== true;
    return repeats ? sendOnce({ ...request, once: true }, requester) : first;
  }

  async function sendOnce(request: HttpRequest, requester: Requester): Promise<HttpResult> {
    const begun = await limiter.begin();
    const reply = await transport.send(request);
    if (reply.type === 'answered') {
      const { httpStatus, latencyMs, retryAfterMs } = reply;
      limiter.observe(begun, latencyMs, verdictOn(httpStatus));
      // promise: only-429-and-503-pause-all
      if (httpStatus === 429 || httpStatus === 503) pause(retryAfterMs, httpStatus, requester);
    } else if (reply.type === 'uncertain') limiter.observe(begun, reply.latencyMs, 'unknown');
    return reply;
  }

  function pause(ms: number, httpStatus: number, requester: Requester): void {
    if (ms <= 0) return;
    const since = world.now();
    // A burst of responses moves the end by milliseconds: only the first is a line in the log.
    const extended = since + ms - limiter.state().pausedUntil > PAUSE_LOG_MS;
    limiter.pause(ms, { ...requester, httpStatus, since });
    if (extended)
      log.warn({ ...requester, httpStatus, pauseMs: ms }, 'a response of CXone pauses all requests to CXone');
  }
}

export function createCxone(options: CxoneOptions): CxoneClient {
  const { profile } = options;
  const { limiter, transport, endpoints, tokens, call } = createRequests(options);

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
      const [unsupported] = unsupportedParts(profile, execution, callbackUrl);
      if (unsupported !== undefined) {
        const message = `${unsupported.pointer} of the submission ${unsupported.detail}`;
        return { type: 'refused', httpStatus: 0, latencyMs: 0, message };
      }
      // The token at the end of a callback URL is as secret as the whole URL.
      const secrets = [callbackUrl, callbackUrl.slice(callbackUrl.lastIndexOf('/') + 1)];
      const reply = await call(
        (base) => buildExecuteRequest(profile, base, execution, callbackUrl),
        requesterOf('execute', execution),
        secrets,
      );
      return classifySubmitResponse(profile, reply, tokens.missingScopes());
    },
    poll: async (execution) => {
      const unasked = { type: 'failed', httpStatus: 0, latencyMs: 0, asked: false, retryAfterMs: 0 } as const;
      if (!isPollable(profile))
        return { ...unasked, message: `by the profile "${profile.name}" CXone cannot be asked` };
      try {
        const reply = await call(
          (base) => buildPollRequest(profile, base, execution),
          requesterOf('poll', execution),
          [],
        );
        return classifyPollResponse(profile, reply, tokens.missingScopes());
      } catch (error) {
        if (error instanceof NoPollAddress) return { ...unasked, message: error.message };
        throw error;
      }
    },
    unsupportedParts: (submission) => unsupportedParts(profile, { ...submission, correlationId: '' }, ''),
    parseCallback: (body, contentType) => parseCallback(profile, body, contentType),
    limiterState: limiter.state,
    liftPause: limiter.lift,
    endpoints,
    missingScopes: tokens.missingScopes,
    close: () => {
      limiter.close();
      transport.close();
    },
  };
}

interface Call {
  readonly request: HttpRequest;
  readonly requester: Requester;
  readonly secrets: readonly string[];
}

const TOKEN: Requester = { call: 'token', actionId: null, correlationId: null, app: null };
const DISCOVERY: Requester = { ...TOKEN, call: 'discovery' };

function requesterOf(call: 'execute' | 'poll', execution: Omit<Requester, 'call'>): Requester {
  const { actionId, correlationId, app } = execution;
  return { call, actionId, correlationId, app };
}

function verdictOn(httpStatus: number): LoadSignal {
  if (httpStatus === 429) return 'overloaded';
  return httpStatus < 500 ? 'well' : 'unknown';
}
