// Statistics of the store in memory: the entries of its audit trail, reduced as the port defines.

import type { AuditEntry } from '../../src/execution/event.ts';
import { type Execution, isTerminal, totalLatencyMs } from '../../src/execution/execution.ts';
import type { Course, CourseQuery, Rollups } from '../../src/store/rollups-port.ts';
import type { Statistics, StatisticsEntry } from '../../src/store/statistics-port.ts';

interface Sources {
  entries(): readonly AuditEntry[];
  execution(correlationId: string): Execution | undefined;
}

export function createMemoryStatistics({
  entries,
  execution,
}: Sources): Pick<Statistics, 'statisticsAfter' | 'unknownWords'> & Pick<Rollups, 'coverage' | 'course'> {
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

  /** Every outcome is a group of its own. */
  function course({ actionId, from, to, stepMs }: CourseQuery): Course {
    const ids = new Set(entries().map(({ correlationId }) => correlationId));
    const own = [...ids]
      .flatMap((id) => execution(id) ?? [])
      .filter((one) => one.actionId === actionId && one.submittedAt >= from && one.submittedAt < to)
      .map((one) => ({ ...one, at: Math.floor(one.submittedAt / stepMs) * stepMs }));
    const outcomes = own
      .filter(({ status }) => isTerminal(status))
      .map((one) => {
        const { at, status, resolvedBy, sentAt } = one;
        const sent = sentAt === null ? (0 as const) : (1 as const);
        return { at, status, resolvedBy, sent, ms: totalLatencyMs(one) ?? 0, count: 1 };
      });
    const accepted = [...Map.groupBy(own, ({ at }) => at)].map(([at, all]) => ({ at, count: all.length }));
    return { accepted, outcomes, timing: own.at(-1) ?? null };
  }

  return {
    course: async (query) => course(query),
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
