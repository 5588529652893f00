// Counts repeats of events that change nothing: the trail lists the first of a kind, and later entries state how many followed.

import type { Database } from 'better-sqlite3';
import type { AuditDraft } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { isoTime } from '../../../lib/time.ts';
import { EVENT_CODES } from '../../shared/codes.ts';
import {
  type CountedRepeats,
  changesNothing,
  detailOfLast,
  MAX_LISTED_REPEATS,
  SUMMARY_AFTER_MS,
  summaryOf,
} from '../../shared/counted-repeats.ts';
import type { AppendedRows } from '../executions/appended-rows.ts';
import type { ExecutionRow } from '../executions/execution-row.ts';

export type Repeats = ReturnType<typeof createRepeats>;

/** @param rows the entries that wait to be inserted. */
export function createRepeats(client: Database, rows: Pick<AppendedRows, 'write'>, listed = MAX_LISTED_REPEATS) {
  const sql = prepare(client);
  let counted = new Set<string>();
  return {
    /** Counts the event instead of an entry, if enough are listed. Returns whether it did. Runs inside a transaction. */
    count: (before: Execution, after: ExecutionRow, draft: AuditDraft, now: number): boolean => {
      const { id, execution } = after;
      const { correlationId } = execution;
      if (!changesNothing(before, execution, draft)) return false;
      const { event } = draft;
      // promise: collected-repeats-are-counted
      rows.write();
      // promise: repeats-are-counted
      if (sql.listed.get(id, EVENT_CODES[event], listed) !== listed) return false;
      // promise: counted-repeat-is-durable
      sql.count.run({ correlationId, event, at: isoTime(now), detail: JSON.stringify(detailOfLast(draft)) });
      counted.add(correlationId);
      return true;
    },
    /** Returns the drafts of the entries that state the counts of an execution, and deletes the counts. Runs inside a transaction. */
    take: (correlationId: string): readonly AuditDraft[] => {
      if (!counted.delete(correlationId)) return [];
      return sql.take.all(correlationId).sort(byTime).map(summaryOf);
    },
    /** Returns executions whose counts are due to be stated. */
    due: (limit: number, now: number): readonly string[] => {
      // After a clock was set back, a count from the future is due at once.
      return sql.due.all({ before: isoTime(now - SUMMARY_AFTER_MS), now: isoTime(now), limit });
    },
    /** Returns when the next count is due, milliseconds; null without any. */
    nextDue: (): number | null => {
      const since = sql.oldest.get() ?? null;
      return since === null ? null : Date.parse(since) + SUMMARY_AFTER_MS;
    },
    /** Reads which executions have counts, at the start and after a rollback. */
    reload: (): void => {
      counted = new Set(sql.executions.all());
    },
  };
}

function byTime(one: CountedRepeats, other: CountedRepeats): number {
  return one.until < other.until ? -1 : 1;
}

function prepare(client: Database) {
  return {
    listed: client
      .prepare<[execution: number, event: number, listed: number], number>(
        'SELECT count(*) FROM (SELECT 1 FROM audit_rows WHERE execution = ? AND event = ? LIMIT ?)',
      )
      .pluck(),
    count: client.prepare<[object]>(
      `INSERT INTO audit_repeats (correlation_id, event, count, since, until, detail)
        VALUES (@correlationId, @event, 1, @at, @at, @detail)
        ON CONFLICT DO UPDATE SET count = count + 1, until = excluded.until, detail = excluded.detail`,
    ),
    take: client.prepare<[string], CountedRepeats>(
      'DELETE FROM audit_repeats WHERE correlation_id = ? RETURNING event, count, since, until, detail',
    ),
    due: client
      .prepare<[object], string>(
        `SELECT correlation_id FROM audit_repeats GROUP BY correlation_id
          HAVING min(since) <= @before OR max(since) > @now ORDER BY min(since) LIMIT @limit`,
      )
      .pluck(),
    oldest: client.prepare<[], string | null>('SELECT min(since) FROM audit_repeats').pluck(),
    executions: client.prepare<[], string>('SELECT DISTINCT correlation_id FROM audit_repeats').pluck(),
  };
}
