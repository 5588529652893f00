// Finds executions with a pending notification, which retention keeps.

import { and, eq, inArray } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { notificationIds } from '../../../notification/outgoing.ts';
import { notifications } from '../schema.ts';

export function createPendingLookup(orm: BetterSQLite3Database): (references: readonly string[]) => Set<string | null> {
  return (references) => {
    const pending = orm
      .select({ reference: notifications.reference })
      .from(notifications)
      .where(and(inArray(notifications.id, references.flatMap(notificationIds)), eq(notifications.status, 'PENDING')))
      .all();
    return new Set(pending.map(({ reference }) => reference));
  };
}
