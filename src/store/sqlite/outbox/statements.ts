// The prepared statements of the outbox.

import type { Database } from 'better-sqlite3';
import { and, asc, eq, getTableColumns, gt, gte, inArray, lte, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { UndeliveredCounts } from '../../outbox-port.ts';
import { notifications } from '../schema.ts';
import { DELIVERY_COLUMNS } from './rows.ts';

const { sequence: _sequence, ...columns } = getTableColumns(notifications);

export interface LaneRow {
  readonly app: string;
  readonly origin: string;
  readonly dueAt: string;
}

/** Seeks from lane to lane along the index, to the next origin of the app, else to the next app, whatever the length of a lane. */
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

/** Each count covers one small partial index. */
const UNDELIVERED = `SELECT
  (SELECT count(*) FROM notifications WHERE due_at IS NOT NULL) AS pending,
  (SELECT count(*) FROM notifications WHERE status = 'DEAD') AS dead`;

const WAITING_IN = `SELECT count(*) FROM
  (SELECT 1 FROM notifications WHERE due_at IS NOT NULL AND app = ? AND origin = ? LIMIT ?)`;

/** After a restore, sequences continue after a gap, as the ids of audit entries do. */
// promise: restored-notifications-never-repeat
const NEXT_SEQUENCE = sql`(SELECT max(coalesce((SELECT max(sequence) FROM notifications), 0) + 1,
  coalesce((SELECT max(next_id) FROM id_gaps), 1)))`;

export function prepareOutboxStatements(client: Database, orm: BetterSQLite3Database) {
  const hole = sql.placeholder;
  const holes = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, sql`${hole(name)}`]));
  const { app, origin, dueAt, id, attempts, lastHttpStatus } = notifications;
  const due = and(eq(app, hole('app')), eq(origin, hole('origin')), lte(dueAt, hole('now')));
  const longestDue = orm
    .select(columns)
    .from(notifications)
    .where(due)
    .orderBy(asc(dueAt))
    .limit(hole('scan'))
    .as('longest_due');

  return {
    lanes: client.prepare<[], LaneRow>(LANES),
    undelivered: client.prepare<[], UndeliveredCounts>(UNDELIVERED),
    waitingIn: client.prepare<[app: string, origin: string, limit: number], number>(WAITING_IN).pluck(),
    insert: orm
      .insert(notifications)
      .values({ ...holes(Object.keys(columns)), sequence: NEXT_SEQUENCE } as never)
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
    probe: orm
      .select(columns)
      .from(notifications)
      .where(due)
      .orderBy(gt(sql`coalesce(${lastHttpStatus}, 0)`, 0), asc(attempts), asc(dueAt))
      .limit(hole('limit'))
      .prepare(),
    overdue: orm
      .select()
      .from(longestDue)
      .where(and(lte(longestDue.giveUpAt, hole('now')), gte(longestDue.attempts, hole('minAttempts'))))
      .orderBy(asc(longestDue.dueAt))
      .limit(hole('limit'))
      .prepare(),
  };
}
