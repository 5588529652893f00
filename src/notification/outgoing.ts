// Creates the notification for a change of an execution, orders those of one execution, and builds their bodies. Pure.

import { type Execution, isTerminal, type TerminalStatus } from '../execution/execution.ts';
import { representExecution } from '../execution/representation.ts';
import { isoTime } from '../lib/time.ts';
import type { Notification, NotificationType } from './notification.ts';
import { giveUpAt } from './schedule.ts';

const TYPE_OF_OUTCOME = {
  COMPLETED: 'execution.completed',
  FAILED: 'execution.failed',
  REJECTED: 'execution.rejected',
  NOT_FOUND: 'execution.not_found',
  TIMEOUT: 'execution.timeout',
  CANCELLED: 'execution.cancelled',
} as const satisfies Record<TerminalStatus, NotificationType>;

/** Returns the notification for this change; null for none. */
export function notificationFor(before: Execution, after: Execution, now: number): Notification | null {
  if (after.notifyUrl === null) return null;
  if (!isTerminal(before.status) && isTerminal(after.status))
    return newNotification(after, TYPE_OF_OUTCOME[after.status], now);
  if (before.lateResult === null && after.lateResult !== null)
    return newNotification(after, 'execution.late_result', now);
  return null;
}

function newNotification(execution: Execution, type: NotificationType, now: number): Notification {
  const { reference, correlationId, app, notifyUrl: url } = execution;
  const [ended, late] = notificationIds(reference);
  return {
    id: type === 'execution.late_result' ? late : ended,
    reference,
    correlationId,
    app,
    type,
    url: url ?? '',
    origin: originOf(url ?? ''),
    status: 'PENDING',
    createdAt: now,
    dueAt: now,
    giveUpAt: giveUpAt(now),
    attempts: 0,
    lastAttemptAt: null,
    lastHttpStatus: null,
    lastError: null,
    deliveredAt: null,
  };
}

/** Returns an empty origin for an invalid URL, so that the outcome is recorded; the delivery fails later. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}

/**
 * Returns the ids of this execution's notifications in the order of sending: outcome, late result. The ids contain no full
 * stop, because Standard Webhooks signs `id.timestamp.body`.
 */
export function notificationIds(reference: string): readonly [ended: string, late: string] {
  const stem = `msg_${reference.replaceAll('-', '')}`;
  return [`${stem}_ended`, `${stem}_late`];
}

/**
 * Makes the first pending notification of an execution due and lets the later ones wait. A notification whose turn has come
 * gets a new time limit; otherwise it could expire without an attempt.
 */
export function scheduleInOrder(ofExecution: readonly Notification[], now: number): Notification[] {
  const first = ofExecution.find(({ status }) => status === 'PENDING');
  return ofExecution.map((notification) => {
    const { status, dueAt } = notification;
    if (status !== 'PENDING') return notification;
    // promise: late-result-after-outcome
    if (notification !== first) return dueAt === null ? notification : { ...notification, dueAt: null };
    return dueAt === null ? { ...notification, dueAt: now, giveUpAt: giveUpAt(now) } : notification;
  });
}

/** Body of the webhook (Standard Webhooks). */
export interface WebhookBody {
  readonly type: NotificationType;
  /** Time of the outcome or of the late result, ISO 8601. */
  readonly timestamp: string;
  /** The execution as in GET /v1/executions/{correlationId}. With a `link`, results and errors are null. */
  readonly data: object;
}

export function webhookBody(notification: Notification, execution: Execution): WebhookBody {
  const { type, createdAt } = notification;
  const happened = type === 'execution.late_result' ? execution.lateResult?.receivedAt : execution.resolvedAt;
  return { type, timestamp: isoTime(happened ?? createdAt), data: representExecution(execution) };
}

/** Returns the body with a link to the execution instead of its results and errors, however large they are. */
export function linkedWebhookBody(notification: Notification, execution: Execution, link: string): WebhookBody {
  const lateResult = execution.lateResult && { ...execution.lateResult, result: null, error: null };
  const { data, ...rest } = webhookBody(notification, { ...execution, result: null, error: null, lateResult });
  return { ...rest, data: { ...data, link } };
}
