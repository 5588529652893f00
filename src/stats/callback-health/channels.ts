// Counts over which channel outcomes arrived, per action and hour: the data behind callback health.

import { type ArrivalChannel, arrivalChannel } from '../../execution/arrival-channel.ts';
import type { ObservedOutcome } from '../../store/statistics-port.ts';
import { quantile } from '../statistics.ts';

export const HOUR_MS = 3_600_000;

/** Skews that are kept of one hour and action for their percentiles. */
const MAX_SKEWS = 500;
/** Apps name actions: past this number, further actions are counted together. */
const MAX_ACTIONS = 500;
const OTHERS = '(others)';

export interface ChannelCounts {
  readonly actionId: string;
  /** The beginning of the hour, milliseconds. */
  readonly hour: number;
  byCallback: number;
  byPoll: number;
  bySubmit: number;
  timedOut: number;
  /** Of those by poll and timed out: without a callback by then. */
  missed: number;
  /** Of the missed: with a callback afterwards. */
  calledBackLater: number;
  /** Callback minus poll, milliseconds, where both brought an outcome; positive when the poll was first. */
  readonly skews: number[];
}

export interface Skew {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface ChannelBook {
  /** Counts an outcome. Outcomes that say nothing about callbacks (rejected, cancelled, never sent) are ignored. */
  add(outcome: ObservedOutcome): void;
  /** Counts what a later callback or poll adds to an outcome that was counted before. */
  addLater(outcome: ObservedOutcome): void;
  /** Oldest hour first. */
  all(): readonly ChannelCounts[];
  dropBefore(time: number): void;
}

const COUNTED_AS = { callback: 'byCallback', poll: 'byPoll', submit: 'bySubmit', timeout: 'timedOut' } as const;

export function createChannelCounts(): ChannelBook {
  const actions = new Map<string, Map<number, ChannelCounts>>();

  function countsOf(actionId: string, resolvedAt: number): ChannelCounts {
    const name = actions.has(actionId) || actions.size < MAX_ACTIONS ? actionId : OTHERS;
    const hours = actions.get(name) ?? new Map<number, ChannelCounts>();
    actions.set(name, hours);
    const hour = Math.floor(resolvedAt / HOUR_MS) * HOUR_MS;
    const counts = hours.get(hour) ?? emptyCounts(name, hour);
    hours.set(hour, counts);
    return counts;
  }

  function take(outcome: ObservedOutcome, isFirst: boolean): void {
    const { actionId, resolvedAt, calledBackAt, foundAt } = outcome;
    const channel = arrivalChannel(outcome);
    if (channel === null || resolvedAt === null) return;
    const counts = countsOf(actionId, resolvedAt);
    const missed = isMissed(channel, outcome);
    if (isFirst) {
      counts[COUNTED_AS[channel]] += 1;
      counts.missed += Number(missed);
    }
    if (missed && calledBackAt !== null) counts.calledBackLater += 1;
    const hasSkew = calledBackAt !== null && foundAt !== null;
    if (hasSkew && counts.skews.length < MAX_SKEWS) counts.skews.push(calledBackAt - foundAt);
  }

  return {
    add: (outcome) => take(outcome, true),
    addLater: (outcome) => take(outcome, false),
    all: () =>
      [...actions.values()].flatMap((hours) => [...hours.values()]).sort((one, other) => one.hour - other.hour),
    dropBefore: (time) => {
      for (const [name, hours] of actions) {
        for (const hour of hours.keys()) if (hour < time) hours.delete(hour);
        if (hours.size === 0) actions.delete(name);
      }
    },
  };
}

export function skewSummary(skews: readonly number[]): Skew | null {
  const sorted = skews.toSorted((one, other) => one - other);
  const [p50, p95, max] = [0.5, 0.95, 1].map((q) => quantile(sorted, q));
  if (p50 == null || p95 == null || max == null) return null;
  return { count: sorted.length, p50, p95, max };
}

function isMissed(channel: ArrivalChannel, { calledBackAt, resolvedAt }: ObservedOutcome): boolean {
  if (channel !== 'poll' && channel !== 'timeout') return false;
  return calledBackAt === null || resolvedAt === null || calledBackAt > resolvedAt;
}

function emptyCounts(actionId: string, hour: number): ChannelCounts {
  const none = { byCallback: 0, byPoll: 0, bySubmit: 0, timedOut: 0, missed: 0, calledBackLater: 0 };
  return { actionId, hour, ...none, skews: [] };
}
