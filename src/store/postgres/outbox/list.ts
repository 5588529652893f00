// Lists notifications and selects those to replay, in bounded scan steps.

import { notificationIds } from '../../../notification/outgoing.ts';
import type { ListedNotification, NotificationFilter, NotificationPage, NotificationQuery } from '../../outbox-port.ts';
import type { MatchCount } from '../../search-port.ts';
import { type Conditions, conditions } from '../../shared/conditions.ts';
import type { Reads } from '../../shared/reads.ts';
import { type NotificationRow, toNotification } from '../batch/aggregate.ts';

/** Number of sequences that one step scans, which takes a few milliseconds. */
const STEP = 5_000;

/** Time of scanning after which a count ends. */
const MAX_COUNT_MS = 500;

export const NOTIFICATION = `SELECT sequence, id, reference, correlation_id, app, type, url, origin, status, created_at, due_at,
  give_up_at, attempts, last_attempt_at, last_http_status, last_error, delivered_at FROM notification_rows`;

export interface ListedRow extends NotificationRow {
  readonly sequence: number;
}

const AROUND =
  'SELECT min(sequence) AS first, max(sequence) AS last FROM notification_rows WHERE id = ANY ($1::text[])';

/** The sequences of one step of a scan. */
interface Step {
  readonly low: number;
  readonly behind: number;
  /** `before` of a query that begins with this step. */
  readonly place: number;
}

interface Replayable {
  readonly found: readonly { readonly id: string; readonly reference: string }[];
  readonly next: number | null;
}

/** Columns whose value a member of the filter states. */
const EQUAL = [
  ['app', 'app'],
  ['status', 'status'],
  ['type', 'type'],
  ['origin', 'endpoint'],
] as const;

// One function because its scans share the conditions and bounds of a filter.
export function createNotificationList(reads: Reads) {
  /** Returns the two possible notification ids of an execution, which make a scan unnecessary. */
  async function idsOf(correlationId: string): Promise<readonly string[]> {
    const row = await reads.first<{ reference: string }>(
      'SELECT reference FROM execution_rows WHERE correlation_id = $1',
      [correlationId],
    );
    return row === undefined ? [] : notificationIds(row.reference);
  }

  async function matches(filter: NotificationFilter): Promise<Conditions> {
    const { status, correlationId, ids, from, to } = filter;
    const where = conditions();
    for (const [column, member] of EQUAL) if (filter[member] != null) where.add(`${column} =`, filter[member]);
    if (status === 'DEAD') where.addText('id IN (SELECT id FROM notification_dead)');
    if (correlationId !== undefined) where.addAny('id', 'text', await idsOf(correlationId));
    if (ids !== undefined) where.addAny('id', 'text', ids);
    if (from !== undefined) where.add('created_at >=', Math.trunc(from));
    if (to !== undefined) where.add('created_at <', Math.trunc(to));
    return where;
  }

  async function lastSequence(): Promise<number> {
    const row = await reads.first<{ last: number | null }>('SELECT max(sequence) AS last FROM notification_rows');
    return row?.last ?? 0;
  }

  /** The sequences among which the notifications are: from `first` on, and before `behind`. */
  async function rangeOf({ ids }: NotificationFilter): Promise<{ first: number; behind: number }> {
    if (ids === undefined) return { first: 1, behind: (await lastSequence()) + 1 };
    const row = await reads.first<{ first: number | null; last: number | null }>(AROUND, [ids]);
    return { first: row?.first ?? 1, behind: (row?.last ?? 0) + 1 };
  }

  /** Yields the sequences that a query covers in steps, in its order. */
  async function* steps(query: NotificationQuery): AsyncGenerator<Step> {
    const { oldestFirst = false, before: place, after } = query;
    const range = await rangeOf(query);
    const first = Math.max(range.first, (after ?? 0) + 1);
    if (oldestFirst) {
      for (let low = Math.max(first, (place ?? 0) + 1); low < range.behind; low += STEP) {
        yield { low, behind: Math.min(range.behind, low + STEP), place: low - 1 };
      }
      return;
    }
    for (let behind = Math.min(range.behind, place ?? range.behind); behind > first; behind -= STEP) {
      yield { low: Math.max(first, behind - STEP), behind, place: behind };
    }
  }

  function within(filter: Conditions, { low, behind }: Pick<Step, 'low' | 'behind'>): Conditions {
    const where = filter.copy();
    where.add('sequence >=', low);
    where.add('sequence <', behind);
    return where;
  }

  async function page(query: NotificationQuery): Promise<NotificationPage> {
    const filter = await matches(query);
    const order = query.oldestFirst ? 'sequence' : 'sequence DESC';
    const rows: ListedRow[] = [];
    const begun = performance.now();
    const maxMs = query.scanMs ?? Number.POSITIVE_INFINITY;
    for await (const step of steps(query)) {
      if (performance.now() - begun >= maxMs) return { items: rows.map(toListed), next: step.place };
      const where = within(filter, step);
      const statement = `${NOTIFICATION} ${where.where()} ORDER BY ${order} LIMIT ${query.limit + 1 - rows.length}`;
      rows.push(...(await reads.all<ListedRow>(statement, where.values)));
      if (rows.length > query.limit) break;
    }
    const items = rows.slice(0, query.limit);
    return {
      items: items.map(toListed),
      next: rows.length > query.limit ? (items.at(-1)?.sequence ?? null) : null,
    };
  }

  async function count(query: NotificationQuery, signal?: AbortSignal): Promise<MatchCount> {
    const filter = await matches(query);
    const begun = performance.now();
    const maxMs = Math.min(query.scanMs ?? MAX_COUNT_MS, MAX_COUNT_MS);
    let found = 0;
    for await (const step of steps(query)) {
      if (performance.now() - begun >= maxMs || signal?.aborted) return { count: found, isWhole: false };
      const where = within(filter, step);
      const statement = `SELECT count(*) AS count FROM notification_rows ${where.where()}`;
      found += (await reads.first<{ count: number }>(statement, where.values))?.count ?? 0;
      if (found > query.limit) return { count: query.limit, isWhole: false };
    }
    return { count: found, isWhole: true };
  }

  async function replayable(filter: NotificationFilter, after: number, limit: number): Promise<Replayable> {
    const { first, behind: end } = await rangeOf(filter);
    const low = Math.max(first, after + 1);
    const before = Math.min(end, low + STEP);
    const step = within(await matches(filter), { low, behind: before });
    step.add('status <>', 'PENDING');
    const rows = await reads.all<ListedRow>(
      `${NOTIFICATION} ${step.where()} ORDER BY sequence LIMIT ${limit + 1}`,
      step.values,
    );
    const found = rows.slice(0, limit);
    if (rows.length > limit) return { found, next: found.at(-1)?.sequence ?? null };
    return { found, next: before < end ? before - 1 : null };
  }

  return { page, count, replayable };
}

export function toListed(row: ListedRow): ListedNotification {
  return { ...toNotification(row), sequence: row.sequence };
}
