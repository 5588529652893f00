// Keeps the roll-ups: each execution is counted in the transaction that accepts, changes or prunes it.

import type { Database } from 'better-sqlite3';
import type { AuditEntry, AuditEvent } from '../../../execution/event.ts';
import { type Execution, isTerminal, totalLatencyMs } from '../../../execution/execution.ts';
import type { Coverage } from '../../rollups-port.ts';
import { type Counted, hourOf } from '../../shared/rollup-keys.ts';
import type { AppendedRows } from '../executions/appended-rows.ts';
import type { ExecutionRow } from '../executions/execution-row.ts';
import { uuidText } from '../rows.ts';
import { createArrivalTimes } from './arrival-times.ts';
import { COUNTED, type CountedRow, toCounted } from './history.ts';
import { coverageOf, createRollupState, upperBound } from './state.ts';
import { createTallies } from './tallies.ts';

/** Events after the end that may show a callback or a poll that brought the same outcome. */
const LATER: ReadonlySet<AuditEvent> = new Set([
  'CALLBACK_HINT',
  'CALLBACK_DUPLICATE',
  'CALLBACK_CONFLICT',
  'CALLBACK_LATE',
  'POLL_COMPLETED',
]);

export type RollupCounts = ReturnType<typeof createRollupCounts>;

const NOTHING_WAITS = { write: () => {} };

/** All functions but `reload` run inside a transaction of the writer. @param rows the entries that wait to be inserted */
export function createRollupCounts(client: Database, rows: Pick<AppendedRows, 'write'> = NOTHING_WAITS) {
  const tallies = createTallies(client);
  const timesOf = createArrivalTimes(client, rows);
  const state = createRollupState(client);
  const sql = prepare(client);
  return {
    /** Counts an accepted execution. */
    accept: (execution: Execution): void => {
      // promise: counted-once
      if (state.counts(execution.reference)) tallies.accept(execution);
    },

    /** Counts what one event changed. */
    change: (before: Execution, row: ExecutionRow, { id, event }: Pick<AuditEntry, 'id' | 'event'>): void => {
      const after = row.execution;
      if (!isTerminal(after.status) || !state.counts(after.reference)) return;
      const counted = ofExecution(after);
      if (!isTerminal(before.status)) {
        tallies.countOutcome(counted, 1);
        tallies.countArrival(counted, timesOf(row, id), 1);
        return;
      }
      const old = ofExecution(before);
      if (old.hasLateResult !== counted.hasLateResult) {
        tallies.countOutcome(old, -1);
        tallies.countOutcome(counted, 1);
      }
      // promise: late-callback-moves-its-count
      if (!LATER.has(event)) return;
      tallies.countArrival(old, timesOf({ id: row.id, execution: before }, id - 1), -1);
      tallies.countArrival(counted, timesOf(row, id), 1);
    },

    /** Counts up to `limit` executions from before the roll-ups, the newest first. Returns what is counted then. */
    countHistory: (limit: number): Coverage => {
      const boundary = state.boundary();
      const rows = boundary === '' ? [] : sql.older.all(upperBound(boundary), limit);
      for (const { counted, times } of rows.map(toCounted)) {
        tallies.accept(counted);
        if (!isTerminal(counted.status)) continue;
        tallies.countOutcome(counted, 1);
        tallies.countArrival(counted, times, 1);
      }
      // promise: history-is-counted-to-its-beginning
      const reached = rows.length < limit ? '' : uuidText(rows.at(-1)?.reference);
      state.moveBoundary(reached);
      return coverageOf(reached);
    },

    /** Subtracts those executions of which no entry is left, before they are deleted. */
    subtractPruned: (executions: readonly number[]): void => {
      for (const { counted } of sql.withoutEntries.all(JSON.stringify(executions)).map(toCounted)) {
        if (!state.counts(counted.reference)) continue;
        tallies.withdraw(counted);
        if (isTerminal(counted.status)) tallies.countOutcome(counted, -1);
      }
      // Only the trail shows when they were called back, so hours before its oldest entry are deleted as a whole.
      const oldest = sql.oldestEntry.get();
      if (oldest === undefined) sql.deleteEnded.run('~');
      else sql.deleteEnded.run(hourOf(oldest));
    },

    /** Writes the counts of the transaction, before its commit or before a savepoint. */
    flush: tallies.flush,

    /** After a rollback. */
    reload: (): void => {
      tallies.discard();
      state.reload();
    },
  };
}

function ofExecution(execution: Execution): Counted {
  const { reference, app, actionId, status, resolvedBy, sentAt, resolvedAt, lateResult } = execution;
  const totalMs = totalLatencyMs(execution);
  return {
    reference,
    app,
    actionId,
    status,
    resolvedBy,
    sentAt,
    resolvedAt,
    totalMs,
    hasLateResult: lateResult !== null,
  };
}

function prepare(client: Database) {
  return {
    older: client.prepare<[Buffer | string, number], CountedRow>(
      `${COUNTED} AND reference < ? ORDER BY reference DESC LIMIT ?`,
    ),
    withoutEntries: client.prepare<[string], CountedRow>(
      `${COUNTED} AND id IN (SELECT value FROM json_each(?))
        AND NOT EXISTS (SELECT 1 FROM audit_rows AS a WHERE a.execution = e.id)`,
    ),
    oldestEntry: client.prepare<[], number>('SELECT at FROM audit_rows ORDER BY id LIMIT 1').pluck(),
    deleteEnded: client.prepare<[string]>('DELETE FROM rollup_ended WHERE hour < ?'),
  };
}
