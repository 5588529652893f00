// Reads statistics in bounded batches: the audit trail entry by entry, and the executions of a period grouped by outcome.

import type { Database } from 'better-sqlite3';
import { createTrailStatistics, type GroupRow, type TrailColumns, toGroup } from '../../shared/trail-statistics.ts';
import type { OutcomeGroup, Statistics } from '../../statistics-port.ts';
import { createUnknownWords } from '../executions/unknown-words.ts';
import { rangeParameters, selectInRange, windowsOf } from './id-windows.ts';
import { createReads } from './reads.ts';

const COLUMNS: TrailColumns = {
  ofDetail: `action_id, detail ->> 'repeats' AS repeats, detail ->> 'since' AS since, detail ->> 'outcomeSha256' IS NOT NULL AS is_end`,
  cameAt: "coalesce(CAST(round(unixepoch(a.detail ->> 'until', 'subsec') * 1000) AS INTEGER), a.at)",
  join: 'LEFT JOIN',
  sinceIn: (stored) => Date.parse(String(stored)),
};

const GROUP = `action_id AS actionId, status, resolved_by AS resolvedBy, sent_at IS NOT NULL AS sent,
  EXISTS (SELECT 1 FROM outcome_rows WHERE id = outcome AND late_result IS NOT NULL) AS late,
  max(0, resolved_at - submitted_at) AS ms, count(*) AS count`;

export function createStatistics(client: Database): Statistics {
  const words = createUnknownWords(client);

  function* outcomesOf(period: Parameters<Statistics['outcomesOf']>[0]): Generator<readonly OutcomeGroup[]> {
    const { actionId } = period;
    const ofAction = actionId === undefined ? '' : ' AND action_id = @actionId';
    const groups = client.prepare<[object], GroupRow>(
      `${selectInRange(GROUP, period)}${ofAction} GROUP BY action_id, status, resolved_by, sent, late, ms`,
    );
    const bound = { ...rangeParameters(period), ...(actionId === undefined ? {} : { actionId }) };
    for (const { low, high } of windowsOf(client, period, 'oldest-first')) {
      const rows = groups.all({ ...bound, low, high });
      yield rows.map(toGroup);
    }
  }

  return {
    statisticsAfter: createTrailStatistics(createReads(client), COLUMNS),
    outcomesOf,
    unknownWords: async () => words.list(),
  };
}
