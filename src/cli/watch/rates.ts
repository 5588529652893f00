// Outcomes per minute, followed along the audit trail.

import { TERMINAL_STATUSES } from '../../execution/execution.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { SECOND_MS } from '../../lib/time.ts';
import { percentile } from '../../stats/dashboard/histogram.ts';
import { createTimeSeries, sumOf } from '../../stats/dashboard/time-series.ts';
import { endedIn, missedCallbackShare } from '../../stats/outcome-counts.ts';
import type { StoreReader } from '../../store/reader-port.ts';

const SECONDS_PER_MINUTE = 60;
/** The longer of the two periods that are shown. */
export const LONG_MINUTES = 5;
/** Entries of one reading, which takes a few milliseconds. */
const BATCH = 1_000;

/** Counts per minute, and durations in milliseconds. */
export interface Rates {
  readonly minutes: number;
  readonly submitted: number;
  readonly ended: number;
  readonly byStatus: Readonly<Record<(typeof TERMINAL_STATUSES)[number], number>>;
  /** Share of the expected callbacks that did not arrive in time, from 0 to 1; null if none was expected. */
  readonly missedShare: number | null;
  /** Requests to CXone without a response or with an error. */
  readonly failedRequests: number;
  readonly notifications: { readonly delivered: number; readonly failed: number; readonly dead: number };
  /** From submission to outcome; null without an outcome. */
  readonly totalMs: { readonly p50: number | null; readonly p95: number | null };
}

/** Begins with the entries of the last {@link LONG_MINUTES}; after a step of the clock, the first minutes may lack some. */
export function followRates(reader: StoreReader, now: number) {
  const slots = LONG_MINUTES * SECONDS_PER_MINUTE;
  const series = createTimeSeries(SECOND_MS, slots);
  let through: number | null = null;

  return {
    /** Reads what was committed since the last call. */
    catchUp: async (onRead: (done: number, total: number) => void): Promise<void> => {
      through ??= (await reader.firstEntrySince(now - slots * SECOND_MS)) - 1;
      const begin = through;
      const newest = await reader.newestEntryId();
      // Bounded by the entry that is the newest now: on a busy receiver the end of the trail moves on.
      while (through < newest) {
        const page = await reader.statisticsAfter(through, BATCH);
        for (const entry of page.entries) series.add(entry);
        through = page.atEnd ? Math.max(newest, page.through) : page.through;
        onRead(Math.min(through, newest) - begin, newest - begin);
        await yieldToEventLoop();
      }
    },
    /** Returns the rates of the last minutes up to `now` (milliseconds). */
    last: (at: number, minutes: number): Rates => {
      const tally = sumOf(series.last(at, minutes * SECONDS_PER_MINUTE, SECOND_MS));
      const perMinute = (count: number) => Number((count / minutes).toFixed(1));
      const { delivered, failed, dead } = tally.notified;
      const atShare = (share: number) => (tally.total === null ? null : percentile(tally.total, share));
      return {
        minutes,
        submitted: perMinute(tally.submitted),
        ended: perMinute(endedIn(tally)),
        byStatus: Object.fromEntries(
          TERMINAL_STATUSES.map((status) => [status, perMinute(tally.byStatus[status])]),
        ) as Rates['byStatus'],
        missedShare: missedCallbackShare(tally),
        failedRequests: perMinute(tally.upstreamErrors),
        notifications: { delivered: perMinute(delivered), failed: perMinute(failed), dead: perMinute(dead) },
        totalMs: { p50: atShare(0.5), p95: atShare(0.95) },
      };
    },
  };
}
