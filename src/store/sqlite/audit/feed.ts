// Reads the audit trail after an entry, in bounded pages: by id, or along the index of one execution.

import type { Database } from 'better-sqlite3';
import type { FeedPage, FeedQuery, IdGap } from '../../port.ts';
import { gapAt, skipForward } from '../file/id-gaps.ts';
import { type AuditRow, toAuditEntry } from '../rows.ts';

/** Number of ids that one page scans, which takes a few milliseconds. */
export const WINDOW = 5_000;
/** Length of the details in one page after which the page ends: one detail may be as long as a callback. */
const MAX_DETAIL_CHARS = 128 * 1024;

type Row = Omit<AuditRow, 'hash'>;

interface PageParameters {
  readonly app: string | null;
  readonly correlationId: string | null;
  readonly from: number;
  readonly until: number;
  readonly limit: number;
}

/** A page of rows: unlike entries, rows can be cloned between threads without a loss of digits. */
export interface FeedRows extends Omit<FeedPage, 'entries'> {
  readonly rows: readonly Row[];
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
  const entry = `SELECT id, timestamp, event, action_id AS actionId, correlation_id AS correlationId,
    execution_id AS executionId, latency_ms AS latencyMs, http_status AS httpStatus, app, detail FROM audit_events`;
  // promise: stream-shows-own-app
  const condition = 'id > @from AND id <= @until AND (@app IS NULL OR app = @app) ORDER BY id LIMIT @limit';
  const ofAll = client.prepare<[PageParameters], Row>(`${entry} WHERE ${condition}`);
  const ofOne = client.prepare<[PageParameters], Row>(
    `${entry} WHERE correlation_id = @correlationId AND ${condition}`,
  );
  const pruned = client.prepare<[], number>('SELECT pruned_through FROM audit_checkpoint').pluck();

  return ({ after, app, correlationId = null, limit }) => {
    const prunedThrough = pruned.get() ?? 0;
    const end = newest();
    /** A page of ids that were never issued would be empty, and there are billions of them. */
    const skip = (position: number) => Math.min(skipForward(gaps, position), Math.max(position, end));
    const from = skip(Math.max(after, prunedThrough));
    const until = correlationId === null ? Math.min(end, from + WINDOW) : end;
    const rows: Row[] = [];
    let chars = 0;
    for (const row of (correlationId === null ? ofAll : ofOne).iterate({ app, correlationId, from, until, limit })) {
      rows.push(row);
      chars += row.detail.length;
      if (chars > MAX_DETAIL_CHARS) break;
    }
    const cut = rows.length === limit || chars > MAX_DETAIL_CHARS;
    const through = cut ? (rows.at(-1)?.id ?? from) : skip(Math.max(from, until));
    return { rows, through, newest: end, prunedThrough, gap: gapAt(gaps, after) };
  };
}
