// CXone over HTTP: submits and polls in the dialect of a profile, through one limiter.

import { createTokenConcealer } from '../callbacks/conceal-tokens.ts';
import type { Execution } from '../execution/execution.ts';
import type { ProxyRules } from '../lib/proxy/proxy.ts';
import type { World } from '../lib/world.ts';
import type { AccessTokens } from './auth/access-token.ts';
import { type AuthorizedOptions, createAuthorizedRequests } from './authorized-requests.ts';
import { buildPollRequest, NoPollAddress } from './build-requests.ts';
import { type CallResult, classifyPollResponse, classifySubmitResponse } from './classify-response.ts';
import { createCookies } from './cookies.ts';
import type { Endpoints } from './discovery/endpoints.ts';
import { createLargeBodies } from './large-bodies/large-bodies.ts';
import { createLimiter, type Limiter } from './limiter/limiter.ts';
import { isDotSegment, parseCallback, scanCallback } from './parse-response.ts';
import type { Cxone, CxoneControls, Requester, TokenPause } from './port.ts';
import { isPollable } from './profile/profile.ts';
import { createReachability } from './reachability.ts';
import { MAX_RESULT_BYTES } from './response-document.ts';
import { createSend } from './send.ts';
import { createTransport, type Fetcher, type HttpRequest } from './transport.ts';

export interface CxoneOptions extends AuthorizedOptions {
  readonly maxConcurrent: number;
  readonly ratePerSecond: number;
  /** From connecting to the last byte of the response. */
  readonly requestTimeoutMs?: number;
  /** Longest pause that a response may cause. */
  readonly maxPauseMs?: number;
  /** Default: direct connections. */
  readonly proxies?: ProxyRules;
  /** The secrets that sign callback URLs, whose tokens forms and large bodies may quote; default: none. */
  readonly callbackSecrets?: readonly string[];
  /** Notes that an object of a large body quotes no callback token. */
  readonly noteFree?: (object: object) => void;
  /** Returns whether requests may be sent now: false once another receiver may be active; default: always. */
  readonly maySend?: () => boolean;
  /** Replaces the network. */
  readonly fetcher?: Fetcher;
}

export interface CxoneClient extends Cxone, CxoneControls {
  /** Calls the listener when a pause of requests begins, becomes longer or is lifted, and when one of token requests begins. */
  watchPause(listener: () => void): void;
  /** CXone's addresses, configured or discovered. */
  readonly endpoints: Endpoints;
  /** Returns the scopes that the profile requires and CXone did not grant, as far as its token responses state them. */
  missingScopes(): readonly string[];
  /** Ends all waiting and aborts the requests in flight. */
  close(): void;
}

export function createCxone(options: CxoneOptions): CxoneClient {
  const { profile, world, requestTimeoutMs: timeoutMs = 10_000, maxPauseMs = 300_000 } = options;
  const { maxResultBytes = MAX_RESULT_BYTES } = options;
  const limiter = createLimiter(options);
  const transport = createTransport(world, { ...options, timeoutMs, maxPauseMs, maxResultBytes }, options.fetcher);
  const reachability = createReachability(world, options.log);
  const { callbackSecrets = [], noteFree } = options;
  const { bytes: conceal } = createTokenConcealer(callbackSecrets);
  const largeBodies = createLargeBodies({ ...options, maxResultBytes, callbackSecrets, noteFree });
  const { endpoints, tokens, reports, call } = createAuthorizedRequests(
    options,
    limiter,
    createSend(limiter, transport, { ...options, reachability }),
    largeBodies.readAnswer,
  );

  const { withCookies, cookiesOf } = createExecutionCookies(world);

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
      const [unsupported] = await largeBodies.unsupportedParts(execution, callbackUrl);
      if (unsupported !== undefined) {
        const message = `${unsupported.pointer} of the submission ${unsupported.detail}`;
        return { type: 'refused', httpStatus: 0, latencyMs: 0, message };
      }
      const reply = await call(
        async (base) => withCookies(await largeBodies.buildExecuteRequest(base, execution, callbackUrl), execution),
        requesterOf('execute', execution),
      );
      const kept = cookiesOf(reply, execution);
      const response = classifySubmitResponse(profile, reply, tokens.missingScopes());
      return response.type === 'submitted' && kept !== null ? { ...response, cookies: kept } : response;
    },
    poll: async (execution) => {
      const unasked = { type: 'failed', httpStatus: 0, latencyMs: 0, asked: false, retryAfterMs: 0 } as const;
      if (!isPollable(profile))
        return { ...unasked, message: `by the profile "${profile.name}" CXone cannot be asked` };
      try {
        const reply = await call(
          (base) => withCookies(buildPollRequest(profile, base, execution), execution),
          requesterOf('poll', execution),
        );
        cookiesOf(reply, execution);
        return classifyPollResponse(profile, reply, tokens.missingScopes());
      } catch (error) {
        if (error instanceof NoPollAddress) return { ...unasked, isolated: true, message: error.message };
        throw error;
      }
    },
    unsupportedParts: (submission) => largeBodies.unsupportedParts({ ...submission, correlationId: '' }, ''),
    parseCallback: (body, contentType) => parseCallback(profile, body, contentType, { maxResultBytes, conceal }),
    largeBodies,
    scanCallback: () => scanCallback(profile, maxResultBytes, largeBodies.readScan),
    parseResponse: largeBodies.parseResponse,
    limiterState: limiter.state,
    continueFrom: limiter.continueFrom,
    sentLately: limiter.sentLately,
    ...createPauses(limiter, tokens, () => world.now() + maxPauseMs),
    tokenProblem: tokens.problem,
    gatewayReports: reports.current,
    connectionProblems: reachability.problems,
    endpoints,
    missingScopes: tokens.missingScopes,
    close: () => {
      limiter.close();
      largeBodies.close();
      transport.close();
    },
  };
}

function createPauses(limiter: Limiter, tokens: AccessTokens, latestEnd: () => number) {
  return {
    liftPause: limiter.lift,
    takePause: limiter.takePause,
    tokenPause: tokens.pause,
    takeTokenPause: ({ httpStatus, until }: TokenPause) =>
      // By a clock that was set back, it would last for longer than any response may pause requests.
      tokens.takePause({ httpStatus, until: Math.min(until, latestEnd()) }),
    watchPause: (listener: () => void) => {
      limiter.watch(listener);
      tokens.watchPause(listener);
    },
  } satisfies Partial<CxoneClient>;
}

function createExecutionCookies(world: Pick<World, 'now'>) {
  const cookies = createCookies(world.now);
  return {
    withCookies: (request: HttpRequest, { correlationId, cookies: stored }: Execution): HttpRequest => ({
      ...request,
      headers: { ...request.headers, ...cookies.headers(correlationId, stored, request.url) },
    }),
    /** Returns the cookies of the execution after a response, as text. */
    cookiesOf: (reply: CallResult, { correlationId, cookies: stored }: Execution): string | null =>
      reply.type === 'answered' ? cookies.receive(correlationId, stored, reply.url, reply.setCookies ?? []) : null,
  };
}

function requesterOf(call: 'execute' | 'poll', execution: Omit<Requester, 'call'>): Requester {
  const { actionId, correlationId, app } = execution;
  return { call, actionId, correlationId, app };
}
