// What one attempt, or a replay, makes of a notification, and the audit entry it leaves. Pure.
//
//   PENDING ──delivered──▶ DELIVERED      any: replayed ▶ PENDING
//     │  ▲ failed, in time
//     └──┴──gone, given-up, failed too late──▶ DEAD
//
// What comes when it no longer matters (an attempt that ends after another one got through) leaves its entry and changes nothing.

import type { AuditDraft, AuditEvent } from '../execution/event.ts';
import type { JsonObject } from '../execution/json.ts';
import { isoTime } from '../lib/time.ts';
import type { Notification } from './notification.ts';
import { giveUpAt } from './schedule.ts';

/** An attempt: the status of the answer (0 when there was none) and how long it took in milliseconds. */
interface AttemptFacts {
  readonly httpStatus: number;
  readonly latencyMs: number;
}

export type DeliveryEvent =
  /** It was answered with 2xx. */
  | (AttemptFacts & { readonly type: 'delivered' })
  /** It was not delivered; `retryAt` is when it may be tried again. */
  | (AttemptFacts & { readonly type: 'failed'; readonly message: string; readonly retryAt: number })
  /** The endpoint wants no more of it (410). */
  | (AttemptFacts & { readonly type: 'gone'; readonly message: string })
  /** It is not tried any more, without another attempt. */
  | { readonly type: 'given-up'; readonly reason: string }
  /** Somebody wants it sent again: `app:shop`, `operator:alice`. */
  | { readonly type: 'replayed'; readonly by: string };

/** `ignored`: nothing changed but the trail. `pruned`: what it told is no longer kept, so that it cannot be told again. */
export type DeliveryOutcome = 'delivered' | 'retrying' | 'dead' | 'replayed' | 'ignored' | 'pruned';

export interface Delivery {
  readonly notification: Notification;
  readonly outcome: DeliveryOutcome;
}

export interface DeliveryTransition extends Delivery {
  readonly entry: AuditDraft;
}

export function applyDelivery(notification: Notification, event: DeliveryEvent, now: number): DeliveryTransition {
  switch (event.type) {
    case 'delivered':
      return delivered(notification, event, now);
    case 'failed':
      return failed(notification, event, now);
    case 'gone':
      return gone(notification, event, now);
    case 'given-up':
      return givenUp(notification, event.reason);
    case 'replayed':
      return replayed(notification, event.by, now);
    default:
      return event satisfies never;
  }
}

/** It got through: that counts even when trying had ended meanwhile. */
function delivered(before: Notification, event: AttemptFacts, now: number): DeliveryTransition {
  const tried = attempted(before, event, null, now);
  if (before.status === 'DELIVERED') return ignored(before, 'NOTIFICATION_DELIVERED', said(tried), event);
  const notification: Notification = { ...tried, status: 'DELIVERED', dueAt: null, deliveredAt: now };
  return { notification, outcome: 'delivered', entry: draft('NOTIFICATION_DELIVERED', said(tried), event) };
}

function failed(
  before: Notification,
  event: Extract<DeliveryEvent, { type: 'failed' }>,
  now: number,
): DeliveryTransition {
  const { message, retryAt } = event;
  const tried = attempted(before, event, message, now);
  const told = { ...said(tried), message };
  if (before.status !== 'PENDING') return ignored(before, 'NOTIFICATION_FAILED', told, event);
  // promise: notification-gives-up
  if (retryAt > before.giveUpAt) {
    const detail = { ...told, note: 'the next try would come after its time is over' };
    return { notification: dead(tried), outcome: 'dead', entry: draft('NOTIFICATION_DEAD', detail, event) };
  }
  // One that waits for an earlier one of its execution, which was replayed meanwhile, goes on waiting.
  const notification: Notification = { ...tried, dueAt: before.dueAt === null ? null : retryAt };
  const detail = { ...told, retryAt: isoTime(retryAt) };
  return { notification, outcome: 'retrying', entry: draft('NOTIFICATION_FAILED', detail, event) };
}

function gone(before: Notification, event: Extract<DeliveryEvent, { type: 'gone' }>, now: number): DeliveryTransition {
  const tried = attempted(before, event, event.message, now);
  const detail = { ...said(tried), message: event.message };
  if (before.status !== 'PENDING') return ignored(before, 'NOTIFICATION_FAILED', detail, event);
  return { notification: dead(tried), outcome: 'dead', entry: draft('NOTIFICATION_DEAD', detail, event) };
}

function givenUp(before: Notification, reason: string): DeliveryTransition {
  const detail = { ...said(before), message: reason };
  if (before.status !== 'PENDING') return ignored(before, 'NOTIFICATION_FAILED', detail);
  const notification = dead({ ...before, lastError: reason });
  return { notification, outcome: 'dead', entry: draft('NOTIFICATION_DEAD', detail) };
}

/** Counting begins anew. One that is still being tried is left alone: its attempt may be under way. */
function replayed(before: Notification, by: string, now: number): DeliveryTransition {
  const detail = { ...said(before), by };
  if (before.status === 'PENDING') return ignored(before, 'NOTIFICATION_REPLAYED', detail);
  const notification: Notification = {
    ...before,
    status: 'PENDING',
    dueAt: now,
    giveUpAt: giveUpAt(now),
    attempts: 0,
    deliveredAt: null,
  };
  return { notification, outcome: 'replayed', entry: draft('NOTIFICATION_REPLAYED', detail) };
}

function attempted(before: Notification, event: AttemptFacts, lastError: string | null, now: number): Notification {
  const { httpStatus: lastHttpStatus } = event;
  return { ...before, attempts: before.attempts + 1, lastAttemptAt: now, lastHttpStatus, lastError };
}

function dead(notification: Notification): Notification {
  return { ...notification, status: 'DEAD', dueAt: null };
}

function said({ id, type, attempts }: Notification): JsonObject {
  return { notification: id, type, attempt: attempts };
}

function ignored(
  notification: Notification,
  event: AuditEvent,
  detail: JsonObject,
  of?: AttemptFacts,
): DeliveryTransition {
  return { notification, outcome: 'ignored', entry: draft(event, { ...detail, outcome: 'ignored' }, of) };
}

function draft(event: AuditEvent, detail: JsonObject, attempt?: AttemptFacts): AuditDraft {
  const { latencyMs = null, httpStatus = null } = attempt ?? {};
  return { event, latencyMs, httpStatus, detail, body: null };
}
