// Model of a notification to an app and its delivery. Times are milliseconds since the Unix epoch.

import { isoTime } from '../lib/time.ts';

export const NOTIFICATION_STATUSES = ['PENDING', 'DELIVERED', 'DEAD'] as const;

/** DEAD: given up, and kept for a replay. */
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

/** Standard Webhooks: full-stop delimited, lower case. */
export const NOTIFICATION_TYPES = [
  'execution.completed',
  'execution.failed',
  'execution.rejected',
  'execution.not_found',
  'execution.timeout',
  'execution.cancelled',
  'execution.late_result',
] as const;

export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

export interface Notification {
  /** The webhook-id (Standard Webhooks), the same for all attempts and replays. */
  readonly id: string;
  /** Reference of the execution. */
  readonly reference: string;
  readonly correlationId: string;
  readonly app: string;
  readonly type: NotificationType;
  readonly url: string;
  /** Origin of the URL (scheme, host, port), which may be slow or unreachable as a whole. */
  readonly origin: string;
  readonly status: NotificationStatus;
  readonly createdAt: number;
  /** Time of the next attempt; null unless it is the first pending notification of its execution. */
  readonly dueAt: number | null;
  /** Time limit of the attempts. */
  readonly giveUpAt: number;
  /** Attempts since it was created or last replayed. */
  readonly attempts: number;
  readonly lastAttemptAt: number | null;
  /** 0 for no response. */
  readonly lastHttpStatus: number | null;
  readonly lastError: string | null;
  readonly deliveredAt: number | null;
}

export function representNotification(notification: Notification) {
  const { id, correlationId, app, type, url, status, attempts, lastHttpStatus, lastError } = notification;
  return {
    id,
    correlationId,
    app,
    type,
    url,
    status,
    createdAt: isoTime(notification.createdAt),
    nextAttemptAt: isoTime(notification.dueAt),
    giveUpAt: isoTime(notification.giveUpAt),
    attempts,
    lastAttemptAt: isoTime(notification.lastAttemptAt),
    lastHttpStatus,
    lastError,
    deliveredAt: isoTime(notification.deliveredAt),
  };
}
