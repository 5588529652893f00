// Loop that delivers due notifications to the apps and records the results. A slow endpoint does not delay another app's.

import { writeJson } from '../../execution/json.ts';
import { many } from '../../lib/figures.ts';
import type { Log } from '../../lib/log.ts';
import type { Round, Work } from '../../lib/loop.ts';
import { HOUR_MS } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import type { DeliveryEvent } from '../../notification/delivery.ts';
import type { Notification } from '../../notification/notification.ts';
import { linkedWebhookBody, webhookBody } from '../../notification/outgoing.ts';
import { retryAt, retryRejectedAt } from '../../notification/schedule.ts';
import { NOTIFY, notifiedEnd } from '../../observability/tracing/spans.ts';
import { endSpanWith, type Tracing, withSpanContext } from '../../observability/tracing/tracing.ts';
import type { Endpoints } from '../../store/endpoints-port.ts';
import type { ClaimedNotification, DueLane, Outbox } from '../../store/outbox-port.ts';
import { retryUntilCommitted } from '../../store/retry-until-committed.ts';
import type { DeliveryResult, WebhookRequest, WebhookSender } from '../../webhooks/port.ts';
import type { Lane, Lanes, Turn } from './lanes.ts';

/** Lease of a claimed notification, longer than a delivery may take. After a crash, the notification is due again after the lease. */
const LEASE_MS = 30_000;

/** An endpoint without any response for this long is down. Longer than a deployment or a night's maintenance. */
const SILENT_MS = 6 * HOUR_MS;

/** Notifications given up in one transaction. */
const MAX_GIVE_UP = 200;

export interface LinkRules {
  /** The longest body with the result, in bytes, by app; `*` for every other app. */
  readonly aboveBytes: ReadonlyMap<string, number>;
  /** The base URL at which apps reach the receiver. */
  readonly baseUrl: string;
}

export interface NotifierTools {
  readonly outbox: Pick<Outbox, 'lanes' | 'claimNotifications' | 'giveUpNotifications' | 'recordDelivery'> &
    Pick<Endpoints, 'pausedEndpoints'>;
  readonly webhooks: Pick<WebhookSender, 'deliver'>;
  readonly world: World;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly lanes: Lanes;
  readonly links: LinkRules;
  /** Called when a delivery has ended, so that the next one can start. */
  readonly freed: () => void;
}

export function createNotifier(tools: NotifierTools): Work {
  const { outbox, world, lanes, freed } = tools;
  const underWay = new Set<string>();

  /** Returns how many deliveries were claimed. */
  async function serve({ lane, room, newest, probe }: Turn, { signal, spawn }: Round): Promise<number> {
    let claimed: ClaimedNotification[] = [];
    try {
      const now = world.now();
      claimed = await outbox.claimNotifications(lane, { limit: room, newest, probe }, now, now + LEASE_MS);
    } finally {
      lanes.release(lane, room - claimed.length);
    }
    for (const sendable of claimed) {
      const { id } = sendable.notification;
      // The lease may end before the result is recorded: the notification must not be sent twice at the same time.
      if (underWay.has(id)) {
        lanes.release(lane, 1);
        continue;
      }
      underWay.add(id);
      spawn(
        deliver(tools, lane, sendable, signal).finally(() => {
          underWay.delete(id);
          lanes.release(lane, 1);
          freed();
        }),
      );
    }
    return claimed.length;
  }

  return async (round) => {
    const paused = await outbox.pausedEndpoints();
    const isPaused = ({ app, origin }: Pick<DueLane, 'app' | 'origin'>) =>
      paused.some((one) => one.app === app && one.origin === origin);
    const found = await outbox.lanes();
    if (round.signal.aborted) return null;
    // promise: paused-endpoint-gets-nothing
    const turns = lanes.turns(found, isPaused);
    const served = await Promise.all(turns.map((turn) => serve(turn, round)));
    return served.some((count) => count > 0) ? 0 : lanes.nextTurn(found, isPaused);
  };
}

async function deliver(
  tools: NotifierTools,
  lane: Lane,
  sendable: ClaimedNotification,
  signal: AbortSignal,
): Promise<void> {
  const { outbox, webhooks, world, tracing, links } = tools;
  const { notification, execution } = sendable;
  const span = tracing.begin(NOTIFY, execution);
  const delivery = webhooks.deliver(requestFor({ notification, execution: withSpanContext(span, execution) }, links));
  const result = await endSpanWith(span, notifiedEnd, sendable, delivery);
  updateBreaker(tools, lane, result);
  // The clock may be set while the store takes no writes.
  // promise: late-record-of-a-delivery-has-the-new-clock
  const record = () => outbox.recordDelivery(notification.id, toEvent(result, notification, world), world.now());
  await retryUntilCommitted(record, world, signal);
  if (lane.breaker.open() > 0) await giveUpOverdue(tools, lane, signal);
}

/** Only a failure counts against the endpoint. After any other response, another notification may pass. */
function updateBreaker({ log, world }: NotifierTools, lane: Lane, result: DeliveryResult): void {
  const { app, origin, breaker } = lane;
  const before = breaker.open();
  // promise: rejection-opens-no-circuit
  if (result.type === 'failed') breaker.failed(result.retryAfterMs, result.httpStatus > 0);
  else breaker.succeeded();
  lane.failure = result.type === 'failed' ? result.message : null;
  if (breaker.open() === 0) lane.openSince = null;
  else lane.openSince ??= world.now();
  const facts = { app, origin };
  if (before === 0 && breaker.open() > 0) {
    log.warn(
      { ...facts, reason: lane.failure, retryInMs: breaker.remainingMs() },
      'an endpoint of an app fails: its notifications wait',
    );
  }
  if (before > 0 && breaker.open() === 0) log.info(facts, 'an endpoint of an app is back');
}

/**
 * Gives up overdue notifications without an attempt: an open circuit breaker lets only one delivery at a time through. One that
 * was never attempted waits for its attempt as long as the endpoint responds at all.
 */
async function giveUpOverdue({ outbox, world }: NotifierTools, lane: Lane, signal: AbortSignal): Promise<void> {
  const { breaker } = lane;
  // promise: untried-is-not-given-up
  const untried = breaker.silentMs() >= SILENT_MS;
  const silent = breaker.silentMs() > 0 ? ', the last ones without a response' : '';
  const reason = `the time limit has passed, and the endpoint failed ${many(breaker.open(), 'time')} in a row${silent}`;
  const some = () => outbox.giveUpNotifications(lane, { limit: MAX_GIVE_UP, untried, reason }, world.now());
  while ((await retryUntilCommitted(some, world, signal)) === MAX_GIVE_UP && !signal.aborted);
}

function requestFor({ notification, execution }: ClaimedNotification, links: LinkRules): WebhookRequest {
  const { id, app, url } = notification;
  const { traceparent, tracestate } = execution;
  return { id, app, url, body: bodyOf({ notification, execution }, links), traceparent, tracestate };
}

function bodyOf({ notification, execution }: ClaimedNotification, { aboveBytes, baseUrl }: LinkRules): string {
  const whole = writeJson(webhookBody(notification, execution));
  const most = aboveBytes.get(notification.app) ?? aboveBytes.get('*') ?? Number.POSITIVE_INFINITY;
  // promise: large-notification-is-a-link
  if (Buffer.byteLength(whole) <= most) return whole;
  const link = `${baseUrl}/v1/executions/${encodeURIComponent(execution.correlationId)}`;
  return JSON.stringify(linkedWebhookBody(notification, execution, link));
}

function toEvent(result: DeliveryResult, { attempts }: Notification, world: World): DeliveryEvent {
  switch (result.type) {
    case 'delivered':
    case 'gone':
      return result;
    case 'rejected':
    case 'failed': {
      const { httpStatus, latencyMs, message, retryAfterMs } = result;
      const next = result.type === 'rejected' ? retryRejectedAt : retryAt;
      const again = next(world.now(), attempts + 1, retryAfterMs, world.random());
      return { type: 'failed', httpStatus, latencyMs, message, retryAt: again };
    }
    default:
      return result satisfies never;
  }
}
