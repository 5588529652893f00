// Counts over which channel outcomes arrived, per action and hour: the data behind callback health.

import { arrivalOf } from '../../execution/arrival-channel.ts';
import { roundDuration } from '../../lib/round-duration.ts';
import { HOUR_MS } from '../../lib/time.ts';
import type { Observation } from '../../store/observations-port.ts';
import type { ArrivalGroup } from '../../store/rollups-port.ts';
import { weightedQuantile } from '../statistics.ts';

/** Apps name actions: past this number, further actions are counted together. */
const MAX_ACTIONS = 500;
const OTHERS = '(others)';

/** Returns a function that names actions: the first ones by their own names, and others together. */
export function nameActions(): (actionId: string) => string {
  const named = new Set<string>();
  return (actionId) => {
    if (!named.has(actionId) && named.size >= MAX_ACTIONS) return OTHERS;
    named.add(actionId);
    return actionId;
  };
}

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
  /** How often each callback minus poll occurred, milliseconds, where both brought an outcome; positive when the poll was first. */
  readonly skews: Map<number, number>;
}

export interface Skew {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

const COUNTED_AS = { callback: 'byCallback', poll: 'byPoll', submit: 'bySubmit', timeout: 'timedOut' } as const;

export function createChannelCounts(nameOf = nameActions()) {
  const actions = new Map<string, Map<number, ChannelCounts>>();

  function countsOf(actionId: string, hour: number): ChannelCounts {
    const name = nameOf(actionId);
    const hours = actions.get(name) ?? new Map<number, ChannelCounts>();
    actions.set(name, hours);
    const counts = hours.get(hour) ?? emptyCounts(name, hour);
    hours.set(hour, counts);
    return counts;
  }

  return {
    add: ({ actionId, hour, channel, missed, calledBackLater, skewMs, count }: ArrivalGroup): void => {
      const counts = countsOf(actionId, hour);
      counts[COUNTED_AS[channel]] += count;
      if (missed) counts.missed += count;
      if (calledBackLater) counts.calledBackLater += count;
      if (skewMs !== null) counts.skews.set(skewMs, (counts.skews.get(skewMs) ?? 0) + count);
    },
    /** Oldest hour first. */
    all: (): readonly ChannelCounts[] =>
      [...actions.values()].flatMap((hours) => [...hours.values()]).sort((one, other) => one.hour - other.hour),
  };
}

/** Returns the group of one execution as the roll-ups count it; null if it says nothing about callbacks. */
export function arrivalGroupOf(observation: Observation): ArrivalGroup | null {
  const arrival = arrivalOf(observation);
  const { actionId, resolvedAt } = observation;
  if (arrival === null || resolvedAt === null) return null;
  const skewMs = arrival.skewMs === null ? null : roundDuration(arrival.skewMs);
  return { ...arrival, skewMs, actionId, hour: Math.floor(resolvedAt / HOUR_MS) * HOUR_MS, count: 1 };
}

export function skewSummary(skews: ReadonlyMap<number, number>): Skew | null {
  const sorted = [...skews].sort(([one], [other]) => one - other);
  const count = sorted.reduce((sum, [, times]) => sum + times, 0);
  const [p50, p95, max] = [0.5, 0.95, 1].map((q) => weightedQuantile(sorted, count, q));
  if (p50 == null || p95 == null || max == null) return null;
  return { count, p50, p95, max };
}

function emptyCounts(actionId: string, hour: number): ChannelCounts {
  const none = { byCallback: 0, byPoll: 0, bySubmit: 0, timedOut: 0, missed: 0, calledBackLater: 0 };
  return { actionId, hour, ...none, skews: new Map() };
}
