// One HTTP request to CXone and its outcome: answered, certainly unsent, or uncertain. Never retries and never follows redirects.

import { createFetch } from 'ofetch';
import { failureReason } from '../lib/http/failure-reason.ts';
import { readResponseBody } from '../lib/http/read-response-body.ts';
import { parseRetryAfter } from '../lib/http/retry-after.ts';
import type { World } from '../lib/world.ts';
import { MAX_PAUSE_MS } from './limiter/rate.ts';
import { createSentTracker, type SendProgress } from './sent-tracker.ts';

/** Largest body of a response, decoded. */
const MAX_RESPONSE_BYTES = 2 * 1024 * 1024;

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
      /** From Retry-After, at most an hour; 0 if absent. */
      readonly retryAfterMs: number;
      readonly body: Uint8Array;
      /** Why the body is incomplete; null if it is complete. */
      readonly cut: string | null;
    }
  | { readonly type: 'unsent' | 'uncertain'; readonly latencyMs: number; readonly reason: string };

/** fetch and its time-out signal, which tests and the recorder replace. */
export interface Fetcher {
  readonly fetch: typeof fetch;
  readonly timeout: (ms: number) => AbortSignal;
}

export const NETWORK_FETCHER: Fetcher = {
  fetch: (...request) => fetch(...request),
  timeout: (ms) => AbortSignal.timeout(ms),
};

export interface Transport {
  /** Never throws for a failure of the network. */
  send(request: HttpRequest): Promise<HttpResult>;
  /** Aborts the requests in flight. */
  close(): void;
}

/** @param timeoutMs time limit from connecting to the last byte of the response */
export function createTransport(world: World, timeoutMs: number, fetcher: Fetcher = NETWORK_FETCHER): Transport {
  const ofetch = createFetch({ fetch: fetcher.fetch });
  const tracker = createSentTracker();
  const inFlight = new Set<AbortController>();
  let closed = false;

  async function exchange(request: HttpRequest, progress: SendProgress, signal: AbortSignal): Promise<HttpResult> {
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
        // Following a 307 would repeat the POST, with the token, at another host. `manual` returns the 3xx itself.
        redirect: 'manual',
      });
      const { bytes, cut } = await readResponseBody(response.body, MAX_RESPONSE_BYTES);
      const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), world.now(), MAX_PAUSE_MS);
      return { type: 'answered', httpStatus: response.status, latencyMs: latencyMs(), retryAfterMs, body: bytes, cut };
    } catch (error) {
      const type = tracker.wasNeverSent(progress, error) ? 'unsent' : 'uncertain';
      return { type, latencyMs: latencyMs(), reason: failureReason(error) };
    }
  }

  return {
    send: async (request) => {
      if (closed) return { type: 'unsent', latencyMs: 0, reason: CLOSING };
      const giveUp = new AbortController();
      // One per request, covering the body too. The listener keeps the signal from being collected before it fires.
      const timeout = fetcher.timeout(timeoutMs);
      const onTimeout = () => giveUp.abort(timeout.reason);
      timeout.addEventListener('abort', onTimeout);
      inFlight.add(giveUp);
      try {
        const progress: SendProgress = { created: false, sent: false };
        return await tracker.track(progress, () => exchange(request, progress, giveUp.signal));
      } finally {
        inFlight.delete(giveUp);
        timeout.removeEventListener('abort', onTimeout);
      }
    },
    close: () => {
      closed = true;
      for (const request of inFlight) request.abort(new Error(CLOSING));
      tracker.stop();
    },
  };
}
