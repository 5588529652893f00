// Notifications as apps and operators see them.

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
    createdAt: new Date(notification.createdAt).toISOString(),
    nextAttemptAt: iso(notification.dueAt),
    giveUpAt: new Date(notification.giveUpAt).toISOString(),
    attempts,
    lastAttemptAt: iso(notification.lastAttemptAt),
    lastHttpStatus,
    lastError,
    deliveredAt: iso(notification.deliveredAt),
  };
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
