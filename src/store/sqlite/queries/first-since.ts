// Finds rows by time without an index on time: ids are in the order of time, except where a clock was set back.

import { HOUR_MS } from '../../../lib/time.ts';

/** Maximum by which a clock may have been set back, so that a later row may have an earlier time. */
export const CLOCK_SLACK_MS = HOUR_MS;

/** Ids; `high` is exclusive. */
export interface IdRange {
  readonly low: number;
  readonly high: number;
}

/**
 * Returns the first id of the range whose row is not older than `time`, by binary search; `high` when all are older.
 * @param rowFrom returns the first row at or behind an id, with its time as ISO 8601 text.
 */
export function firstSince(
  { low, high }: IdRange,
  time: number,
  rowFrom: (id: number) => { readonly id: number; readonly time: string } | undefined,
): number {
  let [first, end] = [low, high];
  while (first < end) {
    const middle = Math.floor((first + end) / 2);
    const row = rowFrom(middle);
    if (row === undefined || Date.parse(row.time) >= time) end = middle;
    else first = row.id + 1;
  }
  return first;
}
