// Writes executions: inserts new ones, and stores what an event changed, each part only if it changed.

import type { Database } from 'better-sqlite3';
import type { Dispatchable, Execution } from '../../../execution/execution.ts';
import { writeJson } from '../../../execution/json.ts';
import { RESOLVED_BY_CODES, STATUS_CODES } from '../../shared/codes.ts';
import { outcomeColumns, wholeMs } from '../../shared/columns.ts';
import { hashBytes, uuidBytes } from '../rows.ts';
import type { AppendedRows } from './appended-rows.ts';
import type { ExecutionRow } from './execution-row.ts';

/** `rows`: takes new executions, their submissions and their outcomes. */
export function createExecutionWriter(client: Database, rows: AppendedRows) {
  const sql = prepare(client);
  const insertOutcome = createOutcomeInsertion(client, rows);

  /** Returns the row of the outcome, which is appended: the row of its execution does not grow. */
  function saveOutcome(before: ExecutionRow, after: Execution): number | null {
    const { result, error, lateResult } = before.execution;
    if (after.result === result && after.error === error && after.lateResult === lateResult) return before.outcome;
    const columns = outcomeColumns(after);
    if (before.outcome === null) return insertOutcome([columns.result, columns.error, columns.lateResult]);
    sql.updateOutcome.run(columns.result, columns.error, columns.lateResult, before.outcome);
    return before.outcome;
  }

  /** Entries refer to the first executionId, so that another one is stored beside it. */
  function saveOtherExecutionId({ id, firstExecutionId }: ExecutionRow, { executionId }: Execution): void {
    if (executionId === null) sql.dropExecutionId.run(id);
    else sql.replaceExecutionId.run(executionId === firstExecutionId ? null : executionId, id);
  }

  function saveRareColumns({ id, execution: before }: ExecutionRow, after: Execution): void {
    const { executionIdProblem, pollUrl, cookies, unknownWord } = after;
    const isSame =
      executionIdProblem === before.executionIdProblem &&
      pollUrl === before.pollUrl &&
      cookies === before.cookies &&
      unknownWord === before.unknownWord;
    if (!isSame) sql.updateRareColumns.run(executionIdProblem, pollUrl, cookies, unknownWord, id);
  }

  return {
    insert: createInsert(client, rows),
    /** Stores the execution as it is after a change. Returns it as it is stored now. */
    save: (before: ExecutionRow, after: Execution): ExecutionRow => {
      const { id, firstExecutionId } = before;
      const outcome = saveOutcome(before, after);
      saveRareColumns(before, after);
      const state = stateValues(after, outcome);
      const isOtherId = after.executionId !== before.execution.executionId;
      // promise: entries-keep-their-execution-id
      if (isOtherId && firstExecutionId === null) {
        sql.updateWithExecutionId.run(...state, after.executionId, id);
        return { ...before, execution: after, outcome, firstExecutionId: after.executionId };
      }
      if (isOtherId) saveOtherExecutionId(before, after);
      sql.update.run(...state, id);
      return { ...before, execution: after, outcome };
    },
    /** Stores that another execution repeats this one. */
    link: (original: ExecutionRow, resubmittedAs: string): ExecutionRow => {
      sql.link.run(resubmittedAs, original.id);
      return { ...original, execution: { ...original.execution, resubmittedAs } };
    },
  };
}

/** Returns a function that appends the row of an outcome and returns its id. */
function createOutcomeInsertion(client: Database, rows: AppendedRows): (columns: readonly (string | null)[]) => number {
  const newest = client.prepare<[], number | null>('SELECT max(id) FROM outcome_rows').pluck();
  const outcomes = rows.table('outcome_rows', '(id, result, error, late_result)', '(?, ?, ?, ?)');
  let id = 0;
  return (columns) => {
    // The newest row is in the table, unless it waits.
    if (outcomes.waiting() === 0) id = newest.get() ?? 0;
    id += 1;
    outcomes.add([id, ...columns]);
    return id;
  };
}

function createInsert(client: Database, rows: AppendedRows) {
  const newest = client.prepare<[], number | null>('SELECT max(id) FROM execution_rows').pluck();
  const executions = rows.table('execution_rows', INSERTED_COLUMNS, INSERTED_VALUES);
  const payloads = rows.table('payload_rows', '(id, inputs, context)', '(?, ?, ?)');
  let id = 0;
  return (execution: Dispatchable, fingerprint: string): ExecutionRow => {
    // The newest row is in the table, unless it waits.
    if (executions.waiting() === 0) id = newest.get() ?? 0;
    id += 1;
    executions.add([id, ...insertedValues(execution, fingerprint)]);
    payloads.add([id, writeJson(execution.inputs), writeJson(execution.context)]);
    const fresh = { id, firstExecutionId: null, outcome: null, payloadPrunedAt: null, payloadSha256: null };
    return { ...fresh, execution };
  };
}

const INSERTED_COLUMNS = `(id, status, reference, correlation_id, app, action_id, submitted_at, dispatch_at, expire_at, timeout_seconds,
  grace_seconds, retry_uncertain, priority, fingerprint, notify_url, idempotency_key, traceparent, tracestate, resubmission_of, hearsay,
  poll_count, attempts)`;

// better-sqlite3 binds a number as REAL, and a column of any type would keep it so.
const INSERTED_VALUES = '(?, CAST(? AS INTEGER), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0)';

/** The values of a new execution: one that is queued, and of which CXone knows nothing. */
function insertedValues(execution: Dispatchable, fingerprint: string) {
  return [
    STATUS_CODES[execution.status],
    uuidBytes(execution.reference),
    execution.correlationId,
    execution.app,
    execution.actionId,
    execution.submittedAt,
    execution.dispatchAt,
    execution.expireAt,
    execution.timeoutSeconds,
    execution.graceSeconds,
    execution.retryUncertain ? 1 : 0,
    execution.priority,
    hashBytes(fingerprint),
    execution.notifyUrl,
    execution.idempotencyKey,
    execution.traceparent,
    execution.tracestate,
    execution.resubmissionOf,
  ];
}

/** The values of STATE_COLUMNS. */
function stateValues(execution: Execution, outcome: number | null) {
  const { status, resolvedBy } = execution;
  return [
    STATUS_CODES[status],
    resolvedBy === null ? null : RESOLVED_BY_CODES[resolvedBy],
    execution.executionIdUnverified ? 1 : 0,
    wholeMs(execution.sentAt),
    wholeMs(execution.resolvedAt),
    wholeMs(execution.pollAfter),
    wholeMs(execution.deadline),
    wholeMs(execution.dispatchAt),
    wholeMs(execution.pollAt),
    wholeMs(execution.expireAt),
    wholeMs(execution.notFoundAt),
    wholeMs(execution.foundAt),
    execution.latencyMs,
    execution.pollCount,
    execution.attempts,
    outcome,
  ];
}

const STATE_COLUMNS = `status = CAST(? AS INTEGER), resolved_by = CAST(? AS INTEGER), hearsay = ?, sent_at = ?, resolved_at = ?,
  poll_after = ?, deadline = ?, dispatch_at = ?, poll_at = ?, expire_at = ?, not_found_at = ?, found_at = ?, latency_ms = ?,
  poll_count = ?, attempts = ?, outcome = ?`;

function prepare(client: Database) {
  return {
    updateOutcome: client.prepare<unknown[]>(
      'UPDATE outcome_rows SET result = ?, error = ?, late_result = ? WHERE id = ?',
    ),
    replaceExecutionId: client.prepare<unknown[]>('UPDATE execution_rows SET other_execution_id = ? WHERE id = ?'),
    dropExecutionId: client.prepare<unknown[]>('UPDATE execution_rows SET other_execution_id = 0 WHERE id = ?'),
    link: client.prepare<unknown[]>('UPDATE execution_rows SET resubmitted_as = ? WHERE id = ?'),
    updateRareColumns: client.prepare<unknown[]>(
      'UPDATE execution_rows SET execution_id_problem = ?, poll_url = ?, cookies = ?, unknown_word = ? WHERE id = ?',
    ),
    update: client.prepare<unknown[]>(`UPDATE execution_rows SET ${STATE_COLUMNS} WHERE id = ?`),
    // One statement: two would find, guard and write the row twice.
    updateWithExecutionId: client.prepare<unknown[]>(
      `UPDATE execution_rows SET ${STATE_COLUMNS}, execution_id = ? WHERE id = ?`,
    ),
  };
}
