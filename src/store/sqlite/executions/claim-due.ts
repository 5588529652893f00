// Selects due executions in fair shares among apps, by seeks into the index range of each app that has any.

import type { Database } from 'better-sqlite3';
import { createFairShare, type FairShare } from '../../../lib/weighted-fair-share.ts';
import type { DueTimes } from '../../port.ts';
import type { Backlog, QueueLane } from '../../shared/backlog.ts';
import type { BehindPaused } from './behind-paused.ts';
import { type ExecutionRow, executionRow, SELECT_STORED, type Values } from './execution-row.ts';
import type { PausedScopes } from './pauses.ts';

export type DueSelection = ReturnType<typeof createDueSelection>;

// A lane is the JSON array [app, priority]. One statement covers all lanes or apps: a statement for each costs more than its seek.

export const NEXT_IN_LANES = `SELECT min((SELECT min(dispatch_at) FROM execution_rows
    WHERE app = lane.value ->> 0 AND priority = lane.value ->> 1 AND dispatch_at IS NOT NULL))
  FROM json_each(?) AS lane`;

export const NEXT_POLL = `SELECT min((SELECT min(poll_at) FROM execution_rows WHERE app = polled.value AND poll_at IS NOT NULL))
  FROM json_each(?) AS polled`;

export const NEXT_EXPIRY = 'SELECT min(expire_at) FROM execution_rows WHERE expire_at IS NOT NULL';

/** Counts the due executions of each lane, up to the limit. */
export const DUE_IN_LANES = `SELECT lane.value ->> 0 AS app, (SELECT count(*) FROM (SELECT 1 FROM execution_rows
    WHERE app = lane.value ->> 0 AND priority = lane.value ->> 1 AND dispatch_at <= ? LIMIT ?)) AS count
  FROM json_each(?) AS lane`;

export const DUE_POLLS = `SELECT polled.value AS app, (SELECT count(*) FROM (SELECT 1 FROM execution_rows
    WHERE app = polled.value AND poll_at <= ? LIMIT ?)) AS count
  FROM json_each(?) AS polled`;

/** Due executions of one lane, of one app, or of all apps, the longest due first; and one execution. */
export const DUE = {
  one: `${SELECT_STORED} WHERE id = ?`,
  inLane: `${SELECT_STORED} WHERE app = ? AND priority = ? AND dispatch_at <= ? ORDER BY dispatch_at LIMIT ?`,
  polls: `${SELECT_STORED} WHERE app = ? AND poll_at <= ? ORDER BY poll_at LIMIT ?`,
  expiries: `${SELECT_STORED} WHERE expire_at <= ? ORDER BY expire_at LIMIT ?`,
};

interface Demand {
  readonly app: string;
  readonly count: number;
}

export interface DueTools {
  readonly backlog: Pick<Backlog, 'lanes' | 'polledApps'>;
  readonly paused: PausedScopes;
  readonly behind: BehindPaused;
}

// One function because claims and due times share the statements of one connection.
export function createDueSelection(client: Database, { backlog, paused, behind }: DueTools) {
  const select = (statement: string) => client.prepare<unknown[], Values>(statement).raw();
  const due = {
    ...{ inLane: select(DUE.inLane), polls: select(DUE.polls), expiries: select(DUE.expiries), one: select(DUE.one) },
  };
  const moments = prepareMoments(client);
  const dueInLanes = client.prepare<[number, number, string], Demand>(DUE_IN_LANES);
  const duePolls = client.prepare<[number, number, string], Demand>(DUE_POLLS);
  const evenly = createFairShare();
  const named = (lanes: readonly QueueLane[]) => JSON.stringify(lanes.map(({ app, priority }) => [app, priority]));
  const polled = () => JSON.stringify(backlog.polledApps());
  const stored = (values: Values) => executionRow(values);

  // promise: paused-execution-is-not-claimed
  function lanes(): QueueLane[] {
    return paused.isAllPaused ? [] : backlog.lanes().filter(({ app }) => !paused.isAppPaused(app));
  }

  function nextDispatch(): number | null {
    if (paused.actions.size === 0) return moments.nextInLanes.get(named(lanes())) ?? null;
    const times = lanes().flatMap((lane) => behind.next(lane) ?? []);
    return times.length === 0 ? null : Math.min(...times);
  }

  function dueIn(lane: QueueLane, limit: number, now: number): ExecutionRow[] {
    if (paused.actions.size === 0) return due.inLane.all(lane.app, lane.priority, now, limit).map(stored);
    return behind.due(lane, limit, now).flatMap((id) => due.one.all(id).map(stored));
  }

  function demandOf(limit: number, now: number): Map<string, number> {
    if (paused.actions.size === 0) return demandIn(dueInLanes.all(now, limit, named(lanes())));
    return demandIn(lanes().map((lane) => ({ app: lane.app, count: behind.due(lane, limit, now).length })));
  }

  /** Returns due executions of one app, the highest priority first. */
  function queuedOf(app: string, limit: number, now: number): ExecutionRow[] {
    const found: ExecutionRow[] = [];
    for (const lane of lanes()) {
      if (lane.app !== app || found.length >= limit) continue;
      found.push(...dueIn(lane, limit - found.length, now));
    }
    return found;
  }

  return {
    /** Returns the earliest due time of each kind of work. */
    nextDue: (): DueTimes => ({
      dispatchAt: nextDispatch(),
      pollAt: moments.nextPoll.get(polled()) ?? null,
      expireAt: moments.nextExpiry.get() ?? null,
    }),
    /** Returns queued executions of all apps, the longest due first. */
    toDispatch: (limit: number, now: number): ExecutionRow[] =>
      lanes()
        .flatMap((lane) => dueIn(lane, limit, now))
        .sort((a, b) => (a.execution.dispatchAt ?? 0) - (b.execution.dispatchAt ?? 0))
        .slice(0, limit),
    /** Returns queued executions in fair shares among apps, in the order of the turns. */
    dispatches: (limit: number, now: number, share: FairShare = evenly): ExecutionRow[] =>
      byTurns(share(limit, demandOf(limit, now)), (app, quota) => queuedOf(app, quota, now)),
    polls: (limit: number, now: number, share: FairShare = evenly): ExecutionRow[] => {
      const turns = share(limit, demandIn(duePolls.all(now, limit, polled())));
      return byTurns(turns, (app, quota) => due.polls.all(app, now, quota).map(stored));
    },
    expiries: (limit: number, now: number): ExecutionRow[] => due.expiries.all(now, limit).map(stored),
  };
}

function prepareMoments(client: Database) {
  return {
    nextInLanes: client.prepare<[string], number | null>(NEXT_IN_LANES).pluck(),
    nextPoll: client.prepare<[string], number | null>(NEXT_POLL).pluck(),
    nextExpiry: client.prepare<[], number | null>(NEXT_EXPIRY).pluck(),
  };
}

function demandIn(counted: readonly Demand[]): Map<string, number> {
  const demand = new Map<string, number>();
  for (const { app, count } of counted) demand.set(app, (demand.get(app) ?? 0) + count);
  return demand;
}

/** Reads the rows of each app with one query, and returns all rows in the order of the turns. */
function byTurns<Row>(turns: readonly string[], take: (app: string, quota: number) => Row[]): Row[] {
  const rows = new Map<string, Iterator<Row>>();
  for (const [app, own] of Map.groupBy(turns, (turn) => turn)) rows.set(app, take(app, own.length).values());
  return turns.flatMap((app) => {
    const row = rows.get(app)?.next();
    return row === undefined || row.done ? [] : [row.value];
  });
}
