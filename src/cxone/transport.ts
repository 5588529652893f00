// One HTTP request to CXone and its outcome: answered, certainly unsent, or uncertain. Never retries and never follows redirects.

import { createFetch } from 'ofetch';
import type { Dispatcher } from 'undici';
import { turnsOfEventLoop } from '../lib/event-loop.ts';
import { failureReason } from '../lib/http/failure.ts';
import { parseRateLimitReset, parseRetryAfter } from '../lib/http/rate-limit-reset.ts';
import { readResponseBody } from '../lib/http/read-response-body.ts';
import { isProxyFailure } from '../lib/proxy/connect.ts';
import { NO_PROXIES, type ProxyRules } from '../lib/proxy/proxy.ts';
import type { World } from '../lib/world.ts';
import { createConnections } from './connections.ts';
import { plainFetch } from './plain-fetch.ts';
import { createResponseScanner, type ResponsePointers } from './response-document.ts';
import type { ScannedValues } from './scan-json.ts';
import { createSentTracker, NOT_ACTIVE, type SendProgress } from './sent-tracker.ts';

/** Largest body of a token or a discovery document, decoded: it is parsed on the thread that answers callbacks. */
const MAX_RESPONSE_BYTES = 256 * 1024;
/** Room for the members beside a result. */
const MAX_ENVELOPE_BYTES = 64 * 1024;
/** A longer body is not read to its end. */
const MAX_SCANNED_BYTES = 128 * 1024 * 1024;
/** A response that has arrived takes some turns of the event loop from its socket to its last byte, more with TLS and a proxy. */
const TURNS_BEFORE_TIMEOUT = 20;

/** The reason of a request that was made after the end of the transport. */
export const CLOSING = 'the receiver is closing';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
  /**
   * True if CXone must not receive it twice: it gets a new connection, since the server may be closing an idle one while the
   * request is written to it.
   */
  readonly once?: boolean;
  /** Places in the response of values that are found even if its body is too large to be kept. */
  readonly pointers?: ResponsePointers;
}

export type HttpResult =
  | {
      readonly type: 'answered';
      readonly httpStatus: number;
      readonly latencyMs: number;
      /** From Retry-After, at most `maxPauseMs`; 0 if absent. */
      readonly retryAfterMs: number;
      readonly location: string | null;
      /** The Set-Cookie headers; left out without any. */
      readonly setCookies?: readonly string[];
      readonly headers: Headers;
      /** Milliseconds until the rate limit allows requests again, from its headers; 0 or left out while some are left. */
      readonly exhaustedMs?: number;
      /** WWW-Authenticate; null or left out if absent. */
      readonly challenge?: string | null;
      readonly body: Uint8Array;
      readonly contentType: string | null;
      /** Why the body is incomplete; null if it is complete. */
      readonly cut: string | null;
      /** Values of a complete document that is too large to be kept. */
      readonly scanned?: ScannedValues | null;
    }
  | {
      readonly type: 'unsent' | 'uncertain';
      readonly latencyMs: number;
      readonly reason: string;
      /** True if a connection that was kept alive broke before the first byte of a response. */
      readonly stale?: boolean;
      /** True if the proxy is the reason. */
      readonly proxyFailed?: boolean;
    };

/** fetch and its time-out signal, which tests and the recorder replace. */
export interface Fetcher {
  readonly fetch: typeof fetch;
  readonly timeout: (ms: number) => AbortSignal;
}

export const NETWORK_FETCHER: Fetcher = {
  fetch: plainFetch as unknown as typeof fetch,
  timeout: (ms) => AbortSignal.timeout(ms),
};

export type Transport = ReturnType<typeof createTransport>;

export interface TransportOptions {
  /** From connecting to the last byte of the response. */
  readonly timeoutMs: number;
  /** Upper limit for a Retry-After: a wrong date must not stop the service for a year. */
  readonly maxPauseMs: number;
  /** Largest result that is kept, in bytes of its JSON text. */
  readonly maxResultBytes: number;
  /** Default: direct connections. */
  readonly proxies?: ProxyRules;
  /** Returns whether requests may be sent now; default: always. */
  readonly maySend?: (() => boolean) | undefined;
}

/** One function because connections, the tracker and the requests in flight are closed together. */
export function createTransport(
  world: World,
  { timeoutMs, maxPauseMs, maxResultBytes, proxies = NO_PROXIES, maySend = () => true }: TransportOptions,
  fetcher: Fetcher = NETWORK_FETCHER,
) {
  const ofetch = createFetch({ fetch: fetcher.fetch });
  const tracker = createSentTracker(maySend);
  const connections = createConnections(world, proxies);
  const inFlight = new Set<AbortController>();
  let closed = false;

  async function exchange(
    request: HttpRequest,
    dispatcher: Dispatcher,
    progress: SendProgress,
    signal: AbortSignal,
  ): Promise<HttpResult> {
    const begun = world.elapsed();
    const latencyMs = () => Math.round(world.elapsed() - begun);
    try {
      const response = await ofetch.raw(request.url, {
        method: request.method,
        headers: request.headers,
        ...(request.body === undefined ? {} : { body: request.body }),
        signal,
        dispatcher,
        retry: 0,
        ignoreResponseError: true,
        responseType: 'stream',
        // Following a 307 would repeat the POST, with the token, at another host. `manual` returns the 3xx itself.
        redirect: 'manual',
      });
      const { body, cut, scanned } = await readBody(response.body, request.pointers);
      const { status: httpStatus, headers } = response;
      return {
        ...{ type: 'answered', httpStatus, latencyMs: latencyMs(), body, cut, scanned },
        ...waitsIn(headers, httpStatus, world.now(), maxPauseMs),
        location: headers.get('location'),
        setCookies: headers.getSetCookie(),
        headers,
        contentType: headers.get('content-type'),
        challenge: headers.get('www-authenticate'),
      };
    } catch (error) {
      const type = tracker.wasNeverSent(progress, error) ? 'unsent' : 'uncertain';
      const stale = !signal.aborted && tracker.isStale(progress);
      const proxyFailed = isProxyFailure(error);
      return { type, latencyMs: latencyMs(), reason: failureReason(error), ...(stale && { stale }), proxyFailed };
    }
  }

  async function readBody(body: ReadableStream<Uint8Array> | null | undefined, pointers?: ResponsePointers) {
    if (pointers === undefined) {
      const { bytes, cut } = await readResponseBody(body ?? null, MAX_RESPONSE_BYTES);
      return { body: bytes, cut, scanned: null };
    }
    const scanner = createResponseScanner(pointers, maxResultBytes);
    const sink = { write: scanner.write, maxBytes: MAX_SCANNED_BYTES };
    const { bytes, cut } = await readResponseBody(body ?? null, maxResultBytes + MAX_ENVELOPE_BYTES, sink);
    return { body: bytes, cut, scanned: cut === null ? null : scanner.end() };
  }

  return {
    /** Never throws for a failure of the network. @param written called when the request begins to be written to its connection */
    send: async (request: HttpRequest, written: () => void = () => {}): Promise<HttpResult> => {
      if (closed) return { type: 'unsent', latencyMs: 0, reason: CLOSING };
      // Opens no connection. The tracker checks again before a request is written.
      if (!maySend()) return { type: 'unsent', latencyMs: 0, reason: NOT_ACTIVE };
      const giveUp = new AbortController();
      // One per request, covering the body too. The listener keeps the signal from being collected before it fires.
      const timeout = fetcher.timeout(timeoutMs);
      const onTimeout = async () => {
        // After a long commit, timers fire before what arrived meanwhile is read: the response may be here.
        // promise: response-in-time-is-read
        await turnsOfEventLoop(TURNS_BEFORE_TIMEOUT);
        giveUp.abort(timeout.reason);
      };
      timeout.addEventListener('abort', onTimeout);
      inFlight.add(giveUp);
      // promise: execute-on-new-connection
      const { dispatcher, release } = request.once ? connections.fresh(request.url) : connections.shared(request.url);
      try {
        const progress: SendProgress = { created: false, sent: false, connection: null, written };
        const result = await tracker.track(progress, () => exchange(request, dispatcher, progress, giveUp.signal));
        if (suggestsMove(result)) connections.suspect();
        return result;
      } finally {
        release();
        inFlight.delete(giveUp);
        timeout.removeEventListener('abort', onTimeout);
      }
    },
    /** Aborts the requests in flight. */
    close: (): void => {
      closed = true;
      for (const request of inFlight) request.abort(new Error(CLOSING));
      tracker.stop();
      connections.close();
    },
  };
}

/** Returns whether the host of the request may have moved to another address. */
export function suggestsMove({
  httpStatus = 0,
  proxyFailed = false,
}: {
  readonly type: string;
  readonly httpStatus?: number;
  readonly proxyFailed?: boolean;
}): boolean {
  if (proxyFailed) return false;
  // No response, nothing found, another server for this host, a redirect, or a gateway without a server behind it.
  if (httpStatus === 0) return true;
  return (httpStatus >= 300 && httpStatus <= 399) || [404, 410, 421, 502, 503, 504].includes(httpStatus);
}

/** A 429 without Retry-After refers to the reset of its rate limit. */
function waitsIn(headers: Headers, httpStatus: number, now: number, maxPauseMs: number) {
  const resetMs = Math.min(parseRateLimitReset(headers, now, httpStatus === 429), maxPauseMs);
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'), now, maxPauseMs);
  const refused = httpStatus === 429 || httpStatus === 503;
  return { retryAfterMs: retryAfterMs === 0 && refused ? resetMs : retryAfterMs, exhaustedMs: resetMs };
}
