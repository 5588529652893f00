// Reads the course of one action: steps of whole hours from the roll-ups, shorter steps from the executions.

import { HOUR_MS } from '../../../lib/time.ts';
import { type Course, type CourseGroup, type CourseQuery, MAX_COURSE_EXECUTIONS } from '../../rollups-port.ts';
import { createStepCounts, type StepRow, type Steps } from '../../shared/course-steps.ts';
import type { Reads } from '../../shared/reads.ts';
import { hourOf } from '../../shared/rollup-keys.ts';
import { MAX_LEVEL } from '../../shared/sample-ranks.ts';
import { leastReferenceAt } from '../executions/uuid-bounds.ts';
import { OUTCOMES, SUBMITTED } from './tally.ts';

/** Executions whose settings are compared. */
const TIMED_EXECUTIONS = 200;

type Timing = NonNullable<Course['timing']>;
type Accepted = Steps['accepted'][number];

/** Parameters: action, first hour, hour behind the last, milliseconds of a step. */
const STEP_OF_HOUR = '(extract(epoch FROM hour::timestamptz) * 1000)::bigint / $4::bigint * $4::bigint';
const IN_HOURS = 'action_id = $1 AND hour >= $2 AND hour < $3';

const ACCEPTED_IN_HOURS = `SELECT ${STEP_OF_HOUR} AS at, sum(count)::bigint AS count FROM rollup_rows
  WHERE kind = ${SUBMITTED} AND a = 'accepted' AND ${IN_HOURS} GROUP BY 1 HAVING sum(count) > 0`;

const OUTCOMES_IN_HOURS = `SELECT ${STEP_OF_HOUR} AS at, a AS status, nullif(b, '') AS "resolvedBy", c AS sent, e AS ms,
    sum(count)::bigint AS count
  FROM rollup_rows WHERE kind = ${OUTCOMES} AND ${IN_HOURS} GROUP BY 1, 2, 3, 4, 5 HAVING sum(count) > 0`;

const BEYOND = `SELECT 1 AS found FROM execution_rows WHERE reference >= $1 AND reference < $2 ORDER BY reference
  LIMIT 1 OFFSET ${MAX_COURSE_EXECUTIONS}`;

/** Parameters: first reference, reference behind the last, action, milliseconds of a step. */
const EXECUTIONS = `SELECT submitted_at / $4::bigint * $4::bigint AS at, status, resolved_by AS "resolvedBy",
    (sent_at IS NOT NULL)::integer AS sent, CASE WHEN resolved_at IS NOT NULL THEN greatest(0, resolved_at - submitted_at) END AS ms,
    count(*) AS count
  FROM execution_rows WHERE reference >= $1 AND reference < $2 AND action_id = $3 GROUP BY 1, 2, 3, 4, 5`;

/** The newest executions of each level of the sample, by the index of the action. Parameters: action, reference behind the last. */
const TIMING = `SELECT latest.grace_seconds AS "graceSeconds", latest.timeout_seconds AS "timeoutSeconds"
  FROM (
    SELECT r.grace_seconds, r.timeout_seconds FROM generate_series(0, ${MAX_LEVEL}) AS s(level) CROSS JOIN LATERAL (
      SELECT grace_seconds, timeout_seconds FROM execution_rows
      WHERE action_id = $1 AND sample_level = s.level AND reference < $2 ORDER BY reference DESC LIMIT ${TIMED_EXECUTIONS / 2}
    ) AS r ORDER BY s.level LIMIT ${TIMED_EXECUTIONS}
  ) AS latest GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1`;

export function createCourseReader(reads: Reads): (query: CourseQuery) => Promise<Course | null> {
  async function byHours({ actionId, from, to, stepMs }: CourseQuery): Promise<Steps> {
    const values = [actionId, hourOf(from), hourOf(to), stepMs];
    return {
      accepted: await reads.all<Accepted>(ACCEPTED_IN_HOURS, values),
      outcomes: await reads.all<CourseGroup>(OUTCOMES_IN_HOURS, values),
    };
  }

  async function byExecutions({ actionId, from, to, stepMs }: CourseQuery): Promise<Steps | null> {
    const [low, high] = [leastReferenceAt(from), leastReferenceAt(to)];
    if ((await reads.first(BEYOND, [low, high])) !== undefined) return null;
    const counts = createStepCounts(stepMs);
    for (const row of await reads.all<StepRow>(EXECUTIONS, [low, high, actionId, stepMs])) counts.add(row);
    return counts.read();
  }

  return async (query) => {
    const steps = query.stepMs < HOUR_MS ? await byExecutions(query) : await byHours(query);
    if (steps === null) return null;
    const timing = await reads.first<Timing>(TIMING, [query.actionId, leastReferenceAt(query.to)]);
    return { ...steps, timing: timing ?? null };
  };
}
