// Verb: claim what apps are to be told → carry it there → record what became of it. Nobody's endpoint delays another app's.

import type { Log } from '../../lib/log.ts';
import type { Round, Work } from '../../lib/loop.ts';
import type { World } from '../../lib/world.ts';
import type { DeliveryEvent } from '../../notification/delivery.ts';
import type { Notification } from '../../notification/notification.ts';
import { webhookBody } from '../../notification/outgoing.ts';
import { retryAt } from '../../notification/schedule.ts';
import { NOTIFY, notifiedEnd } from '../../observability/tracing/spans.ts';
import { endSpanWith, type Tracing, withSpanContext } from '../../observability/tracing/tracing.ts';
import type { ClaimedNotification, Outbox } from '../../store/outbox-port.ts';
import { retryUntilCommitted } from '../../store/retry-until-committed.ts';
import type { DeliveryResult, WebhookRequest, WebhookSender } from '../../webhooks/port.ts';
import type { Lane, Lanes, Turn } from './lanes.ts';

/** A claimed one is nobody else's for so long: longer than a delivery may take. What a crash leaves claimed is due again that soon. */
const LEASE_MS = 30_000;

/** Given up at once, at most. */
const MAX_GIVE_UP = 200;

export interface NotifierTools {
  readonly outbox: Pick<Outbox, 'lanes' | 'claimNotifications' | 'giveUpNotifications' | 'recordDelivery'>;
  readonly webhooks: Pick<WebhookSender, 'deliver'>;
  readonly world: World;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly lanes: Lanes;
  /** Called when a delivery has ended, so that another one may have its place. */
  readonly freed: () => void;
}

export function createNotifier(tools: NotifierTools): Work {
  const { outbox, world, lanes, freed } = tools;
  const underWay = new Set<string>();

  /** Returns how many it took on. */
  async function serve({ lane, room }: Turn, { signal, spawn }: Round): Promise<number> {
    let claimed: ClaimedNotification[] = [];
    try {
      const now = world.now();
      claimed = await outbox.claimNotifications(lane, room, now, now + LEASE_MS);
    } finally {
      lanes.release(lane, room - claimed.length);
    }
    for (const sendable of claimed) {
      const { id } = sendable.notification;
      // Its lease may end before its outcome could be recorded: it still is not sent beside itself.
      if (underWay.has(id)) {
        lanes.release(lane, 1);
        continue;
      }
      underWay.add(id);
      spawn(
        tell(tools, lane, sendable, signal).finally(() => {
          underWay.delete(id);
          lanes.release(lane, 1);
          freed();
        }),
      );
    }
    return claimed.length;
  }

  return async (round) => {
    const found = await outbox.lanes();
    if (round.signal.aborted) return null;
    const served = await Promise.all(lanes.turns(found).map((turn) => serve(turn, round)));
    return served.some((count) => count > 0) ? 0 : lanes.nextTurn(found);
  };
}

async function tell(
  tools: NotifierTools,
  lane: Lane,
  sendable: ClaimedNotification,
  signal: AbortSignal,
): Promise<void> {
  const { outbox, webhooks: courier, world, tracing } = tools;
  const { notification, execution } = sendable;
  const span = tracing.begin(NOTIFY, execution);
  const delivery = courier.deliver(parcelOf({ notification, execution: withSpanContext(span, execution) }));
  const receipt = await endSpanWith(span, notifiedEnd, sendable, delivery);
  learn(tools, lane, receipt);
  const event = toEvent(receipt, notification, world);
  await retryUntilCommitted(() => outbox.recordDelivery(notification.id, event, world.now()), world, signal);
  if (lane.breaker.open() > 0) await giveUpOverdue(tools, lane, signal);
}

/** Whoever says that it is gone (410) is there, and has said all there is to say. */
function learn({ log }: NotifierTools, { app, origin, breaker }: Lane, receipt: DeliveryResult): void {
  const before = breaker.open();
  if (receipt.type === 'failed') breaker.failed(receipt.retryAfterMs);
  else breaker.succeeded();
  const facts = { app, origin };
  if (before === 0 && breaker.open() > 0) {
    const { message: reason } = receipt as Extract<DeliveryResult, { type: 'failed' }>;
    log.warn(
      { ...facts, reason, retryInMs: breaker.remainingMs() },
      'an endpoint of an app fails: its notifications wait',
    );
  }
  if (before > 0 && breaker.open() === 0) log.info(facts, 'an endpoint of an app is back');
}

/** Nothing gets through there, and only one at a time is tried: the others whose time is over end without. */
async function giveUpOverdue({ outbox, world }: NotifierTools, lane: Lane, signal: AbortSignal): Promise<void> {
  const reason = `its time is over, and the endpoint failed ${lane.breaker.open()} times in a row`;
  const some = () => outbox.giveUpNotifications(lane, MAX_GIVE_UP, world.now(), reason);
  while ((await retryUntilCommitted(some, world, signal)) === MAX_GIVE_UP && !signal.aborted);
}

function parcelOf({ notification, execution }: ClaimedNotification): WebhookRequest {
  const { id, app, url } = notification;
  const { traceparent, tracestate } = execution;
  return { id, app, url, body: JSON.stringify(webhookBody(notification, execution)), traceparent, tracestate };
}

function toEvent(receipt: DeliveryResult, { attempts }: Notification, world: World): DeliveryEvent {
  switch (receipt.type) {
    case 'delivered':
    case 'gone':
      return receipt;
    case 'failed': {
      const { httpStatus, latencyMs, message, retryAfterMs } = receipt;
      const again = retryAt(world.now(), attempts + 1, retryAfterMs, world.random());
      return { type: 'failed', httpStatus, latencyMs, message, retryAt: again };
    }
    default:
      return receipt satisfies never;
  }
}
