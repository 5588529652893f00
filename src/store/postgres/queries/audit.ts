// Reads the audit trail: of one execution, after an entry, and its head.

import type { AuditEntry } from '../../../execution/event.ts';
import type { AuditFeed, AuditHead, FeedPage, FeedQuery } from '../../port.ts';
import { type AuditRow, detailIn } from '../../shared/audit-rows.ts';
import { eventOf } from '../../shared/codes.ts';
import type { Reads } from '../../shared/reads.ts';

/** Number of ids that one page scans, which takes a few milliseconds. */
const WINDOW = 5_000;
/** Length of the details in one page after which the page ends: one detail may be as long as a callback. */
const MAX_DETAIL_CHARS = 128 * 1024;

export interface EntryRow extends Omit<AuditRow, 'timestamp' | 'event' | 'hash'> {
  readonly at: number;
  readonly event: number;
}

/** Of `a`, the entry, and `e`, its execution. */
export const ENTRY_COLUMNS = `a.id, a.at, a.event, e.action_id AS "actionId", e.correlation_id AS "correlationId",
  a.execution_id AS "executionId", a.latency_ms AS "latencyMs", a.http_status AS "httpStatus", e.app, a.detail`;

const SELECT_ENTRIES = `SELECT ${ENTRY_COLUMNS} FROM audit_rows AS a JOIN execution_rows AS e ON e.id = a.execution`;

const TRAIL = `${SELECT_ENTRIES} WHERE e.correlation_id = $1 ORDER BY a.id`;

// promise: postgres/stream-shows-own-app
const PAGE = 'a.id > $1 AND a.id <= $2 AND ($3::text IS NULL OR e.app = $3)';
const OF_ALL = `${SELECT_ENTRIES} WHERE ${PAGE} ORDER BY a.id LIMIT $4`;
const OF_ONE = `${SELECT_ENTRIES} WHERE ${PAGE} AND e.correlation_id = $5 ORDER BY a.id LIMIT $4`;

const ENDS = `SELECT c.pruned_through AS "prunedThrough", c.hash AS "prunedHash", a.id, encode(a.hash, 'hex') AS hash
  FROM audit_checkpoint AS c LEFT JOIN LATERAL (SELECT id, hash FROM audit_rows ORDER BY id DESC LIMIT 1) AS a ON true`;

interface Ends {
  readonly prunedThrough: number;
  readonly prunedHash: string;
  readonly id: number | null;
  readonly hash: string | null;
}

/** Returns the end of the hash chain as it is committed. */
export async function readHead(reads: Pick<Reads, 'first'>): Promise<AuditHead> {
  const ends = await reads.first<Ends>(ENDS);
  return { id: ends?.id ?? ends?.prunedThrough ?? 0, hash: ends?.hash ?? ends?.prunedHash ?? '' };
}

const LOST = `SELECT $1 > (SELECT pruned_through FROM audit_checkpoint)
  AND NOT EXISTS (SELECT 1 FROM audit_rows WHERE id = $1 AND hash = decode($2, 'hex')) AS "isLost"`;

/** Returns whether the trail has another entry instead of this one, or none; false for a pruned entry. */
export async function isLost(all: Reads['all'], { id, hash }: AuditHead): Promise<boolean> {
  if (id === 0) return false;
  const [row] = await all<{ isLost: boolean }>(LOST, [id, hash]);
  return row?.isLost === true;
}

export function createAuditFeed(reads: Reads): Pick<AuditFeed, 'trail' | 'feed'> {
  async function feed({ after, app, correlationId, limit }: FeedQuery): Promise<FeedPage> {
    const ends = await reads.first<Ends>(ENDS);
    const prunedThrough = ends?.prunedThrough ?? 0;
    const newest = ends?.id ?? prunedThrough;
    const from = Math.max(after, prunedThrough);
    const until = correlationId === undefined ? Math.min(newest, from + WINDOW) : newest;
    const values = [from, until, app, limit];
    const rows = await (correlationId === undefined
      ? reads.all<EntryRow>(OF_ALL, values)
      : reads.all<EntryRow>(OF_ONE, [...values, correlationId]));
    const found = withinChars(rows);
    const isCut = found.length < rows.length || rows.length === limit;
    const through = isCut ? (found.at(-1)?.id ?? from) : Math.max(from, until);
    return { entries: found.map(toAuditEntry), through, newest, prunedThrough };
  }

  return {
    trail: async (correlationId) => (await reads.all<EntryRow>(TRAIL, [correlationId])).map(toAuditEntry),
    feed,
  };
}

/** Returns the first rows whose details stay within the size of a page, and at least one row. */
function withinChars(rows: readonly EntryRow[]): readonly EntryRow[] {
  let chars = 0;
  const end = rows.findIndex(({ detail }) => {
    chars += detail.length;
    return chars > MAX_DETAIL_CHARS;
  });
  return end === -1 ? rows : rows.slice(0, end + 1);
}

function toAuditEntry({ id, at, event, detail, ...row }: EntryRow): AuditEntry {
  return { id, timestamp: at, event: eventOf(event), ...row, detail: detailIn(detail) };
}
