// Keeps the counts of hours that have ended, so that a question about callbacks reads the roll-ups of the latest hours only.

import { HOUR_MS } from '../../lib/time.ts';
import type { Coverage, MissingGroup, Rollups } from '../../store/rollups-port.ts';

/** What ended in an hour is committed long before this time has passed. */
const SETTLES_AFTER_MS = HOUR_MS;

export interface MissingRange {
  /** Milliseconds; the hours that overlap the range. */
  readonly from: number;
  readonly to: number;
}

/** Returns a reader of the missed callbacks of all actions. @param keptMs the time that it keeps, from now back */
export function createSettledHours(store: Pick<Rollups, 'missing'>, now: () => number, keptMs: number) {
  let kept: { readonly begin: number; readonly end: number; readonly groups: readonly MissingGroup[] } | null = null;
  let counted: Coverage['countedFrom'] = null;

  /** @param countedFrom what the roll-ups count: while it changes, nothing is settled. */
  return async ({ from, to }: MissingRange, countedFrom: Coverage['countedFrom']): Promise<readonly MissingGroup[]> => {
    const begin = hourOf(Math.min(from, now() - keptMs));
    const settled = hourOf(now() - SETTLES_AFTER_MS);
    // promise: settled-hours-are-not-stale
    if (kept !== null && (countedFrom !== counted || begin < kept.begin || settled < kept.end)) kept = null;
    const known = kept ?? { begin, end: begin, groups: [] };
    const read = await store.missing({ from: known.end });
    const groups = [...known.groups.filter(({ hour }) => hour >= begin), ...read];
    counted = countedFrom;
    kept = { begin, end: Math.max(known.end, settled), groups: groups.filter(({ hour }) => hour < settled) };
    return groups.filter(({ hour }) => hour + HOUR_MS > from && hour < to);
  };
}

function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS) * HOUR_MS;
}
