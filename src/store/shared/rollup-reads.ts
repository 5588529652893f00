// Reads the counts of the roll-ups.

import { fromIso, HOUR_MS } from '../../lib/time.ts';
import type { ArrivalGroup, HourRange, MissingGroup, Rollups, SubmittedAction } from '../rollups-port.ts';
import type { OutcomeGroup } from '../statistics-port.ts';
import type { Reads } from './reads.ts';
import { hourOf } from './rollup-keys.ts';

/** Relations of a database with the columns that `rollup-keys.ts` names, and `count`. A row of a key may stand several times. */
export interface RollupRelations {
  readonly submitted: string;
  readonly outcomes: string;
  readonly ended: string;
}

export interface RollupReads extends Pick<Rollups, 'arrivals' | 'missing' | 'submitted' | 'outcomes'> {
  /** Returns the number of executions that were submitted in the hours and handed to the network, or that wait for it. */
  sentIn(range: HourRange): Promise<number>;
}

interface ArrivalRow extends Omit<ArrivalGroup, 'hour' | 'missed' | 'calledBackLater'> {
  readonly hour: string;
  readonly missed: 0 | 1;
  readonly calledBackLater: 0 | 1;
}

interface MissingRow extends Omit<MissingGroup, 'hour'> {
  readonly hour: string;
}

/** Sorts after every hour. */
const NO_END = '~';

/** Parameters: the first hour, the hour behind the last, the action; and the app. */
const OF_ACTION = 'hour >= $1 AND hour < $2 AND (CAST($3 AS text) IS NULL OR action_id = $3)';
const IN_RANGE = `${OF_ACTION} AND (CAST($4 AS text) IS NULL OR app = $4)`;

/** PostgreSQL adds up to a type without bounds. */
const COUNT = 'CAST(sum(count) AS bigint)';

export function createRollupReads(reads: Reads, { submitted, outcomes, ended }: RollupRelations): RollupReads {
  // In the order of the primary keys on SQLite, so that nothing is sorted.
  const arrivals = `SELECT hour, action_id AS "actionId", channel, missed, called_back_later AS "calledBackLater",
      CASE WHEN has_skew = 1 THEN skew_ms END AS "skewMs", ${COUNT} AS count
    FROM ${ended} WHERE ${OF_ACTION} GROUP BY hour, action_id, channel, missed, called_back_later, has_skew, skew_ms
    HAVING sum(count) > 0 ORDER BY hour`;
  const missing = `SELECT hour, action_id AS "actionId", CAST(coalesce(sum(count) FILTER (WHERE missed = 1), 0) AS bigint) AS missed,
      ${COUNT} AS outcomes
    FROM ${ended} WHERE ${OF_ACTION} AND channel <> 'submit'
    GROUP BY hour, action_id HAVING sum(count) > 0 ORDER BY hour, action_id`;
  const accepted = `SELECT action_id AS "actionId", ${COUNT} AS accepted FROM ${submitted} WHERE ${IN_RANGE} AND kind = 'accepted'
    GROUP BY action_id HAVING sum(count) > 0 ORDER BY accepted DESC, action_id`;
  const grouped = `SELECT action_id AS "actionId", status, nullif(resolved_by, '') AS "resolvedBy", sent, late, ms, ${COUNT} AS count
    FROM ${outcomes} WHERE ${IN_RANGE} GROUP BY action_id, status, resolved_by, sent, late, ms HAVING sum(count) > 0`;
  const sent = `SELECT CAST(coalesce(sum(CASE WHEN kind = 'accepted' THEN count ELSE -count END), 0) AS bigint) AS sent
    FROM ${submitted} WHERE ${IN_RANGE}`;

  return {
    arrivals: async (range) => (await reads.all<ArrivalRow>(arrivals, rangeOf(range).slice(0, 3))).map(toArrivalGroup),
    missing: async (range) => {
      const rows = await reads.all<MissingRow>(missing, rangeOf(range).slice(0, 3));
      return rows.map((row) => ({ ...row, hour: fromIso(row.hour) }));
    },
    submitted: (range) => reads.all<SubmittedAction>(accepted, rangeOf(range)),
    outcomes: (range) => reads.all<OutcomeGroup>(grouped, rangeOf(range)),
    sentIn: async (range) => (await reads.first<{ sent: number }>(sent, rangeOf(range)))?.sent ?? 0,
  };
}

function toArrivalGroup({ hour, missed, calledBackLater, ...row }: ArrivalRow): ArrivalGroup {
  return { ...row, hour: fromIso(hour), missed: missed === 1, calledBackLater: calledBackLater === 1 };
}

function rangeOf({ from, to, actionId, app }: HourRange): (string | null)[] {
  return [
    from === undefined ? '' : hourOf(from),
    to === undefined ? NO_END : hourOf(to + HOUR_MS - 1),
    actionId ?? null,
    app ?? null,
  ];
}
