// Lists notifications and selects those to replay, in bounded scan steps, so that other requests do not wait.

import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { Notification } from '../../notification/notification.ts';
import { notificationIds } from '../../notification/outgoing.ts';
import type { ListedNotification, NotificationFilter, NotificationPage, NotificationQuery } from '../outbox-port.ts';
import type { IdGap } from '../port.ts';
import type { MatchCount } from '../search-port.ts';
import { gapAt, skipBackward, skipForward } from '../sqlite/file/id-gaps.ts';
import { type Conditions, conditions } from './conditions.ts';
import type { Reads } from './reads.ts';

/** Number of sequences that one step scans, which takes a few milliseconds. */
const STEP = 5_000;

/** Time of scanning after which a count ends whose query states none. */
const MAX_COUNT_MS = 500;

/** A column of both databases for each member of the filter that states its value. */
const EQUAL = [
  ['app', 'app'],
  ['type', 'type'],
  ['origin', 'endpoint'],
] as const;

/** Sequences; both bounds are exclusive. */
export interface Between {
  readonly after: number;
  readonly before: number;
}

/** The sequences of one step of a scan. */
interface Step extends Between {
  /** `before` of a query that begins with this step. */
  readonly place: number;
}

/** The table of a database, whose times have another type than that of a notification. */
export interface NotificationTable<Row> {
  readonly name: string;
  readonly gaps: readonly IdGap[];
  /** The condition of what is given up, which uses its index. */
  readonly isDead: string;
  readonly storedTime: (time: number) => string | number;
  readonly toListed: (row: Row) => ListedNotification;
  /** Returns the text of a reference as it is stored. */
  readonly referenceIn: (stored: unknown) => string;
  /** Narrows the sequences down to those that can be of the period. */
  readonly narrowed: (whole: Between, period: Pick<NotificationFilter, 'from' | 'to'>) => Between;
}

export type NotificationList = ReturnType<typeof createNotificationList>;

/** @param source a table or a subquery */
export function selectNotifications(source: string): string {
  return `SELECT sequence, id, reference, correlation_id AS "correlationId", app, type, url, origin, status,
    created_at AS "createdAt", due_at AS "dueAt", give_up_at AS "giveUpAt", attempts, last_attempt_at AS "lastAttemptAt",
    last_http_status AS "lastHttpStatus", last_error AS "lastError", delivered_at AS "deliveredAt" FROM ${source}`;
}

// One function because its scans share the conditions and bounds of a filter.
export function createNotificationList<Row>(reads: Reads, table: NotificationTable<Row>) {
  const { name, gaps } = table;

  async function endsOf(where: Conditions): Promise<{ first: number | null; last: number | null }> {
    const statement = `SELECT min(sequence) AS first, max(sequence) AS last FROM ${name} ${where.where()}`;
    return (await reads.first(statement, where.values)) ?? { first: null, last: null };
  }

  async function between(filter: NotificationFilter): Promise<Between> {
    const { ids } = filter;
    const where = conditions();
    if (ids !== undefined) where.addIn('id', ids);
    const { first, last } = await endsOf(where);
    const whole = { after: (first ?? 1) - 1, before: (last ?? 0) + 1 };
    return ids === undefined ? table.narrowed(whole, filter) : whole;
  }

  /** Returns the two possible notification ids of an execution, which makes a scan unnecessary. */
  async function idsOf(correlationId: string): Promise<readonly string[]> {
    const statement = 'SELECT reference FROM execution_rows WHERE correlation_id = $1 AND status <> 0';
    const row = await reads.first<{ reference: unknown }>(statement, [correlationId]);
    return row === undefined ? [] : notificationIds(table.referenceIn(row.reference));
  }

  async function matches(filter: NotificationFilter): Promise<Conditions> {
    const { correlationId, ids } = filter;
    const where = conditions();
    for (const [column, member] of EQUAL) if (filter[member] != null) where.add(`${column} =`, filter[member]);
    if (correlationId !== undefined) where.addIn('id', await idsOf(correlationId));
    if (ids !== undefined) where.addIn('id', ids);
    addState(where, filter);
    return where;
  }

  function addState(where: Conditions, { status, from, to }: NotificationFilter): void {
    if (status === 'DEAD') where.addText(table.isDead);
    else if (status !== undefined) where.add('status =', status);
    if (from !== undefined) where.add('created_at >=', table.storedTime(from));
    if (to !== undefined) where.add('created_at <', table.storedTime(to));
  }

  function within(filter: Conditions, { after, before }: Between): Conditions {
    const where = filter.copy();
    where.add('sequence >', after);
    where.add('sequence <', before);
    return where;
  }

  /** Yields the sequences that a query covers, in its order. */
  async function* steps(query: NotificationQuery): AsyncGenerator<Step> {
    const { oldestFirst = false, before: place, after = 0 } = query;
    const bounds = await between(query);
    const end = Math.max(bounds.after, after);
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

  async function read(where: Conditions, order: string, limit: number): Promise<ListedNotification[]> {
    const statement = `${selectNotifications(name)} ${where.where()} ORDER BY ${order} LIMIT ${limit}`;
    return (await reads.all<Row>(statement, where.values)).map(table.toListed);
  }

  async function page(query: NotificationQuery): Promise<NotificationPage> {
    const gap = query.before === undefined ? undefined : gapAt(gaps, query.before);
    if (gap === undefined) return scan(query);
    return { items: [], next: null, resumeBefore: query.oldestFirst ? gap.next - 1 : gap.next };
  }

  async function scan(query: NotificationQuery): Promise<NotificationPage> {
    const filter = await matches(query);
    const order = query.oldestFirst ? 'sequence' : 'sequence DESC';
    const found: ListedNotification[] = [];
    const begun = performance.now();
    const maxMs = query.scanMs ?? Number.POSITIVE_INFINITY;
    for await (const step of steps(query)) {
      // promise: notification-scan-is-bounded
      if (performance.now() - begun >= maxMs) return { items: found, next: step.place };
      found.push(...(await read(within(filter, step), order, query.limit + 1 - found.length)));
      if (found.length > query.limit) break;
      await yieldToEventLoop();
    }
    const items = found.slice(0, query.limit);
    return { items, next: found.length > query.limit ? (items.at(-1)?.sequence ?? null) : null };
  }

  async function count(query: NotificationQuery, signal?: AbortSignal): Promise<MatchCount> {
    const filter = await matches(query);
    const begun = performance.now();
    const maxMs = query.scanMs ?? MAX_COUNT_MS;
    let found = 0;
    for await (const step of steps(query)) {
      if (performance.now() - begun >= maxMs || signal?.aborted) return { count: found, isWhole: false };
      const where = within(filter, step);
      const statement = `SELECT count(*) AS count FROM ${name} ${where.where()}`;
      found += (await reads.first<{ count: number }>(statement, where.values))?.count ?? 0;
      if (found > query.limit) return { count: query.limit, isWhole: false };
      await yieldToEventLoop();
    }
    return { count: found, isWhole: true };
  }

  return {
    page,
    /** Counts up to `limit` matching notifications. */
    count,
    /** Returns up to `limit` matching notifications of the next step that are not pending, oldest first. */
    replayable: async (filter: NotificationFilter, doneThrough: number, limit: number) => {
      const bounds = await between(filter);
      const after = skipForward(gaps, Math.max(bounds.after, doneThrough));
      const before = Math.min(bounds.before, after + 1 + STEP);
      const settled = within(await matches(filter), { after, before });
      settled.add('status <>', 'PENDING');
      const rows = await read(settled, 'sequence', limit + 1);
      const found = rows.slice(0, limit);
      if (rows.length > limit) return { found, next: found.at(-1)?.sequence ?? null };
      return { found, next: before < bounds.before ? before - 1 : null };
    },
  };
}

export function withoutSequence({ sequence: _sequence, ...notification }: ListedNotification): Notification {
  return notification;
}
