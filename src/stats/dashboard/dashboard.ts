// The statistics of the last hour or day, per interval and per action, counted from the audit trail of the store.

import { DAY_MS, MINUTE_MS } from '../../lib/time.ts';
import type { StatisticsEntry } from '../../store/statistics-port.ts';
import { endedIn, missedCallbackShare, type OutcomeCounts } from '../outcome-counts.ts';
import type { TrailFollower } from '../trail-follower.ts';
import { type Histogram, percentile } from './histogram.ts';
import { createTimeSeries, sumOf, type Tally, type TimeSeries } from './time-series.ts';

/** A span back from now, in intervals of `stepMs` milliseconds. */
export interface Range {
  readonly stepMs: number;
  readonly steps: number;
}

export const LAST_HOUR: Range = { stepMs: MINUTE_MS, steps: 60 };
export const LAST_DAY: Range = { stepMs: 15 * MINUTE_MS, steps: 96 };

/** Apps name actions: past this number of one day, further actions are counted together under a name that no action can have. */
export const MAX_ACTIONS = 50;
export const OTHER_ACTIONS = '(others)';

/** Percentiles of durations in milliseconds; null without any. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface PeriodCounts extends Readonly<OutcomeCounts>, Pick<Tally, 'upstreamErrors' | 'notified'> {
  readonly ended: number;
  /** For results found by a poll: the longest time that they can have gone unnoticed. */
  readonly detectionLag: Percentiles;
  /** Response times of CXone to executes and polls. */
  readonly upstream: Percentiles;
  /** From submission to outcome. */
  readonly total: Percentiles;
}

export interface IntervalCounts extends PeriodCounts {
  /** Its beginning, milliseconds. */
  readonly at: number;
}

export interface Overview extends PeriodCounts {
  readonly stepMs: number;
  /** Oldest first; the last one has not ended. */
  readonly steps: readonly IntervalCounts[];
  /** Busiest first; those that are counted together last. */
  readonly actions: readonly ActionCounts[];
  /** False while history is still being read: until then the counts grow. */
  readonly complete: boolean;
  /** When counting began, if that is within the period: a start reads a limited number of earlier entries; else null. */
  readonly countedFrom: number | null;
}

export interface ActionCounts extends PeriodCounts {
  readonly actionId: string;
  /** From when on it is counted by its name: what came before was counted together with others. Null: all of the period is. */
  readonly countedFrom: number | null;
}

export type Dashboard = ReturnType<typeof createDashboard>;

/** Minutes of an action are kept for an hour only and quarters of an hour for the day, since there may be many actions. */
interface ActionSeries {
  readonly hour: TimeSeries;
  readonly day: TimeSeries;
  readonly countedFrom: number | null;
  /** The time of its newest entry, milliseconds. */
  newest: number;
}

export function createDashboard(
  trail: Pick<TrailFollower, 'follow' | 'catchUp' | 'complete' | 'countedFrom'>,
  now: () => number,
) {
  const all = createTimeSeries(MINUTE_MS, DAY_MS / MINUTE_MS);
  const byAction = new Map<string, ActionSeries>();

  function seriesOf({ actionId, timestamp }: StatisticsEntry): ActionSeries {
    const name = byAction.has(actionId) || hasPlace() ? actionId : OTHER_ACTIONS;
    const series = byAction.get(name) ?? {
      hour: createTimeSeries(LAST_HOUR.stepMs, LAST_HOUR.steps),
      day: createTimeSeries(LAST_DAY.stepMs, LAST_DAY.steps),
      // promise: action-counted-in-part-says-so
      countedFrom: name !== OTHER_ACTIONS && byAction.has(OTHER_ACTIONS) ? timestamp : null,
      newest: 0,
    };
    byAction.set(name, series);
    return series;
  }

  /** An action that was not used for a day yields its place. */
  function hasPlace(): boolean {
    if (isBelowMaximum()) return true;
    const oldest = now() - DAY_MS;
    for (const [actionId, { newest }] of byAction) if (newest < oldest) byAction.delete(actionId);
    return isBelowMaximum();
  }

  function isBelowMaximum(): boolean {
    return byAction.size - Number(byAction.has(OTHER_ACTIONS)) < MAX_ACTIONS;
  }

  function take(entry: StatisticsEntry): void {
    if (entry.timestamp < now() - DAY_MS) return;
    all.add(entry);
    const series = seriesOf(entry);
    series.hour.add(entry);
    series.day.add(entry);
    series.newest = Math.max(series.newest, entry.timestamp);
  }
  trail.follow(take);

  function actionsIn({ steps, stepMs }: Range): ActionCounts[] {
    const begin = now() - steps * stepMs;
    return [...byAction]
      .map(([actionId, { hour, day, countedFrom: from }]) => {
        const series = stepMs < LAST_DAY.stepMs ? hour : day;
        const countedFrom = from !== null && from > begin ? from : null;
        return { actionId, countedFrom, ...countsOf(series.total(now(), steps, stepMs)) };
      })
      .filter((counts) => busyness(counts) > 0)
      .sort((one, other) => isOthers(one) - isOthers(other) || busyness(other) - busyness(one));
  }

  return {
    overview: async (range: Range): Promise<Overview> => {
      await trail.catchUp();
      const { countedFrom } = trail;
      const intervals = all.last(now(), range.steps, range.stepMs);
      return {
        ...countsOf(sumOf(intervals)),
        stepMs: range.stepMs,
        steps: intervals.map(({ at, tally }) => ({ at, ...countsOf(tally) })),
        actions: actionsIn(range),
        complete: trail.complete(),
        countedFrom: countedFrom !== null && countedFrom >= (intervals[0]?.at ?? 0) ? countedFrom : null,
      };
    },
    /** Returns the share of outcomes of the last hour without a callback; null without any. */
    missedCallbackShare: (): number | null => missedCallbackShare(all.total(now(), LAST_HOUR.steps, LAST_HOUR.stepMs)),
  };
}

function isOthers({ actionId }: { readonly actionId: string }): number {
  return Number(actionId === OTHER_ACTIONS);
}

function busyness({ submitted, ended }: PeriodCounts): number {
  return submitted + ended;
}

function countsOf({ detectionLag, upstream, total, ...counts }: Tally): PeriodCounts {
  return {
    ...counts,
    ended: endedIn(counts),
    detectionLag: percentilesOf(detectionLag),
    upstream: percentilesOf(upstream),
    total: percentilesOf(total),
  };
}

function percentilesOf(histogram: Histogram | null): Percentiles {
  if (histogram === null) return { count: 0, p50: null, p95: null, p99: null };
  const at = (share: number) => percentile(histogram, share);
  return { count: histogram.total, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
