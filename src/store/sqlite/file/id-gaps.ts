// The gaps that restores left in the ids of audit entries and notifications.

import type { Database } from 'better-sqlite3';
import type { IdGap } from '../../port.ts';
import type { IdRange } from '../queries/first-since.ts';

export function auditGaps(client: Database): IdGap[] {
  return gapsBehind(client, 'audit_after');
}

export function notificationGaps(client: Database): IdGap[] {
  return gapsBehind(client, 'notification_after');
}

type StoredGap = Record<'after' | 'next', number> & Record<'lostFrom' | 'restoredAt', string>;

/** Oldest first; none in a database of an older version. */
function gapsBehind(client: Database, lastId: 'audit_after' | 'notification_after'): IdGap[] {
  if (client.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'id_gaps'").get() === undefined) return [];
  const gaps = client.prepare<[], StoredGap>(
    `SELECT ${lastId} AS after, next_id AS next, lost_from AS lostFrom, restored_at AS restoredAt FROM id_gaps ORDER BY id`,
  );
  return gaps.all().map(({ lostFrom, restoredAt, ...ids }) => ({
    ...ids,
    lostFrom: Date.parse(lostFrom),
    restoredAt: Date.parse(restoredAt),
  }));
}

/**
 * Returns the gap in which a position lies, so that what followed it is lost. The ends are valid positions: after the newest
 * id of the copy, and before the first new one.
 */
export function gapAt(gaps: readonly IdGap[], position: number): IdGap | undefined {
  return gaps.find(({ after, next }) => position > after && position < next - 1);
}

/** Moves a position forward to the end of its gap, as there is nothing in between. */
export function skipForward(gaps: readonly IdGap[], position: number): number {
  const gap = gaps.findLast(({ after, next }) => position >= after && position < next - 1);
  return gap === undefined ? position : gap.next - 1;
}

/** Moves the end of a range (left out) back to the beginning of its gap. */
export function skipBackward(gaps: readonly IdGap[], end: number): number {
  const gap = gaps.find(({ after, next }) => end > after + 1 && end <= next);
  return gap === undefined ? end : gap.after + 1;
}

/** Cuts the gaps out of a range of ids, whose upper end is left out. */
export function withoutGaps(gaps: readonly IdGap[], { low, high }: IdRange): IdRange[] {
  const ranges: IdRange[] = [];
  let at = low;
  for (const { after, next } of gaps) {
    if (next <= at || after + 1 >= high) continue;
    if (after + 1 > at) ranges.push({ low: at, high: after + 1 });
    at = next;
  }
  return at < high ? [...ranges, { low: at, high }] : ranges;
}
