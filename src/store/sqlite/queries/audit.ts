// Scans the audit trail in bounded batches, in either order, also while a receiver writes.

import type { Database } from 'better-sqlite3';
import type { AuditEntry } from '../../../execution/event.ts';
import { isoTime } from '../../../lib/time.ts';
import type { AuditHead, IdGap } from '../../port.ts';
import { auditGaps, withoutGaps } from '../file/id-gaps.ts';
import { CLOCK_SLACK_MS, firstSince, type IdRange } from '../first-since.ts';
import { type AuditRow, toAuditEntry } from '../rows.ts';
import { type Batch, batchesOf } from './batches.ts';
import type { ScanOrder } from './id-windows.ts';

/** Number of ids in one window, whose scan takes a few milliseconds even without a match. */
const WINDOW = 10_000;

export interface AuditFilter {
  readonly app?: string | undefined;
  readonly event?: string | undefined;
  readonly actionId?: string | undefined;
  readonly correlationId?: string | undefined;
  /** Written at or after, milliseconds. */
  readonly from?: number | undefined;
  /** Written before, milliseconds. */
  readonly to?: number | undefined;
  /** Only entries with a greater id. */
  readonly after?: number | undefined;
  /** Only entries with a smaller id. */
  readonly before?: number | undefined;
}

export interface ChainedEntry {
  readonly entry: AuditEntry;
  readonly hash: string;
}

const CONDITIONS: Readonly<Record<string, string>> = {
  app: 'app = @app',
  event: 'event = @event',
  actionId: 'action_id = @actionId',
  correlationId: 'correlation_id = @correlationId',
  fromText: 'timestamp >= @fromText',
  toText: 'timestamp < @toText',
};

/** Returns the entry before this one, to which it is chained; null if it is not known. */
export function linkBefore(client: Database, id: number): AuditHead | null {
  const before = client.prepare<[number, number], AuditHead>(
    `SELECT id, hash FROM audit_events WHERE id < ? UNION ALL SELECT pruned_through, hash FROM audit_checkpoint
    WHERE pruned_through < ? ORDER BY id DESC LIMIT 1`,
  );
  return before.get(id, id) ?? null;
}

/** Yields matching entries. No statement stays open between batches. Entries written after the start are not included. */
export function* scanAuditTrail(
  client: Database,
  filter: AuditFilter,
  order: ScanOrder,
): Generator<Batch<ChainedEntry>, void, undefined> {
  const { from, to, after: _after, before: _before, ...named } = filter;
  const times = { fromText: isoTime(from), toText: isoTime(to) };
  const restrictions = Object.entries({ ...named, ...times }).filter(([, value]) => value !== undefined);
  const conditions = restrictions.map(([name]) => ` AND ${CONDITIONS[name]}`).join('');
  const direction = order === 'oldest-first' ? 'ASC' : 'DESC';
  const select = client.prepare<[object], AuditRow>(
    `SELECT id, timestamp, event, action_id AS actionId, correlation_id AS correlationId, execution_id AS executionId,
      latency_ms AS latencyMs, http_status AS httpStatus, app, detail, hash
    FROM audit_events WHERE id >= @low AND id < @high${conditions} ORDER BY id ${direction}`,
  );
  const bound = Object.fromEntries(restrictions);
  const ends = idRangeOf(client, filter);
  // The entries of one execution have an index, so they need one window only.
  const size = filter.correlationId === undefined ? WINDOW : Math.max(1, ends.high - ends.low);
  for (const { low, high } of cut(ends, size, order, auditGaps(client))) {
    const read = (behind: AuditRow | null) => {
      const after = order === 'oldest-first' ? { low: (behind?.id ?? 0) + 1 } : { high: behind?.id ?? high };
      return select.iterate({ ...bound, low, high, ...(behind === null ? {} : after) });
    };
    yield* batchesOf(read, toChainedEntry, high - low);
  }
}

/** Returns the id of the newest entry; 0 for an empty trail. */
export function newestEntryId(client: Database): number {
  return client.prepare<[], number | null>('SELECT max(id) FROM audit_events').pluck().get() ?? 0;
}

/** Returns the number of ids in a range that can have an entry. */
export function idsIn(client: Database, range: IdRange): number {
  return withoutGaps(auditGaps(client), range).reduce((sum, { low, high }) => sum + high - low, 0);
}

/** Returns a range of ids that contains every entry that the filter can match. */
export function idRangeOf(client: Database, { from, to, after = 0, before }: AuditFilter): IdRange {
  const ends = client.prepare<[], { first: number | null; last: number | null }>(
    'SELECT (SELECT min(id) FROM audit_events) AS first, (SELECT max(id) FROM audit_events) AS last',
  );
  const { first, last } = ends.get() ?? { first: null, last: null };
  const all = { low: Math.max(first ?? 1, after + 1), high: (last ?? 0) + 1 };
  const rowFrom = client.prepare<[number], { id: number; time: string }>(
    'SELECT id, timestamp AS time FROM audit_events WHERE id >= ? ORDER BY id LIMIT 1',
  );
  const since = (time: number) => firstSince(all, time, (id) => rowFrom.get(id));
  const low = from === undefined ? all.low : since(from - CLOCK_SLACK_MS);
  const high = Math.min(to === undefined ? all.high : since(to + CLOCK_SLACK_MS), before ?? all.high);
  return { low, high: Math.max(low, high) };
}

function* cut(
  ends: IdRange,
  size: number,
  order: ScanOrder,
  gaps: readonly IdGap[],
): Generator<IdRange, void, undefined> {
  const ranges = withoutGaps(gaps, ends);
  if (order === 'oldest-first') {
    for (const { low, high } of ranges) {
      for (let at = low; at < high; at += size) yield { low: at, high: Math.min(high, at + size) };
    }
  } else {
    for (const { low, high } of ranges.toReversed()) {
      for (let at = high; at > low; at -= size) yield { low: Math.max(low, at - size), high: at };
    }
  }
}

function toChainedEntry({ hash, ...row }: AuditRow): ChainedEntry {
  return { entry: toAuditEntry(row), hash };
}
