// Reads statistics in bounded batches: the audit trail entry by entry, and the executions of a period grouped by outcome.

import { conditions } from '../../shared/conditions.ts';
import type { Reads } from '../../shared/reads.ts';
import { createTrailStatistics, type GroupRow, type TrailColumns, toGroup } from '../../shared/trail-statistics.ts';
import { OUTCOMES_BATCH, type Statistics, type SubmittedPeriod, type UnknownWord } from '../../statistics-port.ts';
import { LAST_REFERENCE, leastReferenceAt } from '../executions/uuid-bounds.ts';

const COLUMNS: TrailColumns = {
  ofDetail: 'NULL::text AS action_id, repeats, since, coalesce(ends, false) AS is_end',
  cameAt: 'coalesce(a.until, a.at)',
  join: 'JOIN',
  sinceIn: Number,
};

const WORDS = `SELECT spelling AS word, first_at AS "firstAt", last_at AS "lastAt", reports, timeouts
  FROM unknown_status_word_rows ORDER BY timeouts DESC, last_at DESC`;

const GROUP = `SELECT r.action_id AS "actionId", r.status, r.resolved_by AS "resolvedBy", (r.sent_at IS NOT NULL)::integer AS sent,
  (o.late_result IS NOT NULL)::integer AS late,
  CASE WHEN r.resolved_at IS NOT NULL THEN greatest(0, r.resolved_at - r.submitted_at) END AS ms, count(*) AS count
  FROM execution_rows AS r LEFT JOIN outcome_rows AS o ON o.id = r.id`;

export function createStatistics(reads: Reads): Statistics {
  /** Executions submitted after the start are not included, so that it ends under load too. */
  async function* outcomesOf({ from = 0, to, app, actionId }: SubmittedPeriod) {
    const newest = await reads.first<{ reference: string }>(
      'SELECT reference FROM execution_rows ORDER BY reference DESC LIMIT 1',
    );
    const end = to === undefined ? LAST_REFERENCE : leastReferenceAt(to);
    for (let low: string | null = leastReferenceAt(from); low !== null; ) {
      const range = conditions();
      range.add('r.reference >=', low);
      range.add('r.reference <', end);
      range.add('r.reference <=', newest?.reference ?? low);
      if (app !== undefined) range.add('r.app =', app);
      const edge: { reference: string } | undefined = await reads.first<{ reference: string }>(
        `SELECT r.reference FROM execution_rows AS r ${range.where()} ORDER BY r.reference LIMIT 1 OFFSET ${OUTCOMES_BATCH}`,
        range.values,
      );
      if (edge !== undefined) range.add('r.reference <', edge.reference);
      if (actionId !== undefined) range.add('r.action_id =', actionId);
      const rows = await reads.all<GroupRow>(`${GROUP} ${range.where()} GROUP BY 1, 2, 3, 4, 5, 6`, range.values);
      yield rows.map(toGroup);
      low = edge?.reference ?? null;
    }
  }

  return {
    statisticsAfter: createTrailStatistics(reads, COLUMNS),
    unknownWords: () => reads.all<UnknownWord>(WORDS),
    outcomesOf,
  };
}
