// Callback health: each hour of each action, and the alerts. Pure.

import { percent } from '../../lib/percent.ts';
import { isoTime } from '../../lib/time.ts';
import type { Coverage, Rollups } from '../../store/rollups-port.ts';
import { isAlert, judge, type Missing, type Verdict } from './alert.ts';
import { type ChannelCounts, createChannelCounts, HOUR_MS, type Skew, skewSummary } from './channels.ts';

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

/** Returns the health of a period from the roll-ups. */
export async function healthIn(
  store: Pick<Rollups, 'arrivals' | 'coverage'>,
  { from, to, actionId, ...expected }: HealthPeriod,
): Promise<CountedHealth> {
  const { countedFrom } = await store.coverage();
  const begin = from - BASELINE_MS;
  // promise: health-needs-the-whole-baseline
  const isComplete = countedFrom !== null && countedFrom <= Math.max(0, begin - MAX_LIFETIME_MS);
  const book = createChannelCounts();
  for (const group of await store.arrivals({ from: begin, to, actionId })) book.add(group);
  return { ...healthOf(book.all(), from, to, expected), countedFrom, isComplete };
}

/** `counts` must reach back to `from` minus the baseline. */
export function healthOf(
  counts: readonly ChannelCounts[],
  from: number,
  to: number,
  { callbackless = false }: Expected = {},
): Health {
  const hours: HealthHour[] = [];
  const alerts: HealthAlert[] = [];
  for (const own of Map.groupBy(counts, ({ actionId }) => actionId).values()) {
    for (const one of own) {
      if (one.hour + HOUR_MS <= from || one.hour >= to) continue;
      const baseline = baselineOf(own, one.hour);
      const verdict = callbackless ? 'well' : judge(missingOf(one), baseline);
      hours.push(hourOf(one, verdict));
      if (isAlert(verdict)) alerts.push(alertOf(one, baseline, verdict));
    }
  }
  hours.sort((one, other) => compare(one.hour, other.hour) || compare(one.actionId, other.actionId));
  alerts.sort((one, other) => compare(other.hour, one.hour) || compare(one.actionId, other.actionId));
  return { from: isoTime(from), to: isoTime(to), hours, alerts };
}

function missingOf({ byCallback, byPoll, timedOut, missed }: ChannelCounts): Missing {
  return { missed, outcomes: byCallback + byPoll + timedOut };
}

function baselineOf(own: readonly ChannelCounts[], hour: number): Missing {
  const before = own.filter((one) => one.hour < hour && one.hour >= hour - BASELINE_MS).map(missingOf);
  const sum = (name: keyof Missing) => before.reduce((total, one) => total + one[name], 0);
  return { missed: sum('missed'), outcomes: sum('outcomes') };
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
