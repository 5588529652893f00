// State machine of a notification's delivery: what an attempt or a replay does, and the audit entry it leaves. Pure.
//
//   PENDING ──delivered──▶ DELIVERED      any: replayed ▶ PENDING
//     │  ▲ failed, in time
//     └──┴──gone, given-up, failed too late──▶ DEAD
//
// An event that no longer matters (an attempt that fails after another one succeeded) only writes its audit entry.

import { type AuditDraft, type AuditEvent, draftOf } from '../execution/event.ts';
import type { JsonObject } from '../execution/json.ts';
import { isoTime } from '../lib/time.ts';
import type { Notification } from './notification.ts';
import { giveUpAt } from './schedule.ts';

/** Attempt: status of the response (0 for none) and latency in milliseconds. */
interface AttemptFacts {
  readonly httpStatus: number;
  readonly latencyMs: number;
}

export type DeliveryEvent =
  /** The endpoint responded with 2xx. */
  | (AttemptFacts & { readonly type: 'delivered' })
  /** Not delivered; `retryAt` is the time of the next attempt. */
  | (AttemptFacts & { readonly type: 'failed'; readonly message: string; readonly retryAt: number })
  /** The endpoint responded with 410 (Gone). */
  | (AttemptFacts & { readonly type: 'gone'; readonly message: string })
  /** Given up without another attempt. */
  | { readonly type: 'given-up'; readonly reason: string }
  /** Replay requested by `app:shop` or `operator:alice`. */
  | { readonly type: 'replayed'; readonly by: string };

type EventOf<Type extends DeliveryEvent['type']> = Extract<DeliveryEvent, { readonly type: Type }>;

/** `ignored`: only an audit entry was written. `pruned`: the payload has been deleted, so the notification cannot be replayed. */
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

/** Counts even if the notification had been given up meanwhile. */
function delivered(before: Notification, event: AttemptFacts, now: number): DeliveryTransition {
  const tried = attempted(before, event, null, now);
  if (before.status === 'DELIVERED') return ignored(before, 'NOTIFICATION_DELIVERED', detailOf(tried), event);
  const notification: Notification = { ...tried, status: 'DELIVERED', dueAt: null, deliveredAt: now };
  return { notification, outcome: 'delivered', entry: draftOf('NOTIFICATION_DELIVERED', detailOf(tried), event) };
}

function failed(before: Notification, event: EventOf<'failed'>, now: number): DeliveryTransition {
  const { message, retryAt } = event;
  const tried = attempted(before, event, message, now);
  const detail = { ...detailOf(tried), message };
  if (before.status !== 'PENDING') return ignored(before, 'NOTIFICATION_FAILED', detail, event);
  // promise: notification-gives-up
  if (retryAt > before.giveUpAt) {
    const final = { ...detail, note: 'the next attempt would be after the time limit' };
    return { notification: dead(tried), outcome: 'dead', entry: draftOf('NOTIFICATION_DEAD', final, event) };
  }
  // If an earlier notification of the execution was replayed meanwhile, this one keeps waiting for it.
  const notification: Notification = { ...tried, dueAt: before.dueAt === null ? null : retryAt };
  const retrying = { ...detail, retryAt: isoTime(retryAt) };
  return { notification, outcome: 'retrying', entry: draftOf('NOTIFICATION_FAILED', retrying, event) };
}

function gone(before: Notification, event: EventOf<'gone'>, now: number): DeliveryTransition {
  const tried = attempted(before, event, event.message, now);
  const detail = { ...detailOf(tried), message: event.message };
  if (before.status !== 'PENDING') return ignored(before, 'NOTIFICATION_FAILED', detail, event);
  return { notification: dead(tried), outcome: 'dead', entry: draftOf('NOTIFICATION_DEAD', detail, event) };
}

function givenUp(before: Notification, reason: string): DeliveryTransition {
  // The reason of its own last attempt comes first: the endpoint may have rejected it before it failed.
  const lastError = before.attempts > 0 && before.lastError !== null ? `${before.lastError}; ${reason}` : reason;
  const detail = { ...detailOf(before), message: lastError };
  if (before.status !== 'PENDING') return ignored(before, 'NOTIFICATION_FAILED', detail);
  const notification = dead({ ...before, lastError });
  return { notification, outcome: 'dead', entry: draftOf('NOTIFICATION_DEAD', detail) };
}

/** Resets the attempts and the time limit. A pending notification stays as it is: its attempt may be under way. */
function replayed(before: Notification, by: string, now: number): DeliveryTransition {
  const detail = { ...detailOf(before), by };
  if (before.status === 'PENDING') return ignored(before, 'NOTIFICATION_REPLAYED', detail);
  const notification: Notification = {
    ...before,
    status: 'PENDING',
    dueAt: now,
    giveUpAt: giveUpAt(now),
    attempts: 0,
    deliveredAt: null,
  };
  return { notification, outcome: 'replayed', entry: draftOf('NOTIFICATION_REPLAYED', detail) };
}

function attempted(before: Notification, event: AttemptFacts, lastError: string | null, now: number): Notification {
  const { httpStatus: lastHttpStatus } = event;
  return { ...before, attempts: before.attempts + 1, lastAttemptAt: now, lastHttpStatus, lastError };
}

function dead(notification: Notification): Notification {
  return { ...notification, status: 'DEAD', dueAt: null };
}

function detailOf({ id, type, attempts }: Notification): JsonObject {
  return { notification: id, type, attempt: attempts };
}

function ignored(
  notification: Notification,
  event: AuditEvent,
  detail: JsonObject,
  of?: AttemptFacts,
): DeliveryTransition {
  return { notification, outcome: 'ignored', entry: draftOf(event, { ...detail, outcome: 'ignored' }, of) };
}
