// The notifications of the database, for lists.

import type { ListedNotification } from '../../outbox-port.ts';
import {
  createNotificationList,
  type NotificationList,
  type NotificationTable,
} from '../../shared/notification-list.ts';
import type { Reads } from '../../shared/reads.ts';

export const NOTIFICATIONS: NotificationTable<ListedNotification> = {
  name: 'notification_rows',
  gaps: [],
  isDead: "status = 'DEAD' AND id IN (SELECT id FROM notification_dead)",
  storedTime: Math.trunc,
  toListed: (row) => row,
  referenceIn: String,
  narrowed: (whole) => whole,
};

export function listNotifications(reads: Reads): NotificationList {
  return createNotificationList(reads, NOTIFICATIONS);
}
