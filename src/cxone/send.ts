// Sends each request to CXone through the limiter, which observes the response, and repeats one that met a closed connection.

import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import type { LoadSignal } from './limiter/adaptive-concurrency.ts';
import type { Limiter } from './limiter/limiter.ts';
import type { Requester } from './port.ts';
import type { Reachability } from './reachability.ts';
import type { HttpRequest, HttpResult, Transport } from './transport.ts';

/** A pause that ends later than the current one by no more than this is not logged, in milliseconds. */
const PAUSE_LOG_MS = 1_000;

export type Send = (request: HttpRequest, requester: Requester) => Promise<HttpResult>;

interface SendTools {
  readonly world: Pick<World, 'now'>;
  readonly log: Log;
  readonly reachability: Pick<Reachability, 'observe'>;
}

export function createSend(limiter: Limiter, transport: Transport, { world, log, reachability }: SendTools): Send {
  async function sendOnce(request: HttpRequest, requester: Requester): Promise<HttpResult> {
    const begun = await limiter.begin();
    const reply = await transport.send(request, begun.written);
    reachability.observe(request.url, reply);
    if (reply.type === 'answered') {
      limiter.observe(begun, reply.latencyMs, loadSignal(reply.httpStatus));
      pauseAll(reply, requester);
    } else if (reply.type === 'uncertain') limiter.observe(begun, reply.latencyMs, 'unknown');
    return reply;
  }

  function pauseAll(reply: Extract<HttpResult, { type: 'answered' }>, requester: Requester): void {
    const { httpStatus, retryAfterMs, exhaustedMs = 0 } = reply;
    // promise: token-request-pauses-nothing
    if (requester.call === 'token' || requester.call === 'discovery') return;
    // promise: only-429-and-503-pause-all
    const pauseMs = httpStatus === 429 || httpStatus === 503 ? Math.max(retryAfterMs, exhaustedMs) : exhaustedMs;
    if (pauseMs <= 0) return;
    const since = world.now();
    // A burst of responses moves the end by milliseconds: only the first is a line in the log.
    const extended = since + pauseMs - limiter.state().pausedUntil > PAUSE_LOG_MS;
    limiter.pause(pauseMs, { ...requester, httpStatus, since });
    if (extended) log.warn({ ...requester, httpStatus, pauseMs }, 'a response of CXone pauses all requests to CXone');
  }

  return async (request, requester) => {
    const first = await sendOnce(request, requester);
    // promise: stale-connection-is-repeated
    const repeats = first.type === 'uncertain' && first.stale === true && request.once !== true;
    return repeats ? sendOnce({ ...request, once: true }, requester) : first;
  };
}

function loadSignal(httpStatus: number): LoadSignal {
  if (httpStatus === 429) return 'overloaded';
  return httpStatus < 500 ? 'well' : 'unknown';
}
