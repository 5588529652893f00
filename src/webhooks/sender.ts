// Carries notifications to apps over HTTP: signed, to checked addresses, in bounded time, following nothing.

import { Agent, request } from 'undici';
import { excerpt } from '../lib/http/excerpt.ts';
import { failureReason } from '../lib/http/failure-reason.ts';
import { readResponseBody } from '../lib/http/read-response-body.ts';
import { parseRetryAfter } from '../lib/http/retry-after.ts';
import type { World } from '../lib/world.ts';
import type { Trust } from './address-policy.ts';
import { createGuardedConnector, type ResolveHostname, resolveHostname } from './guarded-connect.ts';
import type { DeliveryResult, WebhookRequest, WebhookSender } from './port.ts';
import { type SecretsOf, signatureHeaders } from './signature.ts';
import type { UrlPolicy } from './url-policy.ts';

/** From connecting to the last byte of the answer. */
const TIMEOUT_MS = 15_000;
/** Most bytes read of an answer: nobody needs more than a few words of it. */
const MAX_ANSWER_BYTES = 16 * 1024;
/** An endpoint may ask for so long a pause, no longer. */
const MAX_PAUSE_MS = 6 * 3_600_000;

const CLOSING = 'the receiver is closing';

export interface WebhookSenderOptions {
  readonly rules: UrlPolicy;
  readonly secretsOf: SecretsOf;
  readonly world: Pick<World, 'now' | 'sleep'>;
  readonly resolve?: ResolveHostname;
}

export function createWebhookSender({
  rules,
  secretsOf,
  world,
  resolve = resolveHostname,
}: WebhookSenderOptions): WebhookSender {
  // One for each trust: a kept connection to the inside must not serve an app that may not go there.
  const agents: { readonly [T in Trust]: Agent } = { public: agent('public'), listed: agent('listed') };
  const underWay = new Set<AbortController>();
  let closed = false;

  function agent(trust: Trust): Agent {
    return new Agent({
      connect: createGuardedConnector(trust, resolve, TIMEOUT_MS),
      // The signal is the only time-out: over all of it, and by the world's clock.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  function headersOf({ id, app, body, traceparent, tracestate }: WebhookRequest): Record<string, string> {
    return {
      'content-type': 'application/json',
      'user-agent': 'cxone-callback-receiver',
      ...signatureHeaders(secretsOf(app), { id, timestamp: Math.floor(world.now() / 1000), body }),
      ...(traceparent === null ? {} : { traceparent }),
      ...(traceparent === null || tracestate === null ? {} : { tracestate }),
    };
  }

  async function exchange(parcel: WebhookRequest, signal: AbortSignal): Promise<DeliveryResult> {
    const begun = world.now();
    const latencyMs = () => Math.max(0, Math.round(world.now() - begun));
    try {
      const { statusCode, headers, body } = await request(parcel.url, {
        dispatcher: agents[rules.trust(parcel.app)],
        method: 'POST',
        headers: headersOf(parcel),
        body: parcel.body,
        signal,
      });
      const { bytes } = await readResponseBody(body, MAX_ANSWER_BYTES);
      const retryAfterMs = parseRetryAfter(firstOf(headers['retry-after']), world.now(), MAX_PAUSE_MS);
      const location = firstOf(headers['location']);
      return resultOf({ httpStatus: statusCode, latencyMs: latencyMs(), retryAfterMs, location, bytes });
    } catch (error) {
      const message = `no answer: ${failureReason(signal.aborted ? signal.reason : error)}`;
      return { type: 'failed', httpStatus: 0, latencyMs: latencyMs(), message, retryAfterMs: 0 };
    }
  }

  async function deliverInTime(parcel: WebhookRequest): Promise<DeliveryResult> {
    const giveUp = new AbortController();
    const done = new AbortController();
    underWay.add(giveUp);
    const timer = world.sleep(TIMEOUT_MS, done.signal).then(() => {
      if (!done.signal.aborted) giveUp.abort(new Error(`it took longer than ${TIMEOUT_MS / 1000} s`));
    });
    try {
      return await exchange(parcel, giveUp.signal);
    } finally {
      underWay.delete(giveUp);
      done.abort();
      await timer;
    }
  }

  return {
    deliver: async (parcel) => {
      if (closed) return unsent(CLOSING);
      // The rules may be stricter now than they were when the URL was accepted.
      const problem = rules.check(parcel.app, parcel.url);
      return problem === null ? deliverInTime(parcel) : unsent(`the URL ${problem}`);
    },
    close: () => {
      closed = true;
      for (const one of underWay) one.abort(new Error(CLOSING));
      for (const one of Object.values(agents)) void one.destroy();
    },
  };
}

interface Answer {
  readonly httpStatus: number;
  readonly latencyMs: number;
  readonly retryAfterMs: number;
  readonly location: string | null;
  readonly bytes: Uint8Array;
}

function resultOf({ httpStatus, latencyMs, retryAfterMs, location, bytes }: Answer): DeliveryResult {
  // promise: redirect-is-a-failure
  if (httpStatus >= 200 && httpStatus <= 299) return { type: 'delivered', httpStatus, latencyMs };
  const words = excerpt(bytes, []);
  const said = `answered ${httpStatus}${redirection(httpStatus, location)}${words === '' ? '' : `: ${words}`}`;
  if (httpStatus === 410) return { type: 'gone', httpStatus, latencyMs, message: said };
  return { type: 'failed', httpStatus, latencyMs, message: said, retryAfterMs };
}

/** Whoever moved must tell us at notifyUrl: what a redirect names was never checked, and a POST may become a GET. */
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
