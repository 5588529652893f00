// What became of the executions of a period, per action: counted window by window, so that a busy day holds up nobody.

import type { Database } from 'better-sqlite3';
import { type ReferenceRange, rangeParameters, selectInRange, windowsOf } from './id-windows.ts';

/** Apps choose the names of actions: past so many the rest are counted together. */
const MOST_ACTIONS = 1_000;
const OTHER_ACTIONS = '(others)';

export interface ActionStatistics {
  readonly actionId: string;
  accepted: number;
  readonly byStatus: Map<string, number>;
  readonly byResolver: Map<string, number>;
  /** Those that ended as TIMEOUT although CXone had been asked to run them. */
  timedOutAfterSending: number;
  /** Results that came after an ending without one. */
  late: number;
  /** How often each latency occurred, in milliseconds from submission to an outcome that CXone gave. */
  readonly latencies: Map<number, number>;
}

interface Group {
  readonly actionId: string;
  readonly status: string;
  readonly resolvedBy: string | null;
  readonly sent: number;
  readonly late: number;
  readonly ms: number | null;
  readonly count: number;
}

const GROUPED = `action_id AS actionId, status, resolved_by AS resolvedBy, sent_at IS NOT NULL AS sent,
  late_result IS NOT NULL AS late, total_latency_ms AS ms, count(*) AS count`;

/** By what CXone gives an outcome. */
const ANSWERS = ['callback', 'poll', 'submit'];

/** One set of figures after each window, the same ones all along. */
export function* scanStatistics(
  client: Database,
  range: ReferenceRange & { readonly actionId?: string | undefined },
): Generator<ReadonlyMap<string, ActionStatistics>, void, undefined> {
  const figures = new Map<string, ActionStatistics>();
  const { actionId } = range;
  const wanted = actionId === undefined ? '' : ' AND action_id = @actionId';
  const groups = client.prepare<[object], Group>(
    `${selectInRange(GROUPED, range)}${wanted} GROUP BY action_id, status, resolved_by, sent, late, ms`,
  );
  const bound = { ...rangeParameters(range), ...(actionId === undefined ? {} : { actionId }) };
  for (const { low, high } of windowsOf(client, range, 'oldest-first')) {
    for (const group of groups.all({ ...bound, low, high })) count(figuresFor(figures, group.actionId), group);
    yield figures;
  }
}

function figuresFor(figures: Map<string, ActionStatistics>, action: string): ActionStatistics {
  const isRoom = figures.has(action) || figures.size < MOST_ACTIONS;
  const actionId = isRoom ? action : OTHER_ACTIONS;
  const known = figures.get(actionId) ?? emptyStatistics(actionId);
  figures.set(actionId, known);
  return known;
}

export function emptyStatistics(actionId: string): ActionStatistics {
  return {
    actionId,
    accepted: 0,
    byStatus: new Map(),
    byResolver: new Map(),
    timedOutAfterSending: 0,
    late: 0,
    latencies: new Map(),
  };
}

function count(figures: ActionStatistics, { status, resolvedBy, sent, late, ms, count: times }: Group): void {
  figures.accepted += times;
  add(figures.byStatus, status, times);
  if (resolvedBy !== null) add(figures.byResolver, resolvedBy, times);
  if (status === 'TIMEOUT' && sent === 1) figures.timedOutAfterSending += times;
  if (late === 1) figures.late += times;
  if (ms !== null && resolvedBy !== null && ANSWERS.includes(resolvedBy)) add(figures.latencies, ms, times);
}

/** Adds one set of figures to another. */
export function addStatistics(sum: ActionStatistics, one: ActionStatistics): void {
  sum.accepted += one.accepted;
  sum.timedOutAfterSending += one.timedOutAfterSending;
  sum.late += one.late;
  for (const member of ['byStatus', 'byResolver'] as const) {
    for (const [name, times] of one[member]) add(sum[member], name, times);
  }
  for (const [ms, times] of one.latencies) add(sum.latencies, ms, times);
}

/** By nearest rank, as the view action_latency; null without any. */
export function percentile(latencies: ReadonlyMap<number, number>, percent: number): number | null {
  const sorted = [...latencies].toSorted(([one], [other]) => one - other);
  const size = sorted.reduce((sum, [, times]) => sum + times, 0);
  let left = Math.ceil((size * percent) / 100);
  for (const [ms, times] of sorted) {
    left -= times;
    if (left <= 0) return ms;
  }
  return null;
}

function add<K>(counts: Map<K, number>, key: K, times: number): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}
