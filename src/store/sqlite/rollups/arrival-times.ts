// Finds when callbacks and polls brought an outcome: in the row where possible, else in the trail of the execution.

import type { Database } from 'better-sqlite3';
import { isTerminal } from '../../../execution/execution.ts';
import { EVENT_CODES, RESOLVED_BY_CODES, STATUS_CODES } from '../../shared/codes.ts';
import type { AppendedRows } from '../executions/appended-rows.ts';
import type { ExecutionRow } from '../executions/execution-row.ts';

const { CALLBACK_HINT, CALLBACK_DUPLICATE, CALLBACK_CONFLICT, CALLBACK_LATE, POLL_COMPLETED } = EVENT_CODES;

/** An expression for the time of the last hint before the end, or else of the first callback that reported the outcome. */
const calledBack = (id: string, resolvedAt: string, condition = '') => `coalesce(
    (SELECT max(at) FROM audit_rows AS a WHERE a.execution = ${id} AND a.event = ${CALLBACK_HINT} AND a.at <= ${resolvedAt}${condition}),
    (SELECT min(at) FROM audit_rows AS a WHERE a.execution = ${id}
      AND a.event IN (${CALLBACK_DUPLICATE}, ${CALLBACK_CONFLICT}, ${CALLBACK_LATE})${condition}))`;

const found = (id: string, condition = '') =>
  `(SELECT min(at) FROM audit_rows AS a WHERE a.execution = ${id} AND a.event = ${POLL_COMPLETED}${condition})`;

/**
 * Columns `calledBackAt` and `foundAt` of a row of `execution_rows AS e`. They read the trail only where the row lacks the time, which
 * is rare.
 */
export const ARRIVAL_TIMES = `
  CASE WHEN resolved_by = ${RESOLVED_BY_CODES.callback} THEN resolved_at ELSE ${calledBack('e.id', 'e.resolved_at')} END AS calledBackAt,
  CASE WHEN resolved_by = ${RESOLVED_BY_CODES.poll} AND status <> ${STATUS_CODES.NOT_FOUND} THEN resolved_at
    WHEN poll_count > 0 THEN ${found('e.id')} END AS foundAt`;

export interface ArrivalTimes {
  readonly calledBackAt: number | null;
  readonly foundAt: number | null;
}

/**
 * Returns a function that finds the same times as {@link ARRIVAL_TIMES}, as of the audit entry with the id `through`.
 * @param rows the entries that wait to be inserted
 */
export function createArrivalTimes(client: Database, rows: Pick<AppendedRows, 'write'>) {
  const asOf = ' AND a.id <= @through';
  const callback = client.prepare<[object], number | null>(`SELECT ${calledBack('@id', '@resolvedAt', asOf)}`).pluck();
  const poll = client.prepare<[object], number | null>(`SELECT ${found('@id', asOf)}`).pluck();

  return ({ id, execution }: Pick<ExecutionRow, 'id' | 'execution'>, through: number): ArrivalTimes => {
    const { status, resolvedBy, resolvedAt, pollCount } = execution;
    if (!isTerminal(status)) return { calledBackAt: null, foundAt: null };
    // promise: collected-entries-have-times
    if (resolvedBy !== 'callback' || pollCount > 0) rows.write();
    const calledBackAt = resolvedBy === 'callback' ? resolvedAt : (callback.get({ id, resolvedAt, through }) ?? null);
    if (resolvedBy === 'poll' && status !== 'NOT_FOUND') return { calledBackAt, foundAt: resolvedAt };
    return { calledBackAt, foundAt: pollCount > 0 ? (poll.get({ id, through }) ?? null) : null };
  };
}
