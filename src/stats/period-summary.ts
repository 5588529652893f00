// Summarises the outcomes of the executions that were submitted in a period, per action and in total.

import { isTerminal, type Status } from '../execution/execution.ts';
import type { OutcomeGroup } from '../store/statistics-port.ts';
import { OTHER_ACTIONS } from './dashboard/dashboard.ts';
import {
  addOutcomeCounts,
  countOutcome,
  createOutcomeCounts,
  missedCallbackShare,
  type OutcomeCounts,
} from './outcome-counts.ts';
import { weightedQuantile } from './statistics.ts';

/** Apps name actions: past this number, further actions are counted together as OTHER_ACTIONS. */
const MAX_ACTIONS = 1_000;

/** Shares are from 0 to 1 with four digits, latencies in milliseconds; null where nothing was counted. */
export interface ActionSummary {
  readonly actionId: string;
  readonly accepted: number;
  readonly open: number;
  readonly ended: Partial<Readonly<Record<Status, number>>>;
  readonly late: number;
  readonly shares: Readonly<Record<'callback' | 'poll' | 'submit' | 'missed', number | null>>;
  readonly latencyMs: Readonly<Record<'p50' | 'p95' | 'p99', number | null>>;
}

export type PeriodSummary = ReturnType<typeof createPeriodSummary>;

interface ActionCounts {
  readonly counts: OutcomeCounts;
  /** How often each latency from submission to an outcome of CXone occurred. */
  readonly latencies: Map<number, number>;
}

export function createPeriodSummary() {
  const byAction = new Map<string, ActionCounts>();

  function countsOf(action: string): ActionCounts {
    const actionId = byAction.has(action) || byAction.size < MAX_ACTIONS ? action : OTHER_ACTIONS;
    const counted = byAction.get(actionId) ?? emptyCounts();
    byAction.set(actionId, counted);
    return counted;
  }

  return {
    add: ({ actionId, status, resolvedBy, sent, late, ms, count }: OutcomeGroup): void => {
      const { counts, latencies } = countsOf(actionId);
      counts.submitted += count;
      counts.late += late * count;
      countOutcome(counts, { status, resolvedBy, sentAt: sent === 1 ? 0 : null }, count);
      const isFromCxone = resolvedBy === 'callback' || resolvedBy === 'poll' || resolvedBy === 'submit';
      if (ms !== null && isFromCxone) latencies.set(ms, (latencies.get(ms) ?? 0) + count);
    },
    /** Counts executions of the action that were accepted, besides those in groups. They are open. */
    addOpen: (actionId: string, executions: number): void => {
      countsOf(actionId).counts.submitted += executions;
    },
    /** Returns the actions, busiest first. */
    read: (): { readonly actions: readonly ActionSummary[]; readonly total: ActionSummary } => {
      const sum = emptyCounts();
      for (const { counts, latencies } of byAction.values()) {
        addOutcomeCounts(sum.counts, counts);
        for (const [ms, count] of latencies) sum.latencies.set(ms, (sum.latencies.get(ms) ?? 0) + count);
      }
      const actions = [...byAction].map(([actionId, counted]) => summaryOf(actionId, counted));
      return { actions: actions.sort(busiestFirst), total: summaryOf('(all)', sum) };
    },
  };
}

/** Equally busy ones by their name, because a store may return them in any order. */
function busiestFirst(one: ActionSummary, other: ActionSummary): number {
  return other.accepted - one.accepted || (one.actionId < other.actionId ? -1 : 1);
}

function emptyCounts(): ActionCounts {
  return { counts: createOutcomeCounts(), latencies: new Map() };
}

function summaryOf(actionId: string, { counts, latencies }: ActionCounts): ActionSummary {
  const { submitted, late, byStatus, byResolver } = counts;
  const fromCxone = byResolver.callback + byResolver.poll + byResolver.submit;
  const ended = Object.entries(byStatus).filter(([status, count]) => isTerminal(status as Status) && count > 0);
  const sorted = [...latencies].sort(([one], [other]) => one - other);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  const percentile = (q: number) => weightedQuantile(sorted, total, q);
  const missed = missedCallbackShare(counts);
  return {
    actionId,
    accepted: submitted,
    open: submitted - ended.reduce((sum, [, count]) => sum + count, 0),
    ended: Object.fromEntries(ended),
    late,
    shares: {
      callback: shareOf(byResolver.callback, fromCxone),
      poll: shareOf(byResolver.poll, fromCxone),
      submit: shareOf(byResolver.submit, fromCxone),
      missed: missed === null ? null : shareOf(missed, 1),
    },
    latencyMs: { p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) },
  };
}

function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((10_000 * part) / whole) / 10_000;
}
