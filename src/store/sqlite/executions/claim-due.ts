// Selects due executions in fair shares among apps, by seeks into the index range of each app that has any.

import type { Database } from 'better-sqlite3';
import { and, asc, type Column, eq, lte, type SQL, sql } from 'drizzle-orm';
import { isoTime } from '../../../lib/time.ts';
import { createFairShare, type FairShare } from '../../../lib/weighted-fair-share.ts';
import type { DueTimes } from '../../port.ts';
import type { OpenDatabase } from '../file/open.ts';
import { type ExecutionRow, fromIso, type StateRow } from '../rows.ts';
import { executions } from '../schema.ts';
import { stateColumns } from '../statements.ts';
import type { Backlog } from './backlog.ts';

export interface DueSelection {
  /** Returns the earliest due time of each kind of work. */
  nextDue(): DueTimes;
  /** Returns queued executions of all apps, the longest due first. */
  toDispatch(limit: number, now: number): ExecutionRow[];
  /** Returns queued executions in fair shares among apps, in the order of the turns. */
  dispatches(limit: number, now: number, share?: FairShare): ExecutionRow[];
  polls(limit: number, now: number, share?: FairShare): StateRow[];
  expiries(limit: number, now: number): StateRow[];
}

// A lane is the JSON array [app, priority]. One statement covers all lanes or apps: a statement for each costs more than its seek.

export const NEXT_IN_LANES = `SELECT min((SELECT min(dispatch_at) FROM executions
    WHERE app = lane.value ->> 0 AND priority = lane.value ->> 1 AND dispatch_at IS NOT NULL))
  FROM json_each(?) AS lane`;

export const NEXT_POLL = `SELECT min((SELECT min(poll_at) FROM executions WHERE app = polled.value AND poll_at IS NOT NULL))
  FROM json_each(?) AS polled`;

export const NEXT_EXPIRY = 'SELECT min(expire_at) FROM executions WHERE expire_at IS NOT NULL';

/** Counts the due executions of each lane, up to the limit. */
export const DUE_IN_LANES = `SELECT lane.value ->> 0 AS app, (SELECT count(*) FROM (SELECT 1 FROM executions
    WHERE app = lane.value ->> 0 AND priority = lane.value ->> 1 AND dispatch_at <= ? LIMIT ?)) AS count
  FROM json_each(?) AS lane`;

export const DUE_POLLS = `SELECT polled.value AS app, (SELECT count(*) FROM (SELECT 1 FROM executions
    WHERE app = polled.value AND poll_at <= ? LIMIT ?)) AS count
  FROM json_each(?) AS polled`;

interface Demand {
  readonly app: string;
  readonly count: number;
}

export function prepareDueQueries(orm: OpenDatabase['orm']) {
  const hole = sql.placeholder;
  const { app, priority, dispatchAt, pollAt, expireAt } = executions;
  const isDue = (moment: Column) => lte(moment, hole('now'));
  const ofApp = eq(app, hole('app'));
  const ofLane = and(ofApp, eq(priority, hole('priority')));
  const states = (where: SQL | undefined, moment: Column) =>
    orm.select(stateColumns).from(executions).where(where).orderBy(asc(moment)).limit(hole('limit')).prepare();

  return {
    fromLane: orm
      .select()
      .from(executions)
      .where(and(ofLane, isDue(dispatchAt)))
      .orderBy(asc(dispatchAt))
      .limit(hole('limit'))
      .prepare(),
    pollsOf: states(and(ofApp, isDue(pollAt)), pollAt),
    expiries: states(isDue(expireAt), expireAt),
  };
}

export function createDueSelection(
  { client, orm }: OpenDatabase,
  backlog: Pick<Backlog, 'lanes' | 'polledApps'>,
): DueSelection {
  const select = prepareDueQueries(orm);
  const moments = prepareMoments(client);
  const dueInLanes = client.prepare<[string, number, string], Demand>(DUE_IN_LANES);
  const duePolls = client.prepare<[string, number, string], Demand>(DUE_POLLS);
  const evenly = createFairShare();
  const lanes = () => JSON.stringify(backlog.lanes().map(({ app, priority }) => [app, priority]));
  const polled = () => JSON.stringify(backlog.polledApps());

  /** Returns due executions of one app, the highest priority first. */
  function queuedOf(app: string, limit: number, now: string): ExecutionRow[] {
    const rows: ExecutionRow[] = [];
    for (const lane of backlog.lanes()) {
      if (lane.app !== app || rows.length >= limit) continue;
      rows.push(...select.fromLane.all({ ...lane, now, limit: limit - rows.length }));
    }
    return rows;
  }

  return {
    nextDue: () => ({
      dispatchAt: fromIso(moments.nextInLanes.get(lanes()) ?? null),
      pollAt: fromIso(moments.nextPoll.get(polled()) ?? null),
      expireAt: fromIso(moments.nextExpiry.get() ?? null),
    }),
    toDispatch: (limit, now) =>
      backlog
        .lanes()
        .flatMap((lane) => select.fromLane.all({ ...lane, now: isoTime(now), limit }))
        .sort((a, b) => ((a.dispatchAt ?? '') < (b.dispatchAt ?? '') ? -1 : 1))
        .slice(0, limit),
    dispatches: (limit, now, share = evenly) => {
      const turns = share(limit, demandIn(dueInLanes.all(isoTime(now), limit, lanes())));
      return byTurns(turns, (app, quota) => queuedOf(app, quota, isoTime(now)));
    },
    polls: (limit, now, share = evenly) => {
      const turns = share(limit, demandIn(duePolls.all(isoTime(now), limit, polled())));
      return byTurns(turns, (app, quota) => select.pollsOf.all({ app, now: isoTime(now), limit: quota }));
    },
    expiries: (limit, now) => select.expiries.all({ now: isoTime(now), limit }),
  };
}

function prepareMoments(client: Database) {
  return {
    nextInLanes: client.prepare<[string], string | null>(NEXT_IN_LANES).pluck(),
    nextPoll: client.prepare<[string], string | null>(NEXT_POLL).pluck(),
    nextExpiry: client.prepare<[], string | null>(NEXT_EXPIRY).pluck(),
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
