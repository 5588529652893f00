// Reads the roll-ups.

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

function newestFirst(one: ObservedRow, other: ObservedRow): number {
  return one.reference < other.reference ? 1 : -1;
}
