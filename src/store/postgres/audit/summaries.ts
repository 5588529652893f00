// Writes the entries that state counted repeats, for executions about which nothing else is appended.

import type { Change } from '../../port.ts';
import { SUMMARY_AFTER_MS } from '../../shared/counted-repeats.ts';
import type { Reads } from '../../shared/reads.ts';
import type { RepeatSummaries } from '../../upkeep-port.ts';
import { taskOn } from '../batch/task.ts';
import type { Writer } from '../group-commit.ts';

interface SummaryTools {
  readonly reads: Reads;
  readonly writer: Pick<Writer, 'mutateAll'>;
}

/** After a clock was set back, a count from the future is due at once. */
const DUE = `SELECT r.reference FROM audit_repeats AS a JOIN execution_rows AS r ON r.id = a.execution
  GROUP BY r.reference HAVING min(a.since) <= $1 OR max(a.since) > $2 ORDER BY min(a.since) LIMIT $3`;

export function createSummaries({ reads, writer }: SummaryTools): RepeatSummaries {
  const taskOf = (reference: string, now: number) =>
    taskOn(reference, (part) => {
      const entries = part.summarize(now);
      const { execution } = part.state;
      const changes = entries.map((entry): Change => ({ execution, outcome: 'notification', entry }));
      return { value: null, changes, part };
    });

  return {
    nextSummary: async () => {
      const row = await reads.first<{ since: number | null }>('SELECT min(since) AS since FROM audit_repeats');
      return row?.since == null ? null : row.since + SUMMARY_AFTER_MS;
    },
    summarizeRepeats: async (limit, now) => {
      const rows = await reads.all<{ reference: string }>(DUE, [
        Math.trunc(now - SUMMARY_AFTER_MS),
        Math.trunc(now),
        limit,
      ]);
      await writer.mutateAll(
        rows.map(({ reference }) => taskOf(reference, now)),
        { asLeader: true },
      );
    },
  };
}
