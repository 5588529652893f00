// Cuts a range of executions into windows along their references. Each is read by a statement of its own, so that whoever looks
// on for long does not keep the WAL of a running receiver from being reset.

import type { Database } from 'better-sqlite3';
import { firstReferenceAt } from '../executions/uuid-range.ts';

/** So many executions make a window: a few milliseconds, also when none of them is wanted. */
export const WINDOW_ROWS = 5_000;

export type ScanOrder = 'oldest-first' | 'newest-first';

export interface ReferenceRange {
  readonly app?: string | undefined;
  /** Submitted at or after, milliseconds. */
  readonly from?: number | undefined;
  /** Submitted before, milliseconds. */
  readonly to?: number | undefined;
  /** Only those older than this reference. */
  readonly before?: string | undefined;
}

/** References; the upper end is left out. */
export interface Window {
  readonly low: string;
  readonly high: string;
  /** How many executions of the app lie in it; null in the last one, which has fewer than the others. */
  readonly size: number | null;
}

/** What is submitted after this has begun is in none of them, so it ends under load too. */
export function* windowsOf(
  client: Database,
  range: ReferenceRange,
  order: ScanOrder,
): Generator<Window, void, undefined> {
  const [direction, offset] = order === 'oldest-first' ? ['ASC', WINDOW_ROWS] : ['DESC', WINDOW_ROWS - 1];
  const edge = client
    .prepare<[object], string>(
      `${selectInRange('reference', range)} ORDER BY reference ${direction} LIMIT 1 OFFSET ${offset}`,
    )
    .pluck();
  let { low, high } = endsOf(client, range);
  for (;;) {
    const found = edge.get({ ...rangeParameters(range), low, high });
    if (found === undefined) break;
    yield order === 'oldest-first' ? { low, high: found, size: WINDOW_ROWS } : { low: found, high, size: WINDOW_ROWS };
    if (order === 'oldest-first') low = found;
    else high = found;
  }
  yield { low, high, size: null };
}

/** How many executions are in the range. */
export function countExecutions(client: Database, range: ReferenceRange): number {
  const rest = client.prepare<[object], number>(selectInRange('count(*)', range)).pluck();
  let count = 0;
  for (const { low, high, size } of windowsOf(client, range, 'oldest-first')) {
    count += size ?? rest.get({ ...rangeParameters(range), low, high }) ?? 0;
  }
  return count;
}

/** A statement about what lies between @low and @high, with the beginning of its condition. */
export function selectInRange(what: string, { app }: ReferenceRange): string {
  const along = app === undefined ? '' : 'app = @app AND';
  return `SELECT ${what} FROM executions WHERE ${along} reference >= @low AND reference < @high`;
}

/** better-sqlite3 refuses names that the statement does not have. */
export function rangeParameters({ app }: ReferenceRange): { readonly app?: string } {
  return app === undefined ? {} : { app };
}

function endsOf(client: Database, { from, to, before }: ReferenceRange): { low: string; high: string } {
  const newest = client.prepare<[], string | null>('SELECT max(reference) FROM executions').pluck().get() ?? '';
  const ends = [`${newest}~`, ...(to === undefined ? [] : [firstReferenceAt(to)]), ...(before ? [before] : [])];
  return { low: from === undefined ? '' : firstReferenceAt(from), high: ends.toSorted()[0] ?? '' };
}
