// Looks through notifications, a stretch at a time: however many there are, nobody else waits for a list or a replay.

import { and, asc, desc, eq, gt, gte, inArray, lt, ne, type SQL, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { yieldToEventLoop } from '../../../lib/event-loop.ts';
import { isoTime } from '../../../lib/time.ts';
import { notificationIds } from '../../../notification/outgoing.ts';
import type { NotificationFilter, NotificationPage, NotificationQuery } from '../../outbox-port.ts';
import { executions, notifications } from '../schema.ts';
import { type NotificationRow, toNotification } from './rows.ts';

/** So many sequences are looked through at once: a few milliseconds. */
const STRETCH = 5_000;

/** How far a clock may have been set back, so that of two notifications the later one has the earlier time. */
const CLOCK_SLACK_MS = 60 * 60 * 1000;

/** The last moment whose text sorts behind all earlier ones. */
const LAST_MOMENT = Date.UTC(10_000, 0) - 1;

/** Sequences, both of them left out. */
interface Between {
  readonly after: number;
  readonly before: number;
}

interface Replayable {
  readonly ids: string[];
  readonly next: number | null;
}

export interface NotificationList {
  page(query: NotificationQuery): Promise<NotificationPage>;
  /** Up to `limit` of the next stretch that match and are not pending, oldest first. */
  replayable(filter: NotificationFilter, after: number, limit: number): Replayable;
}

// One function because the queries share prepared statements and the way in which bounds are found.
export function createNotificationList(orm: BetterSQLite3Database): NotificationList {
  const { sequence } = notifications;
  const last = orm.select({ sequence }).from(notifications).orderBy(desc(sequence)).limit(1).prepare();
  const at = orm
    .select({ sequence, createdAt: notifications.createdAt })
    .from(notifications)
    .where(gte(sequence, sql.placeholder('sequence')))
    .orderBy(asc(sequence))
    .limit(1)
    .prepare();
  const named = orm
    .select({ reference: executions.reference })
    .from(executions)
    .where(eq(executions.correlationId, sql.placeholder('correlationId')))
    .prepare();

  /** The first sequence from which on nothing is older; by halving, as their order is that of their times. */
  function firstSince(time: number): number {
    let low = 1;
    let high = (last.get()?.sequence ?? 0) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = at.get({ sequence: middle });
      if (row === undefined || Date.parse(row.createdAt) >= time) high = middle;
      else low = row.sequence + 1;
    }
    return low;
  }

  function between({ from, to }: NotificationFilter): Between {
    return {
      after: from === undefined ? 0 : firstSince(from - CLOCK_SLACK_MS) - 1,
      before: to === undefined ? (last.get()?.sequence ?? 0) + 1 : firstSince(to + CLOCK_SLACK_MS),
    };
  }

  /** What has this correlation id has one of two ids: there is no need to look through all of them. */
  function idsOf(correlationId: string): string[] {
    const row = named.get({ correlationId });
    return row === undefined ? [] : [...notificationIds(row.reference)];
  }

  function wanted({ app, status, type, correlationId, from, to }: NotificationFilter): SQL | undefined {
    const { createdAt } = notifications;
    return and(
      app === null ? undefined : eq(notifications.app, app),
      // Said as the index of dead letters says it, not as a parameter.
      status === 'DEAD' ? sql`${notifications.status} = 'DEAD'` : undefined,
      status === undefined || status === 'DEAD' ? undefined : eq(notifications.status, status),
      type === undefined ? undefined : eq(notifications.type, type),
      correlationId === undefined ? undefined : inArray(notifications.id, idsOf(correlationId)),
      from === undefined ? undefined : gte(createdAt, momentText(from)),
      to === undefined ? undefined : lt(createdAt, momentText(to)),
    );
  }

  function select({ after, before }: Between, filter: SQL | undefined) {
    return orm
      .select()
      .from(notifications)
      .where(and(gt(sequence, after), lt(sequence, before), filter));
  }

  async function page(query: NotificationQuery): Promise<NotificationPage> {
    const filter = wanted(query);
    const bounds = between(query);
    const rows: NotificationRow[] = [];
    let before = Math.min(bounds.before, query.before ?? bounds.before);
    while (before > bounds.after + 1 && rows.length <= query.limit) {
      const after = Math.max(bounds.after, before - 1 - STRETCH);
      const stretch = select({ after, before }, filter).orderBy(desc(sequence));
      rows.push(...stretch.limit(query.limit + 1 - rows.length).all());
      before = after + 1;
      await yieldToEventLoop();
    }
    const items = rows.slice(0, query.limit);
    return {
      items: items.map(toNotification),
      next: rows.length > query.limit ? (items.at(-1)?.sequence ?? null) : null,
    };
  }

  function replayable(filter: NotificationFilter, gone: number, limit: number): Replayable {
    const bounds = between(filter);
    const after = Math.max(bounds.after, gone);
    const before = Math.min(bounds.before, after + 1 + STRETCH);
    const stale = and(wanted(filter), ne(notifications.status, 'PENDING'));
    const rows = select({ after, before }, stale)
      .orderBy(asc(sequence))
      .limit(limit + 1)
      .all();
    const taken = rows.slice(0, limit);
    const ids = taken.map(({ id }) => id);
    if (rows.length > limit) return { ids, next: taken.at(-1)?.sequence ?? null };
    return { ids, next: before < bounds.before ? before - 1 : null };
  }

  return { page, replayable };
}

function momentText(time: number): string {
  return isoTime(Math.min(time, LAST_MOMENT));
}
