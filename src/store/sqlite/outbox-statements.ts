// The statements of the outbox, built once.

import type { Database } from 'better-sqlite3';
import { and, asc, eq, getTableColumns, inArray, lte, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { DELIVERY_COLUMNS } from './notification-rows.ts';
import { notifications } from './schema.ts';

const { sequence: _sequence, ...columns } = getTableColumns(notifications);

export interface LaneRow {
  readonly app: string;
  readonly origin: string;
  readonly dueAt: string;
}

/** Hops from lane to lane along the index, however many wait in each: to the next origin of the app, else to the next app. */
const LANES = `
  WITH RECURSIVE lane (app, origin, due_at) AS (
    SELECT * FROM (
      SELECT app, origin, due_at FROM notifications WHERE due_at IS NOT NULL ORDER BY app, origin, due_at LIMIT 1
    )
    UNION ALL
    SELECT first.app, first.origin, first.due_at FROM lane JOIN notifications AS first ON first.sequence = coalesce(
      (SELECT sequence FROM notifications WHERE due_at IS NOT NULL AND app = lane.app AND origin > lane.origin
        ORDER BY origin, due_at LIMIT 1),
      (SELECT sequence FROM notifications WHERE due_at IS NOT NULL AND app > lane.app
        ORDER BY app, origin, due_at LIMIT 1)
    )
  )
  SELECT app, origin, due_at AS dueAt FROM lane`;

export function prepareOutboxStatements(client: Database, orm: BetterSQLite3Database) {
  const hole = sql.placeholder;
  const holes = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, sql`${hole(name)}`]));
  const { app, origin, dueAt, id } = notifications;
  const due = and(eq(app, hole('app')), eq(origin, hole('origin')), lte(dueAt, hole('now')));
  const longestDue = orm
    .select(columns)
    .from(notifications)
    .where(due)
    .orderBy(asc(dueAt))
    .limit(hole('look'))
    .as('longest_due');

  return {
    lanes: client.prepare<[], LaneRow>(LANES),
    insert: orm
      .insert(notifications)
      .values(holes(Object.keys(columns)) as never)
      .prepare(),
    update: orm
      .update(notifications)
      .set(holes(DELIVERY_COLUMNS))
      .where(eq(id, hole('id')))
      .prepare(),
    lease: orm
      .update(notifications)
      .set({ dueAt: sql`${hole('dueAt')}` })
      .where(eq(id, hole('id')))
      .prepare(),
    byId: orm
      .select(columns)
      .from(notifications)
      .where(eq(id, hole('id')))
      .prepare(),
    ofExecution: orm
      .select(columns)
      .from(notifications)
      .where(inArray(id, [hole('ended'), hole('late')]))
      .orderBy(asc(notifications.sequence))
      .prepare(),
    due: orm.select(columns).from(notifications).where(due).orderBy(asc(dueAt)).limit(hole('limit')).prepare(),
    over: orm
      .select()
      .from(longestDue)
      .where(lte(longestDue.giveUpAt, hole('now')))
      .orderBy(asc(longestDue.dueAt))
      .limit(hole('limit'))
      .prepare(),
  };
}
