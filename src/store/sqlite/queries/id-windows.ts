// Cuts a range of executions into windows along their references. Each is read by a statement of its own, so that whoever looks
// on for long does not keep the WAL of a running receiver from being reset.

import type { Database } from 'better-sqlite3';
import { firstReferenceAt } from '../executions/uuid-range.ts';

/** So many executions make a window: a few milliseconds, also when none of them is wanted. */
export const WINDOW = 5_000;

export type Order = 'oldest-first' | 'newest-first';

export interface Range {
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
export function* windowsOf(client: Database, range: Range, order: Order): Generator<Window, void, undefined> {
  const [direction, offset] = order === 'oldest-first' ? ['ASC', WINDOW] : ['DESC', WINDOW - 1];
  const edge = client
    .prepare<[object], string>(
      `${inRange('reference', range)} ORDER BY reference ${direction} LIMIT 1 OFFSET ${offset}`,
    )
    .pluck();
  let { low, high } = endsOf(client, range);
  for (;;) {
    const found = edge.get({ ...boundTo(range), low, high });
    if (found === undefined) break;
    yield order === 'oldest-first' ? { low, high: found, size: WINDOW } : { low: found, high, size: WINDOW };
    if (order === 'oldest-first') low = found;
    else high = found;
  }
  yield { low, high, size: null };
}

/** How many executions are in the range. */
export function countIn(client: Database, range: Range): number {
  const rest = client.prepare<[object], number>(inRange('count(*)', range)).pluck();
  let count = 0;
  for (const { low, high, size } of windowsOf(client, range, 'oldest-first')) {
    count += size ?? rest.get({ ...boundTo(range), low, high }) ?? 0;
  }
  return count;
}

/** A statement about what lies between @low and @high, with the beginning of its condition. */
export function inRange(what: string, { app }: Range): string {
  const along = app === undefined ? '' : 'app = @app AND';
  return `SELECT ${what} FROM executions WHERE ${along} reference >= @low AND reference < @high`;
}

/** better-sqlite3 refuses names that the statement does not have. */
export function boundTo({ app }: Range): { readonly app?: string } {
  return app === undefined ? {} : { app };
}

function endsOf(client: Database, { from, to, before }: Range): { low: string; high: string } {
  const newest = client.prepare<[], string | null>('SELECT max(reference) FROM executions').pluck().get() ?? '';
  const ends = [`${newest}~`, ...(to === undefined ? [] : [firstReferenceAt(to)]), ...(before ? [before] : [])];
  return { low: from === undefined ? '' : firstReferenceAt(from), high: ends.toSorted()[0] ?? '' };
}
