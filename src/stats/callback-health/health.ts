// Callback health: each hour of each action, and the alerts. Pure.

import { percent } from '../../lib/figures.ts';
import { HOUR_MS, isoTime } from '../../lib/time.ts';
import type { Coverage, MissingGroup, Rollups } from '../../store/rollups-port.ts';
import { isAlert, judge, type Missing, type Verdict } from './alert.ts';
import { type ChannelCounts, createChannelCounts, nameActions, type Skew, skewSummary } from './channels.ts';

/** Length of the baseline that an hour is compared with. */
export const BASELINE_MS = 7 * 24 * HOUR_MS;

export interface HealthHour extends Omit<ChannelCounts, 'hour' | 'skews'> {
  /** The beginning of the hour, ISO 8601. */
  readonly hour: string;
  /** Share of the outcomes by callback, poll and time-out; null without any. */
  readonly missedShare: number | null;
  readonly skewMs: Skew | null;
  readonly verdict: Verdict;
}

export interface HealthAlert {
  readonly actionId: string;
  readonly hour: string;
  readonly verdict: Verdict;
  readonly missed: number;
  readonly outcomes: number;
  readonly baseline: Missing;
  readonly message: string;
}

export interface Health {
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** Oldest hour first. */
  readonly hours: readonly HealthHour[];
  /** Newest hour first. */
  readonly alerts: readonly HealthAlert[];
}

export interface Expected {
  /** True when CXone is not given a callback URL: then no callback is missing. */
  readonly callbackless?: boolean;
}

/** The longest time in milliseconds between submission and end: a grace period, a polling window and a wait in the queue. */
export const MAX_LIFETIME_MS = 25 * HOUR_MS;

export interface HealthPeriod extends Expected {
  /** Milliseconds. The hours that overlap the period are counted as a whole. */
  readonly from: number;
  readonly to: number;
  readonly actionId?: string;
}

/** `isComplete` is false while the roll-ups do not yet count all executions that may have ended in the period or its baseline. */
export type CountedHealth = Health & Coverage & { readonly isComplete: boolean };

/** What the health of a period is counted from. */
export interface HealthSource {
  readonly arrivals: Rollups['arrivals'];
  readonly missing: Rollups['missing'];
  readonly coverage: Rollups['coverage'];
}

/** Returns the health of a period from the roll-ups. */
export async function healthIn(
  store: HealthSource,
  { from, to, actionId, ...expected }: HealthPeriod,
): Promise<CountedHealth> {
  const { countedFrom } = await store.coverage();
  const begin = from - BASELINE_MS;
  // promise: health-needs-the-whole-baseline
  const isComplete = countedFrom !== null && countedFrom <= Math.max(0, begin - MAX_LIFETIME_MS);
  const nameOf = nameActions();
  const missing = (await store.missing({ from: begin, to, actionId })).map((group) => ({
    ...group,
    actionId: nameOf(group.actionId),
  }));
  const book = createChannelCounts(nameOf);
  for (const group of await store.arrivals({ from, to, actionId })) book.add(group);
  return { ...healthOf({ counts: book.all(), missing }, from, to, expected), countedFrom, isComplete };
}

/** The counts of a period. `missing` reaches back to its beginning minus the baseline. */
interface PeriodCounts {
  readonly counts: readonly ChannelCounts[];
  readonly missing: readonly MissingGroup[];
}

export function healthOf(
  { counts, missing }: PeriodCounts,
  from: number,
  to: number,
  { callbackless = false }: Expected = {},
): Health {
  const hours: HealthHour[] = [];
  const alerts: HealthAlert[] = [];
  const before = Map.groupBy(missing, ({ actionId }) => actionId);
  for (const [actionId, own] of Map.groupBy(counts, (one) => one.actionId)) {
    const baselineOf = baselines(before.get(actionId) ?? []);
    for (const one of own) {
      if (one.hour + HOUR_MS <= from || one.hour >= to) continue;
      const baseline = baselineOf(one.hour);
      const verdict = callbackless ? 'well' : judge(missingOf(one), baseline);
      hours.push(hourOf(one, verdict));
      if (isAlert(verdict)) alerts.push(alertOf(one, baseline, verdict));
    }
  }
  hours.sort((one, other) => compare(one.hour, other.hour) || compare(one.actionId, other.actionId));
  alerts.sort((one, other) => compare(other.hour, one.hour) || compare(one.actionId, other.actionId));
  return { from: isoTime(from), to: isoTime(to), hours, alerts };
}

/** Returns the groups of counted channels, for a baseline. */
export function missingIn(counts: readonly ChannelCounts[]): MissingGroup[] {
  return counts.map((one) => ({ actionId: one.actionId, hour: one.hour, ...missingOf(one) }));
}

function missingOf({ byCallback, byPoll, timedOut, missed }: Omit<ChannelCounts, 'skews' | 'hour'>): Missing {
  return { missed, outcomes: byCallback + byPoll + timedOut };
}

/** Returns the sums of the 7 days before an hour. Hours are asked for in their order, so that each group is added once. */
function baselines(groups: readonly MissingGroup[]): (hour: number) => Missing {
  const sorted = [...groups].sort((one, other) => one.hour - other.hour);
  let [begin, end, missed, outcomes] = [0, 0, 0, 0];
  return (hour) => {
    for (let next = sorted[end]; next !== undefined && next.hour < hour; next = sorted[end]) {
      missed += next.missed;
      outcomes += next.outcomes;
      end += 1;
    }
    for (let first = sorted[begin]; begin < end && first !== undefined; first = sorted[begin]) {
      if (first.hour >= hour - BASELINE_MS) break;
      missed -= first.missed;
      outcomes -= first.outcomes;
      begin += 1;
    }
    return { missed, outcomes };
  };
}

function hourOf(counts: ChannelCounts, verdict: Verdict): HealthHour {
  const { hour, skews, ...numbers } = counts;
  const { missed, outcomes } = missingOf(counts);
  const missedShare = outcomes === 0 ? null : missed / outcomes;
  return { ...numbers, hour: isoTime(hour), missedShare, skewMs: skewSummary(skews), verdict };
}

function alertOf(counts: ChannelCounts, baseline: Missing, verdict: Verdict): HealthAlert {
  const { actionId } = counts;
  const { missed, outcomes } = missingOf(counts);
  const hour = isoTime(counts.hour);
  const comparison =
    verdict === 'risen'
      ? `, against ${percent(baseline.missed, baseline.outcomes)} in the 7 days before`
      : ', and there is no baseline for comparison';
  const message = `${actionId}: ${percent(missed, outcomes)} of the callbacks are missing in the hour from ${hour} (${missed} of ${outcomes})${comparison}`;
  return { actionId, hour, verdict, missed, outcomes, baseline, message };
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
