// Reads the audit trail in the form in which it is hashed: entry by entry, by time, and in batches that match a filter.

import type { AuditEvent } from '../../../execution/event.ts';
import { isoTime } from '../../../lib/time.ts';
import type { AuditHead } from '../../port.ts';
import type { AuditFilter, Batch, ChainedEntry, ScanOrder, StoreReader } from '../../reader-port.ts';
import { type AuditRow, toAuditEntry } from '../../shared/audit-rows.ts';
import { EVENT_CODES, eventOf } from '../../shared/codes.ts';
import { type Conditions, conditions } from '../../shared/conditions.ts';
import type { Reads } from '../../shared/reads.ts';
import { windowsOfIds } from '../../sqlite/queries/audit.ts';
import { CLOCK_SLACK_MS, type IdRange } from '../../sqlite/queries/first-since.ts';
import { ENTRY_COLUMNS, type EntryRow } from '../queries/audit.ts';

/** Number of ids in one window, whose scan takes a few milliseconds even without a match. */
const WINDOW = 10_000;
const MAX_ROWS = 500;
/** Bytes of details after which a batch ends: one detail may be as long as a callback. */
const MAX_BYTES = 1024 * 1024;

/** Made here, and not by the view `audit_events`: the hash covers the rows, and a view can be altered. */
const COLUMNS = `${ENTRY_COLUMNS}, encode(a.hash, 'hex') AS hash`;

/** An entry whose execution was deleted is in the chain, too. */
const ENTRIES = 'audit_rows AS a LEFT JOIN execution_rows AS e ON e.id = a.execution';

const BEFORE = `SELECT id, encode(hash, 'hex') AS hash FROM audit_rows WHERE id < $1
  UNION ALL SELECT pruned_through, hash FROM audit_checkpoint WHERE pruned_through < $1 ORDER BY id DESC LIMIT 1`;

const HASH_OF = `SELECT encode(hash, 'hex') AS hash FROM audit_rows WHERE id = $1
  UNION ALL SELECT hash FROM audit_checkpoint WHERE pruned_through = $1 LIMIT 1`;

const ENDS = 'SELECT min(id) AS first, max(id) AS last FROM audit_rows';

export interface HashedEntry extends EntryRow {
  readonly hash: string;
}

interface Ends {
  readonly first: number | null;
  readonly last: number | null;
}

type TrailQueries = Pick<
  StoreReader,
  'entries' | 'countEntryIds' | 'entryBefore' | 'newestEntryId' | 'firstEntrySince' | 'hashOf' | 'erasures'
>;

// One function because its queries share the search for ids by time.
export function createTrailQueries(reads: Reads): TrailQueries {
  const ends = async (): Promise<Ends> => (await reads.first<Ends>(ENDS)) ?? { first: null, last: null };
  const newestEntryId = async () => (await ends()).last ?? 0;

  /** Ids are in the order of time, except where a clock was set back. */
  async function firstSince({ low, high }: IdRange, time: number): Promise<number> {
    let [first, end] = [low, high];
    while (first < end) {
      const middle = Math.floor((first + end) / 2);
      const statement = 'SELECT id, at FROM audit_rows WHERE id >= $1 ORDER BY id LIMIT 1';
      const row = await reads.first<{ id: number; at: number }>(statement, [middle]);
      if (row === undefined || row.at >= time) end = middle;
      else first = row.id + 1;
    }
    return first;
  }

  async function rangeOf({ from, to, after = 0, before }: AuditFilter): Promise<IdRange> {
    const { first, last } = await ends();
    const all = { low: Math.max(first ?? 1, after + 1), high: (last ?? 0) + 1 };
    const low = from === undefined ? all.low : await firstSince(all, from - CLOCK_SLACK_MS);
    const end = to === undefined ? all.high : await firstSince(all, to + CLOCK_SLACK_MS);
    return { low, high: Math.max(low, Math.min(end, before ?? all.high)) };
  }

  async function* windowOf(filter: AuditFilter, order: ScanOrder, { low, high }: IdRange) {
    let rest = { low, high };
    for (;;) {
      const where = conditionsOf(filter);
      where.add('a.id >=', rest.low);
      where.add('a.id <', rest.high);
      const rows = await reads.all<HashedEntry>(batchOf(where.where(), order), where.values);
      const found = rows.map((row) => chained(toAuditRow(row))).filter(isBy(filter.by));
      const last = rows.at(-1)?.id;
      yield { found, scanned: last === undefined ? high - low : 0 };
      if (last === undefined) return;
      rest = order === 'oldest-first' ? { ...rest, low: last + 1 } : { ...rest, high: last };
    }
  }

  async function* entries(filter: AuditFilter, order: ScanOrder): AsyncGenerator<Batch<ChainedEntry>> {
    const range = await rangeOf(filter);
    // The entries of one execution have an index, so they need one window only.
    const size = filter.correlationId === undefined ? WINDOW : Math.max(1, range.high - range.low);
    for (const window of windowsOfIds(range, size, order)) yield* windowOf(filter, order, window);
  }

  return {
    entries,
    countEntryIds: async (filter) => {
      const { low, high } = await rangeOf(filter);
      return high - low;
    },
    entryBefore: async (id) => (await reads.first<AuditHead>(BEFORE, [id])) ?? null,
    newestEntryId,
    firstEntrySince: async (time) => firstSince({ low: 0, high: (await newestEntryId()) + 1 }, time),
    hashOf: async (id) => (await reads.first<{ hash: string }>(HASH_OF, [id]))?.hash,
    erasures: async () => {
      const statement = `SELECT ${COLUMNS} FROM ${ENTRIES} WHERE a.event = $1 ORDER BY a.id`;
      return (await reads.all<HashedEntry>(statement, [EVENT_CODES.ERASED])).map(toAuditRow);
    },
  };
}

/** Returns up to `limit` entries behind an id, and at least one if there is one. */
export async function entriesAfter(reads: Reads, id: number, limit: number): Promise<AuditRow[]> {
  const statement = bounded(`WHERE a.id > $1 ORDER BY a.id LIMIT $2`, 'ASC');
  return (await reads.all<HashedEntry>(statement, [id, limit])).map(toAuditRow);
}

function batchOf(where: string, order: ScanOrder): string {
  const direction = order === 'oldest-first' ? 'ASC' : 'DESC';
  return bounded(`${where} ORDER BY a.id ${direction} LIMIT ${MAX_ROWS}`, direction);
}

function bounded(selection: string, direction: 'ASC' | 'DESC'): string {
  return `SELECT * FROM (
      SELECT s.*, sum(octet_length(s.detail)) OVER (ORDER BY s.id ${direction}) - octet_length(s.detail) AS bytes_before
      FROM (SELECT ${COLUMNS} FROM ${ENTRIES} ${selection}) AS s
    ) AS t WHERE bytes_before < ${MAX_BYTES} ORDER BY id ${direction}`;
}

function conditionsOf({ app, event, actionId, correlationId, by, from, to }: AuditFilter): Conditions {
  const where = conditions();
  if (app !== undefined) where.add('e.app =', app);
  if (event !== undefined) where.add('a.event =', EVENT_CODES[event as AuditEvent] ?? -1);
  if (actionId !== undefined) where.add('e.action_id =', actionId);
  if (correlationId !== undefined) where.add('e.correlation_id =', correlationId);
  // `isBy` decides: a deeper member may have this name, too.
  if (by !== undefined) where.addText('strpos(a.detail, ?) > 0', `"by":${JSON.stringify(by)}`);
  if (from !== undefined) where.add('a.at >=', Math.ceil(from));
  if (to !== undefined) where.add('a.at <', Math.ceil(to));
  return where;
}

function isBy(by: string | undefined): (one: ChainedEntry) => boolean {
  return ({ entry }) => by === undefined || entry.detail['by'] === by;
}

export function toAuditRow(row: HashedEntry): AuditRow {
  const { id, at, event, actionId, correlationId, executionId, latencyMs, httpStatus, app, detail, hash } = row;
  return {
    ...{ id, timestamp: isoTime(at), event: eventOf(event), actionId, correlationId, executionId, latencyMs },
    ...{ httpStatus, app, detail, hash },
  };
}

function chained(row: AuditRow): ChainedEntry {
  return { entry: toAuditEntry(row), hash: row.hash };
}
