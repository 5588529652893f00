// Scans the audit trail in bounded batches, in either order, also while a receiver writes.

import type { Database } from 'better-sqlite3';
import type { AuditEvent } from '../../../execution/event.ts';
import type { AuditHead, IdGap } from '../../port.ts';
import type { AuditFilter, Batch, ChainedEntry, ScanOrder } from '../../reader-port.ts';
import { toAuditEntry } from '../../shared/audit-rows.ts';
import { EVENT_CODES } from '../../shared/codes.ts';
import { auditRow, SELECT_ENTRIES } from '../audit/entry-rows.ts';
import type { Values } from '../executions/execution-row.ts';
import { auditGaps, withoutGaps } from '../file/id-gaps.ts';
import { hashText } from '../rows.ts';
import { batchesOf } from './batches.ts';
import { CLOCK_SLACK_MS, firstSince, type IdRange } from './first-since.ts';

/** Number of ids in one window, whose scan takes a few milliseconds even without a match. */
const WINDOW = 10_000;

const CONDITIONS: Readonly<Record<string, string>> = {
  app: 'coalesce(a.app, e.app) = @app',
  event: 'a.event = @event',
  actionId: 'coalesce(a.action_id, e.action_id) = @actionId',
  correlationId: 'e.correlation_id = @correlationId',
  by: "json_extract(a.detail, '$.by') = @by",
  from: 'a.at >= @from',
  to: 'a.at < @to',
};

/** Returns the entry before this one, to which it is chained; null if it is not known. */
export function linkBefore(client: Database, id: number): AuditHead | null {
  const entry = client
    .prepare<[number], Values>('SELECT id, hash FROM audit_rows WHERE id < ? ORDER BY id DESC LIMIT 1')
    .raw()
    .get(id);
  if (entry !== undefined) return { id: Number(entry[0]), hash: hashText(entry[1]) };
  const checkpoint = client.prepare<[number], AuditHead>(
    'SELECT pruned_through AS id, hash FROM audit_checkpoint WHERE pruned_through < ?',
  );
  return checkpoint.get(id) ?? null;
}

/** Yields matching entries. No statement stays open between batches. Entries written after the start are not included. */
export function* scanAuditTrail(
  client: Database,
  filter: AuditFilter,
  order: ScanOrder,
): Generator<Batch<ChainedEntry>, void, undefined> {
  const { after: _after, before: _before, event, ...others } = filter;
  const code = event === undefined ? undefined : (EVENT_CODES[event as AuditEvent] ?? event);
  const restrictions = Object.entries({ ...others, event: code }).filter(([, value]) => value !== undefined);
  const conditions = restrictions.map(([name]) => ` AND ${CONDITIONS[name]}`).join('');
  const direction = order === 'oldest-first' ? 'ASC' : 'DESC';
  const select = client
    .prepare<[object], Values>(
      `${SELECT_ENTRIES} WHERE a.id >= @low AND a.id < @high${conditions} ORDER BY a.id ${direction}`,
    )
    .raw();
  const bound = Object.fromEntries(restrictions);
  const ends = idRangeOf(client, filter);
  // The entries of one execution have an index, so they need one window only.
  const size = filter.correlationId === undefined ? WINDOW : Math.max(1, ends.high - ends.low);
  for (const { low, high } of windowsOfIds(ends, size, order, auditGaps(client))) {
    const read = (behind: Values | null) => {
      const last = Number(behind?.[0]);
      const after = order === 'oldest-first' ? { low: last + 1 } : { high: last };
      return select.iterate({ ...bound, low, high, ...(behind === null ? {} : after) });
    };
    yield* batchesOf(read, toChainedEntry, high - low);
  }
}

/** Returns the id of the newest entry; 0 for an empty trail. */
export function newestEntryId(client: Database): number {
  return client.prepare<[], number | null>('SELECT max(id) FROM audit_rows').pluck().get() ?? 0;
}

/** Returns the number of ids in a range that can have an entry. */
export function idsIn(client: Database, range: IdRange): number {
  return withoutGaps(auditGaps(client), range).reduce((sum, { low, high }) => sum + high - low, 0);
}

/** Returns a range of ids that contains every entry that the filter can match. */
export function idRangeOf(client: Database, { from, to, after = 0, before }: AuditFilter): IdRange {
  const ends = client.prepare<[], { first: number | null; last: number | null }>(
    'SELECT (SELECT min(id) FROM audit_rows) AS first, (SELECT max(id) FROM audit_rows) AS last',
  );
  const { first, last } = ends.get() ?? { first: null, last: null };
  const all = { low: Math.max(first ?? 1, after + 1), high: (last ?? 0) + 1 };
  const since = (time: number) => firstEntrySince(client, all, time);
  const low = from === undefined ? all.low : since(from - CLOCK_SLACK_MS);
  const high = Math.min(to === undefined ? all.high : since(to + CLOCK_SLACK_MS), before ?? all.high);
  return { low, high: Math.max(low, high) };
}

/** Returns the first id of the range whose entry is not older than `time`; `high` when all are older. */
export function firstEntrySince(client: Database, range: IdRange, time: number): number {
  const rowFrom = client.prepare<[number], { id: number; time: string }>(
    'SELECT id, timestamp AS time FROM audit_events WHERE id >= ? ORDER BY id LIMIT 1',
  );
  return firstSince(range, time, (id) => rowFrom.get(id));
}

/** Yields windows of this many ids, in the order of the scan. */
export function* windowsOfIds(
  ends: IdRange,
  size: number,
  order: ScanOrder,
  gaps: readonly IdGap[] = [],
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

function toChainedEntry(values: Values): ChainedEntry {
  const row = auditRow(values);
  return { entry: toAuditEntry(row), hash: row.hash };
}
