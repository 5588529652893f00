// Sends notifications to apps over HTTP: signed, to checked addresses, in bounded time, without following redirects.

import { Agent, type buildConnector, request } from 'undici';
import { excerpt } from '../lib/http/excerpt.ts';
import { failureReason, isRejection } from '../lib/http/failure.ts';
import { parseRetryAfter } from '../lib/http/rate-limit-reset.ts';
import { readResponseBody } from '../lib/http/read-response-body.ts';
import { unlessAborted } from '../lib/http/unless-aborted.ts';
import { type HttpProxy, NO_PROXIES, type ProxyRules, proxyFor } from '../lib/proxy/proxy.ts';
import { HOUR_MS } from '../lib/time.ts';
import type { World } from '../lib/world.ts';
import type { Trust } from './address-policy.ts';
import { createGuardedConnector, createGuardedTunnel, type ResolveHostname } from './guarded-connect.ts';
import type { DeliveryResult, WebhookRequest, WebhookSender } from './port.ts';
import { createHostnameResolver, limitedResolver } from './resolve-hostname.ts';
import { type SecretsOf, signatureHeaders } from './signature.ts';
import type { UrlPolicy } from './url-policy.ts';

/** From connecting to the last byte of the response. */
const TIMEOUT_MS = 15_000;
/** Age at which a connection is no longer reused, in milliseconds: the app may have moved to another address. */
const MAX_CONNECTION_AGE_MS = 180_000;
/** Only an excerpt of a response is used. */
const MAX_RESPONSE_BYTES = 16 * 1024;
/** Upper limit for a Retry-After. */
const MAX_PAUSE_MS = 6 * HOUR_MS;

const CLOSING = 'the receiver is closing';
const NOT_ACTIVE = 'another receiver may be active';

export interface WebhookSenderOptions {
  readonly policy: UrlPolicy;
  readonly secretsOf: SecretsOf;
  readonly world: Pick<World, 'now' | 'elapsed' | 'sleep'>;
  readonly resolve?: ResolveHostname;
  /** Default: direct connections. */
  readonly proxies?: ProxyRules;
  /** Returns whether requests may be sent now: false once another receiver may be active; default: always. */
  readonly maySend?: () => boolean;
}

/** One function because the agents and the requests in flight are closed together. */
export function createWebhookSender({
  policy,
  secretsOf,
  world,
  resolve = createHostnameResolver({ world }),
  proxies = NO_PROXIES,
  maySend = () => true,
}: WebhookSenderOptions): WebhookSender {
  const agents = new Map<string, RoutedAgents>();
  const inFlight = new Set<AbortController>();
  let closed = false;

  function headersOf({ id, app, body, traceparent, tracestate }: WebhookRequest): Record<string, string> {
    return {
      'content-type': 'application/json',
      'user-agent': 'cxone-callback-receiver',
      ...signatureHeaders(secretsOf(app), { id, timestamp: Math.floor(world.now() / 1000), body }),
      ...(traceparent === null ? {} : { traceparent }),
      ...(traceparent === null || tracestate === null ? {} : { tracestate }),
    };
  }

  /**
   * Agents of its own for each app: a pooled connection to an internal address must not serve an app without access to it, and the look-ups
   * of one app must not hold up those of another.
   */
  function agentsOf(app: string): RoutedAgents {
    const known = agents.get(app) ?? createAgents(policy.trust(app), limitedResolver(resolve), proxies);
    agents.set(app, known);
    return known;
  }

  async function post(webhook: WebhookRequest, signal: AbortSignal): Promise<DeliveryResult> {
    const begun = world.elapsed();
    const latencyMs = () => Math.round(world.elapsed() - begun);
    try {
      const { statusCode, headers, body } = await unlessAborted(signal, () =>
        request(webhook.url, {
          dispatcher: agentsOf(webhook.app).for(webhook.url),
          method: 'POST',
          headers: headersOf(webhook),
          body: webhook.body,
          signal,
        }),
      );
      const { bytes } = await readResponseBody(body, MAX_RESPONSE_BYTES);
      const retryAfterMs = parseRetryAfter(firstOf(headers['retry-after']), world.now(), MAX_PAUSE_MS);
      const location = firstOf(headers['location']);
      return resultOf({ httpStatus: statusCode, latencyMs: latencyMs(), retryAfterMs, location, bytes });
    } catch (error) {
      const message = `no answer: ${failureReason(signal.aborted ? signal.reason : error)}`;
      return { type: 'failed', httpStatus: 0, latencyMs: latencyMs(), message, retryAfterMs: 0 };
    }
  }

  async function postWithTimeout(webhook: WebhookRequest): Promise<DeliveryResult> {
    const giveUp = new AbortController();
    const done = new AbortController();
    inFlight.add(giveUp);
    const timer = world.sleep(TIMEOUT_MS, done.signal).then(() => {
      if (!done.signal.aborted) giveUp.abort(new Error(`it took longer than ${TIMEOUT_MS / 1000} s`));
    });
    try {
      return await post(webhook, giveUp.signal);
    } finally {
      inFlight.delete(giveUp);
      done.abort();
      await timer;
    }
  }

  return {
    deliver: async (webhook) => {
      if (closed) return unsent(CLOSING);
      // promise: stopped-receiver-sends-no-notification
      if (!maySend()) return unsent(NOT_ACTIVE);
      // The policy may have become stricter since the URL was accepted.
      const problem = policy.check(webhook.app, webhook.url);
      return problem === null ? postWithTimeout(webhook) : unsent(`the URL ${problem}`);
    },
    close: () => {
      closed = true;
      for (const controller of inFlight) controller.abort(new Error(CLOSING));
      for (const routed of agents.values()) routed.destroy();
    },
  };
}

interface RoutedAgents {
  /** Returns the agent for a URL: direct, or through its proxy. */
  for(url: string): Agent;
  destroy(): void;
}

function createAgents(trust: Trust, resolve: ResolveHostname, proxies: ProxyRules): RoutedAgents {
  const direct = createAgent(createGuardedConnector(trust, resolve, TIMEOUT_MS));
  const overTunnel = (proxy: HttpProxy | null) =>
    proxy === null ? direct : createAgent(createGuardedTunnel(trust, resolve, { proxy, timeoutMs: TIMEOUT_MS }));
  const tunnels = { 'https:': overTunnel(proxies.https), 'http:': overTunnel(proxies.http) };
  return {
    for: (text) => {
      const url = new URL(text);
      if (proxyFor(proxies, url) === null) return direct;
      return url.protocol === 'https:' ? tunnels['https:'] : tunnels['http:'];
    },
    destroy: () => {
      for (const agent of [direct, ...Object.values(tunnels)]) void agent.destroy();
    },
  };
}

function createAgent(connect: buildConnector.connector): Agent {
  return new Agent({
    connect,
    // The signal is the only time-out: it covers the whole exchange and follows the world's clock.
    headersTimeout: 0,
    bodyTimeout: 0,
    clientTtl: MAX_CONNECTION_AGE_MS,
    keepAliveMaxTimeout: MAX_CONNECTION_AGE_MS,
  });
}

interface WebhookResponse {
  readonly httpStatus: number;
  readonly latencyMs: number;
  readonly retryAfterMs: number;
  readonly location: string | null;
  readonly bytes: Uint8Array;
}

function resultOf({ httpStatus, latencyMs, retryAfterMs, location, bytes }: WebhookResponse): DeliveryResult {
  // promise: redirect-is-a-failure
  if (httpStatus >= 200 && httpStatus <= 299) return { type: 'delivered', httpStatus, latencyMs };
  const text = excerpt(bytes, []);
  const message = `answered ${httpStatus}${redirection(httpStatus, location)}${text === '' ? '' : `: ${text}`}`;
  if (httpStatus === 410) return { type: 'gone', httpStatus, latencyMs, message };
  return { type: isRejection(httpStatus) ? 'rejected' : 'failed', httpStatus, latencyMs, message, retryAfterMs };
}

/** A redirect is not followed: its target was never checked, and a POST may become a GET. The app must change notifyUrl. */
function redirection(httpStatus: number, location: string | null): string {
  if (httpStatus < 300 || httpStatus > 399) return '';
  const where = location === null ? '' : ` to ${excerpt(Buffer.from(location), [])}`;
  return `, a redirect${where}, which is not followed`;
}

function unsent(why: string): DeliveryResult {
  return { type: 'failed', httpStatus: 0, latencyMs: 0, message: `not sent: ${why}`, retryAfterMs: 0 };
}

function firstOf(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
