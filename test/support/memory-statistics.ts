// Statistics of the store in memory: the entries of its audit trail, reduced as the port defines.

import type { AuditEntry } from '../../src/execution/event.ts';
import { type Execution, totalLatencyMs } from '../../src/execution/execution.ts';
import type { Rollups } from '../../src/store/rollups-port.ts';
import type { Statistics, StatisticsEntry } from '../../src/store/statistics-port.ts';

interface Sources {
  entries(): readonly AuditEntry[];
  execution(correlationId: string): Execution | undefined;
}

export function createMemoryStatistics({
  entries,
  execution,
}: Sources): Pick<Statistics, 'statisticsAfter' | 'unknownWords'> & Pick<Rollups, 'coverage'> {
  function toEntry(entry: AuditEntry): StatisticsEntry {
    const { id, timestamp, event, actionId, correlationId, latencyMs, httpStatus, detail } = entry;
    const own = execution(correlationId);
    const single = { repeats: null, since: null, repeated: null };
    const reduced = { id, timestamp, event, actionId, correlationId, latencyMs, httpStatus, ...single };
    if (own === undefined || detail['outcomeSha256'] === undefined) return { ...reduced, ended: null };
    const { resolvedBy, resolvedAt } = own;
    const times = {
      calledBackAt: resolvedBy === 'callback' ? resolvedAt : null,
      foundAt: resolvedBy === 'poll' ? resolvedAt : null,
    };
    return { ...reduced, ended: { ...own, ...times, totalMs: totalLatencyMs(own) ?? 0, unnoticedMs: null } };
  }

  function timeoutsUnder(word: string): number {
    const ids = new Set(entries().map(({ correlationId }) => correlationId));
    const own = [...ids].map(execution).filter((one) => one?.status === 'TIMEOUT' && one.unknownWord === word);
    return own.length;
  }

  return {
    // Nothing is from before the store.
    coverage: async () => ({ countedFrom: 0 }),
    unknownWords: async () => {
      const reports = Map.groupBy(
        entries().filter(({ detail }) => detail['unknownWord'] === true),
        ({ detail }) => String(detail['word']),
      );
      return [...reports].map(([word, own]) => ({
        word,
        firstAt: own[0]?.timestamp ?? 0,
        lastAt: own.at(-1)?.timestamp ?? 0,
        reports: own.length,
        timeouts: timeoutsUnder(word),
      }));
    },
    statisticsAfter: async (after, limit) => {
      const rest = entries().filter(({ id }) => id > after);
      const page = rest.slice(0, limit);
      return { entries: page.map(toEntry), through: page.at(-1)?.id ?? after, atEnd: page.length === rest.length };
    },
  };
}
