// Reads the roll-ups, and merges their rows.

import type { World } from '../../../lib/world.ts';
import {
  type RollupHistory,
  type Rollups,
  SAMPLE_SIZE,
  type SampleQuery,
  type TimingSample,
} from '../../rollups-port.ts';
import type { Reads } from '../../shared/reads.ts';
import { createRollupReads } from '../../shared/rollup-reads.ts';
import { MAX_LEVEL, rankOf, sufficientLevel } from '../../shared/sample-ranks.ts';
import type { Session } from '../connection/session.ts';
import { leastReferenceAt } from '../executions/uuid-bounds.ts';
import { OBSERVED, type ObservedRow, toObservation } from '../queries/observations.ts';
import { createCourseReader } from './course.ts';
import { ARRIVALS, OUTCOMES, SUBMITTED } from './tally.ts';

/** The rows that SQLite has in a table of each kind. */
const RELATIONS = {
  submitted: `(SELECT hour, app, action_id, a AS kind, count FROM rollup_rows WHERE kind = ${SUBMITTED}) AS submitted`,
  outcomes: `(SELECT hour, app, action_id, a AS status, b AS resolved_by, c AS sent, d AS late, e AS ms, count
    FROM rollup_rows WHERE kind = ${OUTCOMES}) AS outcomes`,
  ended: `(SELECT hour, action_id, a AS channel, c AS missed, d AS called_back_later, (b = '1')::integer AS has_skew, e AS skew_ms, count
    FROM rollup_rows WHERE kind = ${ARRIVALS}) AS ended`,
};

const SAMPLED = `${OBSERVED} WHERE action_id = $1 AND sample_level = ANY ($2::smallint[]) AND reference >= $3 AND reference < $4
  AND sent_at IS NOT NULL`;

const MERGE_EVERY_MS = 60_000;

/** One row for each key, in one statement, so that each read sees the counts once. */
const MERGE = `WITH merged AS (DELETE FROM rollup_rows RETURNING *)
  INSERT INTO rollup_rows SELECT kind, hour, app, action_id, a, b, c, d, e, sum(count) FROM merged
  GROUP BY kind, hour, app, action_id, a, b, c, d, e HAVING sum(count) <> 0`;

/** Everything is counted: a database begins with the roll-ups. */
const ALL = { countedFrom: 0 } as const;

export function createRollupReader(reads: Reads): Rollups & RollupHistory {
  const { sentIn, ...counts } = createRollupReads(reads, RELATIONS);

  async function sample({ actionId, from, to }: SampleQuery): Promise<TimingSample> {
    const sent = await sentIn({ from, to, actionId });
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
    ...counts,
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
