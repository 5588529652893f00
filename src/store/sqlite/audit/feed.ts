// Reads the audit trail after an entry, in bounded pages: by id, or along the index of one execution.

import type { Database } from 'better-sqlite3';
import type { FeedPage, FeedQuery, IdGap } from '../../port.ts';
import { type AuditRow, toAuditEntry } from '../../shared/audit-rows.ts';
import type { Values } from '../executions/execution-row.ts';
import { gapAt, skipForward } from '../file/id-gaps.ts';
import { auditRow, SELECT_ENTRIES } from './entry-rows.ts';

/** Number of ids that one page scans, which takes a few milliseconds. */
export const WINDOW = 5_000;
/** Length of the details in one page after which the page ends: one detail may be as long as a callback. */
const MAX_DETAIL_CHARS = 128 * 1024;

interface PageParameters {
  readonly app: string | null;
  readonly correlationId: string | null;
  readonly from: number;
  readonly until: number;
  readonly limit: number;
}

/** A page of rows: unlike entries, rows can be cloned between threads without a loss of digits. */
export interface FeedRows extends Omit<FeedPage, 'entries'> {
  readonly rows: readonly AuditRow[];
}

export function toFeedPage({ rows, ...page }: FeedRows): FeedPage {
  return { ...page, entries: rows.map(toAuditEntry) };
}

/** @param newest returns the id of the newest committed entry. */
export function createFeed(
  client: Database,
  newest: () => number,
  gaps: readonly IdGap[] = [],
): (query: FeedQuery) => FeedRows {
  // promise: stream-shows-own-app
  const ofApp = 'AND (@app IS NULL OR coalesce(a.app, e.app) = @app)';
  const condition = `a.id > @from AND a.id <= @until ${ofApp} ORDER BY a.id LIMIT @limit`;
  const prepare = (where: string) => client.prepare<[PageParameters], Values>(`${SELECT_ENTRIES} WHERE ${where}`).raw();
  const ofAll = prepare(condition);
  const ofOne = prepare(`e.correlation_id = @correlationId AND ${condition}`);
  const pruned = client.prepare<[], number>('SELECT pruned_through FROM audit_checkpoint').pluck();

  return ({ after, app, correlationId = null, limit }) => {
    const prunedThrough = pruned.get() ?? 0;
    const end = newest();
    /** A page of ids that were never issued would be empty, and there are billions of them. */
    const skip = (position: number) => Math.min(skipForward(gaps, position), Math.max(position, end));
    const from = skip(Math.max(after, prunedThrough));
    const until = correlationId === null ? Math.min(end, from + WINDOW) : end;
    const rows: AuditRow[] = [];
    let chars = 0;
    for (const values of (correlationId === null ? ofAll : ofOne).iterate({ app, correlationId, from, until, limit })) {
      const row = auditRow(values);
      rows.push(row);
      chars += row.detail.length;
      if (chars > MAX_DETAIL_CHARS) break;
    }
    const cut = rows.length === limit || chars > MAX_DETAIL_CHARS;
    const through = cut ? (rows.at(-1)?.id ?? from) : skip(Math.max(from, until));
    return { rows, through, newest: end, prunedThrough, gap: gapAt(gaps, after) };
  };
}
