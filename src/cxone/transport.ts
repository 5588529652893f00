// One HTTP request to CXone and what became of it: answered, surely unsent, or nobody knows. Nothing is retried or followed here.

import { createFetch } from 'ofetch';
import { failureReason } from '../lib/http/failure-reason.ts';
import { readResponseBody } from '../lib/http/read-response-body.ts';
import { parseRetryAfter } from '../lib/http/retry-after.ts';
import type { World } from '../lib/world.ts';
import { MAX_PAUSE_MS } from './limiter/rate.ts';
import { createSentTracker, type SendProgress } from './sent-tracker.ts';

/** Most bytes read of an answer, decoded. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

const CLOSING = 'the receiver is closing';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
}

export type HttpResult =
  | {
      readonly type: 'answered';
      readonly httpStatus: number;
      readonly latencyMs: number;
      /** From Retry-After, at most an hour; 0 when there is none. */
      readonly retryAfterMs: number;
      readonly body: Uint8Array;
      /** Why the body is not all there; null when it is. */
      readonly cut: string | null;
    }
  | { readonly type: 'unsent' | 'uncertain'; readonly latencyMs: number; readonly reason: string };

/** What carries a request: fetch, and the signal that ends one that takes too long. */
export interface Fetcher {
  readonly fetch: typeof fetch;
  readonly timeout: (ms: number) => AbortSignal;
}

export const NETWORK_FETCHER: Fetcher = {
  fetch: (...request) => fetch(...request),
  timeout: (ms) => AbortSignal.timeout(ms),
};

export interface Transport {
  /** Never throws for what the network does. */
  send(request: HttpRequest): Promise<HttpResult>;
  /** Gives up what is under way. */
  close(): void;
}

/** `timeoutMs` is what a request may take from connecting to the last byte of its answer. */
export function createTransport(world: World, timeoutMs: number, fetcher: Fetcher = NETWORK_FETCHER): Transport {
  const ofetch = createFetch({ fetch: fetcher.fetch });
  const journeys = createSentTracker();
  const underWay = new Set<AbortController>();
  let closed = false;

  async function exchange(request: HttpRequest, journey: SendProgress, signal: AbortSignal): Promise<HttpResult> {
    const begun = world.now();
    const latencyMs = () => Math.max(0, Math.round(world.now() - begun));
    try {
      const response = await ofetch.raw(request.url, {
        method: request.method,
        headers: request.headers,
        ...(request.body === undefined ? {} : { body: request.body }),
        signal,
        retry: 0,
        ignoreResponseError: true,
        responseType: 'stream',
        // A followed 307 would repeat the POST, with our token, elsewhere. fetch gives the 3xx as the answer it is.
        redirect: 'manual',
      });
      const { bytes, cut } = await readResponseBody(response.body, MAX_ANSWER_BYTES);
      const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), world.now(), MAX_PAUSE_MS);
      return { type: 'answered', httpStatus: response.status, latencyMs: latencyMs(), retryAfterMs, body: bytes, cut };
    } catch (error) {
      const type = journeys.wasNeverSent(journey, error) ? 'unsent' : 'uncertain';
      return { type, latencyMs: latencyMs(), reason: failureReason(error) };
    }
  }

  return {
    send: async (request) => {
      if (closed) return { type: 'unsent', latencyMs: 0, reason: CLOSING };
      const giveUp = new AbortController();
      // Fresh for each request, and over the body too. The listener keeps the signal from being collected before it fires.
      const timeout = fetcher.timeout(timeoutMs);
      const onTimeout = () => giveUp.abort(timeout.reason);
      timeout.addEventListener('abort', onTimeout);
      underWay.add(giveUp);
      try {
        const journey: SendProgress = { created: false, sent: false };
        return await journeys.track(journey, () => exchange(request, journey, giveUp.signal));
      } finally {
        underWay.delete(giveUp);
        timeout.removeEventListener('abort', onTimeout);
      }
    },
    close: () => {
      closed = true;
      for (const request of underWay) request.abort(new Error(CLOSING));
      journeys.stop();
    },
  };
}
