// Reads the roll-ups, and merges their rows.

import type { ArrivalChannel } from '../../../execution/arrival-channel.ts';
import type { World } from '../../../lib/world.ts';
import {
  type ArrivalGroup,
  type HourRange,
  type Insights,
  type MissingGroup,
  SAMPLE_SIZE,
  type SampleQuery,
  type SubmittedAction,
  type TimingSample,
} from '../../rollups-port.ts';
import type { Reads } from '../../shared/reads.ts';
import { HOUR_MS, hourOf } from '../../shared/rollup-keys.ts';
import { MAX_LEVEL, rankOf, sufficientLevel } from '../../shared/sample-ranks.ts';
import type { OutcomeGroup } from '../../statistics-port.ts';
import type { Session } from '../connection/session.ts';
import { leastReferenceAt } from '../executions/uuid-bounds.ts';
import { OBSERVED, type ObservedRow, toObservation } from '../queries/observations.ts';
import { createCourseReader } from './course.ts';
import { ARRIVALS, OUTCOMES, SUBMITTED } from './tally.ts';

/** Sorts after every hour. */
const NO_END = '~';

/** Parameters: the first hour, the hour behind the last, action, app. */
const IN_RANGE = 'hour >= $1 AND hour < $2 AND ($3::text IS NULL OR action_id = $3) AND ($4::text IS NULL OR app = $4)';

const ARRIVALS_IN = `SELECT hour, action_id AS "actionId", a AS channel, c = 1 AS missed, d = 1 AS "calledBackLater",
    CASE WHEN b = '1' THEN e END AS "skewMs", sum(count)::bigint AS count
  FROM rollup_rows WHERE kind = ${ARRIVALS} AND hour >= $1 AND hour < $2 AND ($3::text IS NULL OR action_id = $3)
  GROUP BY hour, action_id, a, b, c, d, e HAVING sum(count) > 0 ORDER BY hour`;

const MISSING_IN = `SELECT hour, action_id AS "actionId", coalesce(sum(count) FILTER (WHERE c = 1), 0)::bigint AS missed,
    sum(count)::bigint AS outcomes
  FROM rollup_rows WHERE kind = ${ARRIVALS} AND hour >= $1 AND hour < $2 AND ($3::text IS NULL OR action_id = $3) AND a <> 'submit'
  GROUP BY hour, action_id HAVING sum(count) > 0 ORDER BY hour, action_id`;

const SUBMITTED_IN = `SELECT action_id AS "actionId", sum(count)::bigint AS accepted
  FROM rollup_rows WHERE kind = ${SUBMITTED} AND a = 'accepted' AND ${IN_RANGE}
  GROUP BY action_id HAVING sum(count) > 0 ORDER BY accepted DESC, action_id`;

const OUTCOMES_IN = `SELECT action_id AS "actionId", a AS status, nullif(b, '') AS "resolvedBy", c AS sent, d AS late, e AS ms,
    sum(count)::bigint AS count
  FROM rollup_rows WHERE kind = ${OUTCOMES} AND ${IN_RANGE} GROUP BY action_id, a, b, c, d, e HAVING sum(count) > 0`;

const SENT_IN = `SELECT coalesce(sum(CASE WHEN a = 'accepted' THEN count ELSE -count END), 0)::bigint AS sent
  FROM rollup_rows WHERE kind = ${SUBMITTED} AND ${IN_RANGE}`;

const SAMPLED = `${OBSERVED} WHERE action_id = $1 AND sample_level = ANY ($2::smallint[]) AND reference >= $3 AND reference < $4
  AND sent_at IS NOT NULL`;

const MERGE_EVERY_MS = 60_000;

/** One row for each key, in one statement, so that each read sees the counts once. */
const MERGE = `WITH merged AS (DELETE FROM rollup_rows RETURNING *)
  INSERT INTO rollup_rows SELECT kind, hour, app, action_id, a, b, c, d, e, sum(count) FROM merged
  GROUP BY kind, hour, app, action_id, a, b, c, d, e HAVING sum(count) <> 0`;

interface ArrivalRow extends Omit<ArrivalGroup, 'hour'> {
  readonly hour: string;
  readonly channel: ArrivalChannel;
}

interface MissingRow extends Omit<MissingGroup, 'hour'> {
  readonly hour: string;
}

/** Everything is counted: a database begins with the roll-ups. */
const ALL = { countedFrom: 0 } as const;

export function createRollupReader(
  reads: Reads,
): Pick<
  Insights,
  'coverage' | 'countHistory' | 'arrivals' | 'missing' | 'submitted' | 'outcomes' | 'sample' | 'course'
> {
  async function sample({ actionId, from, to }: SampleQuery): Promise<TimingSample> {
    const counted = await reads.first<{ sent: number }>(SENT_IN, rangeOf({ from, to, actionId }));
    const sent = counted?.sent ?? 0;
    const level = sufficientLevel(sent);
    const levels = Array.from({ length: MAX_LEVEL + 1 - level }, (_, i) => level + i);
    const rows = await reads.all<ObservedRow>(SAMPLED, [
      ...[actionId, levels, leastReferenceAt(from), leastReferenceAt(to)],
    ]);
    const drawn = rows.toSorted((one, other) => rankOf(one.reference) - rankOf(other.reference)).slice(0, SAMPLE_SIZE);
    return {
      executions: level === 0 ? rows.length : sent,
      observations: drawn.toSorted(newestFirst).map(toObservation),
    };
  }

  return {
    coverage: async () => ALL,
    countHistory: async () => ALL,
    arrivals: async (range) => {
      const rows = await reads.all<ArrivalRow>(ARRIVALS_IN, rangeOf(range).slice(0, 3));
      return rows.map((row) => ({ ...row, hour: Date.parse(row.hour) }));
    },
    missing: async (range) => {
      const rows = await reads.all<MissingRow>(MISSING_IN, rangeOf(range).slice(0, 3));
      return rows.map((row) => ({ ...row, hour: Date.parse(row.hour) }));
    },
    submitted: (range) => reads.all<SubmittedAction>(SUBMITTED_IN, rangeOf(range)),
    outcomes: (range) => reads.all<OutcomeGroup>(OUTCOMES_IN, rangeOf(range)),
    sample,
    course: createCourseReader(reads),
  };
}

/** Returns a function that merges the rows of the roll-ups from time to time. */
export function createMerging(session: Pick<Session, 'all'>, world: Pick<World, 'elapsed'>): () => Promise<void> {
  let mergedAt = world.elapsed();
  return async () => {
    if (world.elapsed() - mergedAt < MERGE_EVERY_MS) return;
    mergedAt = world.elapsed();
    await session.all(MERGE, []);
  };
}

function newestFirst(one: ObservedRow, other: ObservedRow): number {
  return one.reference < other.reference ? 1 : -1;
}

function rangeOf({ from, to, actionId, app }: HourRange): (string | null)[] {
  return [
    from === undefined ? '' : hourOf(from),
    to === undefined ? NO_END : hourOf(to + HOUR_MS - 1),
    actionId ?? null,
    app ?? null,
  ];
}
