// Converts notifications to rows and back: times to ISO 8601 text.

import { fromIso, isoTime } from '../../../lib/time.ts';
import type { Notification, NotificationStatus, NotificationType } from '../../../notification/notification.ts';
import type { notifications } from '../schema.ts';

export type NotificationRow = typeof notifications.$inferSelect;

export function toNotification(row: Omit<NotificationRow, 'sequence'>): Notification {
  return {
    id: row.id,
    reference: row.reference,
    correlationId: row.correlationId,
    app: row.app,
    type: row.type as NotificationType,
    url: row.url,
    origin: row.origin,
    status: row.status as NotificationStatus,
    createdAt: Date.parse(row.createdAt),
    dueAt: fromIso(row.dueAt),
    giveUpAt: Date.parse(row.giveUpAt),
    attempts: row.attempts,
    lastAttemptAt: fromIso(row.lastAttemptAt),
    lastHttpStatus: row.lastHttpStatus,
    lastError: row.lastError,
    deliveredAt: fromIso(row.deliveredAt),
  };
}

/** The columns that change during a notification's life. */
export const DELIVERY_COLUMNS = [
  'status',
  'dueAt',
  'giveUpAt',
  'attempts',
  'lastAttemptAt',
  'lastHttpStatus',
  'lastError',
  'deliveredAt',
] as const satisfies readonly (keyof NotificationRow)[];

export function toNotificationRow(notification: Notification): Omit<NotificationRow, 'sequence'> {
  const { createdAt, dueAt, giveUpAt, lastAttemptAt, deliveredAt, ...rest } = notification;
  return {
    ...rest,
    createdAt: isoTime(createdAt),
    dueAt: isoTime(dueAt),
    giveUpAt: isoTime(giveUpAt),
    lastAttemptAt: isoTime(lastAttemptAt),
    deliveredAt: isoTime(deliveredAt),
  };
}
