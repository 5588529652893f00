// Divides a range of executions into windows of references. Each window is read by a statement of its own, because a long read
// would prevent the WAL of a running receiver from being reset.

import type { Database } from 'better-sqlite3';
import type { ScanOrder } from '../../reader-port.ts';
import { firstReferenceAt } from '../../shared/reference-times.ts';
import { OUTCOMES_BATCH, type SubmittedPeriod } from '../../statistics-port.ts';
import { referenceBound } from '../executions/uuid-range.ts';
import { uuidText } from '../rows.ts';

/** Number of executions in one window, whose scan takes a few milliseconds even without a match. */
const WINDOW_ROWS = OUTCOMES_BATCH;

export interface ReferenceRange extends Omit<SubmittedPeriod, 'actionId'> {
  /** Only executions older than this reference. */
  readonly before?: string | undefined;
}

/** A reference, or a bound of references, as it is stored. */
type Bound = Buffer | string;

/** A range of references; `high` is exclusive. */
export interface Window {
  readonly low: Bound;
  readonly high: Bound;
  /** Number of executions of the app in the window; null for the last window, which has fewer than the others. */
  readonly size: number | null;
}

/** Yields the windows. Executions submitted after the start are not included, so that it ends under load too. */
export function* windowsOf(
  client: Database,
  range: ReferenceRange,
  order: ScanOrder,
): Generator<Window, void, undefined> {
  const [direction, offset] = order === 'oldest-first' ? ['ASC', WINDOW_ROWS] : ['DESC', WINDOW_ROWS - 1];
  const edge = client
    .prepare<[object], Bound>(
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

/** Returns the number of executions in the range. */
export function countExecutions(client: Database, range: ReferenceRange): number {
  const rest = client.prepare<[object], number>(selectInRange('count(*)', range)).pluck();
  let count = 0;
  for (const { low, high, size } of windowsOf(client, range, 'oldest-first')) {
    count += size ?? rest.get({ ...rangeParameters(range), low, high }) ?? 0;
  }
  return count;
}

/** Returns a statement for the references from @low to @high; further conditions may be appended. */
export function selectInRange(columns: string, range: ReferenceRange): string {
  return `SELECT ${columns} FROM execution_rows WHERE ${inRange(range)}`;
}

/** Returns the condition of the references from @low to @high. Rows without a reference are not executions. */
export function inRange({ app }: ReferenceRange): string {
  return `${app === undefined ? '' : 'app = @app AND '}reference >= @low AND reference < @high`;
}

/** Returns the parameters of `inRange`: better-sqlite3 rejects names that the statement does not use. */
export function rangeParameters({ app }: ReferenceRange): { readonly app?: string } {
  return app === undefined ? {} : { app };
}

function endsOf(client: Database, { from, to, before }: ReferenceRange): { low: Bound; high: Bound } {
  const newest = client.prepare<[], Bound | null>('SELECT max(reference) FROM execution_rows').pluck().get() ?? '';
  const ends = [
    `${uuidText(newest)}~`,
    ...(to === undefined ? [] : [firstReferenceAt(to)]),
    ...(before ? [before] : []),
  ];
  return {
    low: referenceBound(from === undefined ? '' : firstReferenceAt(from)),
    high: referenceBound(ends.toSorted()[0] ?? ''),
  };
}
