// Writes the entries that state counted repeats, for executions about which nothing else is appended.

import type { Change } from '../../port.ts';
import type { RepeatSummaries } from '../../upkeep-port.ts';
import type { ExecutionRow } from '../executions/execution-row.ts';
import { unchanged, type Writer } from '../group-commit.ts';
import type { AuditTrail } from './append.ts';
import type { Repeats } from './repeats.ts';

interface SummaryTools {
  readonly writer: Pick<Writer<Change>, 'mutate'>;
  readonly repeats: Pick<Repeats, 'due' | 'nextDue'>;
  readonly stored: (correlationId: string) => ExecutionRow | undefined;
  readonly summarize: AuditTrail['summarize'];
}

export function createSummaries({ writer, repeats, stored, summarize }: SummaryTools): RepeatSummaries {
  function changesOf(correlationId: string, now: number): Change[] {
    const found = stored(correlationId);
    if (found === undefined) return [];
    const { execution } = found;
    return summarize(found, now).map((entry) => ({ execution, outcome: 'notification', entry }));
  }

  return {
    nextSummary: async () => repeats.nextDue(),
    summarizeRepeats: async (limit, now) => {
      if (repeats.due(1, now).length === 0) return;
      await writer.mutate(() => {
        const changes = repeats.due(limit, now).flatMap((correlationId) => changesOf(correlationId, now));
        return { ...unchanged(undefined), changes };
      });
    },
  };
}
