// JSON representation of notifications in the API.

import { isoTime } from '../lib/time.ts';
import type { Notification } from './notification.ts';

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
