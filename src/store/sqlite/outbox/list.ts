// The notifications of a file, for lists.

import type { Database } from 'better-sqlite3';
import { isoTime } from '../../../lib/time.ts';
import type { ListedNotification } from '../../outbox-port.ts';
import {
  createNotificationList,
  type NotificationList,
  type NotificationTable,
} from '../../shared/notification-list.ts';
import { notificationGaps } from '../file/id-gaps.ts';
import { CLOCK_SLACK_MS, firstSince } from '../queries/first-since.ts';
import { createReads } from '../queries/reads.ts';
import { uuidText } from '../rows.ts';
import { type NotificationRow, toNotification } from './rows.ts';

/** The last time whose ISO 8601 text sorts after all earlier ones. */
const MAX_TIME = Date.UTC(10_000, 0) - 1;

export function listNotifications(client: Database): NotificationList {
  return createNotificationList(createReads(client), notificationTable(client));
}

function notificationTable(client: Database): NotificationTable<NotificationRow> {
  const rowFrom = client.prepare<[number], { id: number; time: string }>(
    'SELECT sequence AS id, created_at AS time FROM notifications WHERE sequence >= ? ORDER BY sequence LIMIT 1',
  );
  return {
    name: 'notifications',
    gaps: notificationGaps(client),
    // A literal, not a parameter: SQLite uses the partial index of dead letters only for the literal.
    isDead: "status = 'DEAD'",
    storedTime: (time) => isoTime(Math.min(time, MAX_TIME)),
    toListed,
    referenceIn: uuidText,
    narrowed: ({ after, before }, { from, to }) => {
      const since = (time: number) => firstSince({ low: 1, high: before }, time, (id) => rowFrom.get(id));
      return {
        after: from === undefined ? after : since(from - CLOCK_SLACK_MS) - 1,
        before: to === undefined ? before : since(to + CLOCK_SLACK_MS),
      };
    },
  };
}

export function toListed(row: NotificationRow): ListedNotification {
  return { ...toNotification(row), sequence: row.sequence };
}
