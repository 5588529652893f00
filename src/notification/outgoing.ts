// Which notification a change of an execution brings, in which order those of one execution are sent, and what they say. Pure.

import { type Execution, isTerminal, type TerminalStatus } from '../execution/execution.ts';
import { representExecution } from '../execution/representation.ts';
import { isoTime } from '../lib/time.ts';
import type { Notification, NotificationType } from './notification.ts';
import { giveUpAt } from './schedule.ts';

const TYPE_OF_ENDING = {
  COMPLETED: 'execution.completed',
  FAILED: 'execution.failed',
  REJECTED: 'execution.rejected',
  NOT_FOUND: 'execution.not_found',
  TIMEOUT: 'execution.timeout',
  CANCELLED: 'execution.cancelled',
} as const satisfies Record<TerminalStatus, NotificationType>;

/** What the app is to be told of this change; null for nothing. */
export function notificationFor(before: Execution, after: Execution, now: number): Notification | null {
  if (after.notifyUrl === null) return null;
  if (!isTerminal(before.status) && isTerminal(after.status))
    return newNotification(after, TYPE_OF_ENDING[after.status], now);
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

/** An outcome is never lost over a URL that is none: the sender finds nothing there. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}

/**
 * The ids that notifications of this execution have, in the order in which they are sent: of how it ended, and of a late result.
 * No full stop is in them (Standard Webhooks signs `id.timestamp.body`).
 */
export function notificationIds(reference: string): readonly [ended: string, late: string] {
  const stem = `msg_${reference.replaceAll('-', '')}`;
  return [`${stem}_ended`, `${stem}_late`];
}

/**
 * The notifications of one execution, given in their order: of those that are pending, the first is due and the others wait.
 * One whose turn comes only now has all its time before it, or it could die without a try.
 */
export function scheduleInOrder(ofExecution: readonly Notification[], now: number): Notification[] {
  const first = ofExecution.find(({ status }) => status === 'PENDING');
  return ofExecution.map((one) => {
    if (one.status !== 'PENDING') return one;
    // promise: late-result-after-outcome
    if (one !== first) return one.dueAt === null ? one : { ...one, dueAt: null };
    return one.dueAt === null ? { ...one, dueAt: now, giveUpAt: giveUpAt(now) } : one;
  });
}

/** The body of the webhook, ready for JSON (Standard Webhooks). */
export interface WebhookBody {
  readonly type: NotificationType;
  /** When the execution ended, or the late result came: ISO 8601. */
  readonly timestamp: string;
  /** The execution, as GET gives it. */
  readonly data: object;
}

export function webhookBody(notification: Notification, execution: Execution): WebhookBody {
  const { type, createdAt } = notification;
  const happened = type === 'execution.late_result' ? execution.lateResult?.receivedAt : execution.resolvedAt;
  return { type, timestamp: isoTime(happened ?? createdAt), data: representExecution(execution) };
}
