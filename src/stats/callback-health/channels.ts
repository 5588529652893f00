// Which way outcomes came, counted per action and hour: what callback health is made of. Pure but for what it remembers.

import type { Observation } from '../../store/observations-port.ts';
import { quantile } from '../statistics.ts';

export const HOUR_MS = 3_600_000;

/** Of one hour and action so many skews are kept to tell their quantiles. */
const MAX_SKEWS = 500;
/** Actions are named by apps: past so many they are counted together. */
const MAX_ACTIONS = 500;
const OTHERS = '(others)';

export interface ChannelCounts {
  readonly actionId: string;
  /** When the hour begins, milliseconds. */
  readonly hour: number;
  byCallback: number;
  byPoll: number;
  bySubmit: number;
  timedOut: number;
  /** Of those by poll and timed out: no callback had come by then. */
  missed: number;
  /** Of the missed: their callback came after all, afterwards. */
  calledBackLater: number;
  /** Callback minus poll, milliseconds, where both told an outcome: above 0 the poll was first. */
  readonly skews: number[];
}

export interface Skew {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface ChannelBook {
  /** Counts an outcome; one that says nothing about callbacks (refused, cancelled, never sent) counts for nothing. */
  add(outcome: Observation): void;
  /** A callback or a poll has told it once more, of an outcome that was added. */
  addLater(outcome: Observation): void;
  /** Oldest hour first. */
  all(): readonly ChannelCounts[];
  /** Forgets what is older. */
  dropBefore(before: number): void;
}

type Channel = 'byCallback' | 'byPoll' | 'bySubmit' | 'timedOut';

export function createChannelCounts(): ChannelBook {
  const actions = new Map<string, Map<number, ChannelCounts>>();

  function countsOf(actionId: string, resolvedAt: number): ChannelCounts {
    const known = actions.has(actionId) || actions.size < MAX_ACTIONS;
    const name = known ? actionId : OTHERS;
    const hours = actions.get(name) ?? new Map<number, ChannelCounts>();
    actions.set(name, hours);
    const hour = Math.floor(resolvedAt / HOUR_MS) * HOUR_MS;
    const counts = hours.get(hour) ?? blank(name, hour);
    hours.set(hour, counts);
    return counts;
  }

  function learn(counts: ChannelCounts, outcome: Observation): void {
    if (cameLater(outcome)) counts.calledBackLater += 1;
    const skew = skewOf(outcome);
    if (skew !== null && counts.skews.length < MAX_SKEWS) counts.skews.push(skew);
  }

  return {
    add: (outcome) => {
      const path = channelOf(outcome);
      if (path === null || outcome.resolvedAt === null) return;
      const counts = countsOf(outcome.actionId, outcome.resolvedAt);
      counts[path] += 1;
      if (isMissed(path, outcome)) counts.missed += 1;
      learn(counts, outcome);
    },
    addLater: (outcome) => {
      if (channelOf(outcome) === null || outcome.resolvedAt === null) return;
      learn(countsOf(outcome.actionId, outcome.resolvedAt), outcome);
    },
    all: () =>
      [...actions.values()].flatMap((hours) => [...hours.values()]).sort((one, other) => one.hour - other.hour),
    dropBefore: (before) => {
      for (const [name, hours] of actions) {
        for (const hour of hours.keys()) if (hour < before) hours.delete(hour);
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

/** Which of callback, poll, submit answer and time-out ended it; null for what CXone never ran or nobody waited for. */
function channelOf({ status, resolvedBy, sentAt }: Observation): Channel | null {
  if (sentAt === null) return null;
  if (status === 'TIMEOUT') return 'timedOut';
  switch (resolvedBy) {
    case 'callback':
      return 'byCallback';
    case 'poll':
      return 'byPoll';
    case 'submit':
      return status === 'REJECTED' ? null : 'bySubmit';
    default:
      return null;
  }
}

function isMissed(path: Channel, { calledBackAt, resolvedAt }: Observation): boolean {
  if (path !== 'byPoll' && path !== 'timedOut') return false;
  return calledBackAt === null || resolvedAt === null || calledBackAt > resolvedAt;
}

function cameLater(outcome: Observation): boolean {
  const path = channelOf(outcome);
  return path !== null && isMissed(path, outcome) && outcome.calledBackAt !== null;
}

function skewOf({ calledBackAt, foundAt }: Observation): number | null {
  return calledBackAt === null || foundAt === null ? null : calledBackAt - foundAt;
}

function blank(actionId: string, hour: number): ChannelCounts {
  const none = { byCallback: 0, byPoll: 0, bySubmit: 0, timedOut: 0, missed: 0, calledBackLater: 0 };
  return { actionId, hour, ...none, skews: [] };
}
