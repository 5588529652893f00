// Lists notifications and selects those to replay, in bounded scan steps, so that other requests do not wait.

import type { Database } from 'better-sqlite3';
import { and, asc, desc, eq, gt, gte, inArray, lt, ne, type SQL, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { yieldToEventLoop } from '../../../lib/event-loop.ts';
import { isoTime } from '../../../lib/time.ts';
import { notificationIds } from '../../../notification/outgoing.ts';
import type { ListedNotification, NotificationFilter, NotificationPage, NotificationQuery } from '../../outbox-port.ts';
import type { MatchCount } from '../../search-port.ts';
import { gapAt, notificationGaps, skipBackward, skipForward } from '../file/id-gaps.ts';
import { CLOCK_SLACK_MS, firstSince } from '../queries/first-since.ts';
import { uuidText } from '../rows.ts';
import { notifications } from '../schema.ts';
import { type NotificationRow, toNotification } from './rows.ts';

/** Number of sequences that one step scans, which takes a few milliseconds. */
const STEP = 5_000;

/** Time of scanning after which a count ends. */
const MAX_COUNT_MS = 500;

/** The last time whose ISO 8601 text sorts after all earlier ones. */
const MAX_TIME = Date.UTC(10_000, 0) - 1;

/** Sequences; both bounds are exclusive. */
interface Between {
  readonly after: number;
  readonly before: number;
}

/** The sequences of one step of a scan. */
interface Step extends Between {
  /** `before` of a query that begins with this step. */
  readonly place: number;
}

interface Replayable {
  readonly ids: string[];
  readonly next: number | null;
}

export interface NotificationList {
  page(query: NotificationQuery): Promise<NotificationPage>;
  /** Counts up to `limit` matching notifications. */
  count(query: NotificationQuery, signal?: AbortSignal): Promise<MatchCount>;
  /** Returns up to `limit` matching notifications of the next step that are not pending, oldest first. */
  replayable(filter: NotificationFilter, after: number, limit: number): Replayable;
}

// One function because the queries share prepared statements and the way in which bounds are found.
export function createNotificationList(client: Database, orm: BetterSQLite3Database): NotificationList {
  const gaps = notificationGaps(client);
  const { sequence } = notifications;
  const last = orm.select({ sequence }).from(notifications).orderBy(desc(sequence)).limit(1).prepare();
  const rowFrom = orm
    .select({ id: sequence, time: notifications.createdAt })
    .from(notifications)
    .where(gte(sequence, sql.placeholder('sequence')))
    .orderBy(asc(sequence))
    .limit(1)
    .prepare();
  const named = client
    .prepare<[string], Buffer | string>('SELECT reference FROM execution_rows WHERE correlation_id = ? AND status <> 0')
    .pluck();

  function since(time: number): number {
    const range = { low: 1, high: (last.get()?.sequence ?? 0) + 1 };
    return firstSince(range, time, (id) => rowFrom.get({ sequence: id }));
  }

  function between({ from, to, ids }: NotificationFilter): Between {
    if (ids !== undefined) return around(ids);
    return {
      after: from === undefined ? 0 : since(from - CLOCK_SLACK_MS) - 1,
      before: to === undefined ? (last.get()?.sequence ?? 0) + 1 : since(to + CLOCK_SLACK_MS),
    };
  }

  function around(ids: readonly string[]): Between {
    const rows = orm
      .select({ sequence })
      .from(notifications)
      .where(inArray(notifications.id, [...ids]))
      .all();
    const sequences = rows.map((row) => row.sequence);
    return { after: Math.min(...sequences) - 1, before: Math.max(...sequences, 0) + 1 };
  }

  /** Returns the two possible notification ids of an execution, which makes a scan unnecessary. */
  function idsOf(correlationId: string): string[] {
    const reference = named.get(correlationId);
    return reference === undefined ? [] : [...notificationIds(uuidText(reference))];
  }

  function matches({ app, type, correlationId, endpoint, ids, ...rest }: NotificationFilter): SQL | undefined {
    return and(
      app === null ? undefined : eq(notifications.app, app),
      type === undefined ? undefined : eq(notifications.type, type),
      correlationId === undefined ? undefined : inArray(notifications.id, idsOf(correlationId)),
      endpoint === undefined ? undefined : eq(notifications.origin, endpoint),
      ids === undefined ? undefined : inArray(notifications.id, [...ids]),
      matchesState(rest),
    );
  }

  function matchesState({ status, from, to }: Pick<NotificationFilter, 'status' | 'from' | 'to'>): SQL | undefined {
    const { createdAt } = notifications;
    return and(
      // A literal, not a parameter: SQLite uses the partial index of dead letters only for the literal.
      status === 'DEAD' ? sql`${notifications.status} = 'DEAD'` : undefined,
      status === undefined || status === 'DEAD' ? undefined : eq(notifications.status, status),
      from === undefined ? undefined : gte(createdAt, boundedIsoTime(from)),
      to === undefined ? undefined : lt(createdAt, boundedIsoTime(to)),
    );
  }

  function select({ after, before }: Between, filter: SQL | undefined) {
    return orm
      .select()
      .from(notifications)
      .where(and(gt(sequence, after), lt(sequence, before), filter));
  }

  async function page(query: NotificationQuery): Promise<NotificationPage> {
    const gap = query.before === undefined ? undefined : gapAt(gaps, query.before);
    if (gap === undefined) return scan(query);
    return { items: [], next: null, resumeBefore: query.oldestFirst ? gap.next - 1 : gap.next };
  }

  /** Yields the sequences that a query covers, in its order. */
  function* steps({ oldestFirst = false, before: place, after, ...filter }: NotificationQuery): Generator<Step> {
    const bounds = between(filter);
    const end = Math.max(bounds.after, after ?? 0);
    if (oldestFirst) yield* forward({ after: Math.max(end, place ?? 0), before: bounds.before });
    else yield* backward({ after: end, before: Math.min(bounds.before, place ?? bounds.before) });
  }

  function* forward({ after, before }: Between): Generator<Step> {
    for (let at = after; before > at + 1; ) {
      const begin = skipForward(gaps, at);
      const end = Math.min(before, begin + 1 + STEP);
      yield { after: begin, before: end, place: gapAt(gaps, at)?.after ?? at };
      at = end - 1;
    }
  }

  function* backward({ after, before }: Between): Generator<Step> {
    for (let at = before; at > after + 1; ) {
      const end = skipBackward(gaps, at);
      const begin = Math.max(after, end - 1 - STEP);
      yield { after: begin, before: end, place: gapAt(gaps, at)?.next ?? at };
      at = begin + 1;
    }
  }

  async function scan(query: NotificationQuery): Promise<NotificationPage> {
    const filter = matches(query);
    const order = query.oldestFirst ? asc(sequence) : desc(sequence);
    const rows: NotificationRow[] = [];
    const begun = performance.now();
    const maxMs = query.scanMs ?? Number.POSITIVE_INFINITY;
    for (const step of steps(query)) {
      // promise: notification-scan-is-bounded
      if (performance.now() - begun >= maxMs) return { items: rows.map(listed), next: step.place };
      const found = select(step, filter).orderBy(order);
      rows.push(...found.limit(query.limit + 1 - rows.length).all());
      if (rows.length > query.limit) break;
      await yieldToEventLoop();
    }
    const items = rows.slice(0, query.limit);
    return {
      items: items.map(listed),
      next: rows.length > query.limit ? (items.at(-1)?.sequence ?? null) : null,
    };
  }

  function countWhere(condition: SQL | undefined): number {
    const [row] = orm.select({ found: sql<number>`count(*)` }).from(notifications).where(condition).all();
    return row?.found ?? 0;
  }

  async function count(query: NotificationQuery, signal?: AbortSignal): Promise<MatchCount> {
    const filter = matches(query);
    const begun = performance.now();
    const maxMs = Math.min(query.scanMs ?? MAX_COUNT_MS, MAX_COUNT_MS);
    let found = 0;
    for (const { after, before } of steps(query)) {
      if (performance.now() - begun >= maxMs || signal?.aborted) return { count: found, isWhole: false };
      found += countWhere(and(gt(sequence, after), lt(sequence, before), filter));
      if (found > query.limit) return { count: query.limit, isWhole: false };
      await yieldToEventLoop();
    }
    return { count: found, isWhole: true };
  }

  function replayable(filter: NotificationFilter, doneThrough: number, limit: number): Replayable {
    const bounds = between(filter);
    const after = skipForward(gaps, Math.max(bounds.after, doneThrough));
    const before = Math.min(bounds.before, after + 1 + STEP);
    const settled = and(matches(filter), ne(notifications.status, 'PENDING'));
    const rows = select({ after, before }, settled)
      .orderBy(asc(sequence))
      .limit(limit + 1)
      .all();
    const taken = rows.slice(0, limit);
    const ids = taken.map(({ id }) => id);
    if (rows.length > limit) return { ids, next: taken.at(-1)?.sequence ?? null };
    return { ids, next: before < bounds.before ? before - 1 : null };
  }

  return { page, count, replayable };
}

function listed(row: NotificationRow): ListedNotification {
  return { ...toNotification(row), sequence: row.sequence };
}

function boundedIsoTime(time: number): string {
  return isoTime(Math.min(time, MAX_TIME));
}
