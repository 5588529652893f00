// Reads the audit trail entry by entry, reduced to what statistics count.

import type { OutcomeGroup, Statistics, StatisticsEntry } from '../statistics-port.ts';
import { EVENT_CODES, eventOf, RESOLVED_BY_CODES, resolverOf, statusOf } from './codes.ts';
import type { Reads } from './reads.ts';

interface TrailRow
  extends Pick<StatisticsEntry, 'id' | 'repeats' | 'actionId' | 'correlationId' | 'latencyMs' | 'httpStatus'> {
  readonly at: number;
  readonly event: unknown;
  readonly since: string | number | null;
  readonly isEnd: 0 | 1 | boolean;
  readonly isRepeat: 0 | 1 | boolean;
  /** The columns of the execution are null unless the entry ends it or repeats its outcome. */
  readonly status: unknown;
  readonly resolvedBy: unknown;
  readonly sentAt: number | null;
  readonly resolvedAt: number | null;
  readonly totalMs: number;
  readonly hintedAt: number | null;
  readonly runningAt: number | null;
  readonly runningLatencyMs: number | null;
}

/** How a database stores what statistics read of the detail of an entry. */
export interface TrailColumns {
  /** Columns of `audit_rows`: action_id (null: that of the execution), repeats, since and is_end (never null). */
  readonly ofDetail: string;
  /** When the event of entry `a` came; the last one, if the entry states counted repeats. */
  readonly cameAt: string;
  /** How an entry finds its execution. */
  readonly join: 'JOIN' | 'LEFT JOIN';
  readonly sinceIn: (stored: string | number) => number;
}

/** The row of a group of outcomes. */
export type GroupRow = Omit<OutcomeGroup, 'status' | 'resolvedBy'> & {
  readonly status: unknown;
  readonly resolvedBy: unknown;
};

export function toGroup(row: GroupRow): OutcomeGroup {
  return { ...row, status: statusOf(row.status), resolvedBy: resolverOf(row.resolvedBy) };
}

const codesOf = (...events: readonly (keyof typeof EVENT_CODES)[]) =>
  events.map((event) => EVENT_CODES[event]).join(', ');
const CALLED_BACK_AGAIN = codesOf('CALLBACK_DUPLICATE', 'CALLBACK_CONFLICT', 'CALLBACK_LATE');
const HINT = codesOf('CALLBACK_HINT');
const POLL_COMPLETED = codesOf('POLL_COMPLETED');
const RUNNING = codesOf('SUBMITTED', 'POLL_PROGRESS', 'CALLBACK_PROGRESS');
const { callback: BY_CALLBACK, poll: BY_POLL } = RESOLVED_BY_CODES;

/** Columns of executions, and earlier entries of an execution, are read only where an entry needs them. */
function trailOf({ ofDetail, cameAt, join }: TrailColumns): string {
  const earlier = (events: string, what = cameAt) => `(SELECT ${what} FROM audit_rows AS a
    WHERE a.execution = t.execution AND a.id < t.id AND a.event IN (${events}) ORDER BY a.id DESC LIMIT 1)`;
  return `WITH t AS (
    SELECT id, at, event, execution, latency_ms, http_status, ${ofDetail},
      event IN (${CALLED_BACK_AGAIN}) AS is_late_callback, event = ${POLL_COMPLETED} AS is_poll
    FROM audit_rows WHERE id > $1 ORDER BY id LIMIT $2
  )
  SELECT t.id, t.at, t.event, t.repeats, CASE WHEN t.repeats > 0 THEN t.since END AS since,
    coalesce(t.action_id, n.action_id) AS "actionId", n.correlation_id AS "correlationId", t.latency_ms AS "latencyMs",
    t.http_status AS "httpStatus", t.is_end AS "isEnd", e.status, e.resolved_by AS "resolvedBy", e.sent_at AS "sentAt",
    e.resolved_at AS "resolvedAt", CASE WHEN e.resolved_at > e.submitted_at THEN e.resolved_at - e.submitted_at ELSE 0 END AS "totalMs",
    coalesce(CASE
      WHEN t.is_end THEN false
      WHEN t.is_late_callback THEN e.resolved_by <> ${BY_CALLBACK} AND ${earlier(`${HINT}, ${CALLED_BACK_AGAIN}`)} IS NULL
      WHEN t.is_poll THEN e.resolved_by = ${BY_CALLBACK} AND ${earlier(POLL_COMPLETED)} IS NULL
      ELSE false
    END, false) AS "isRepeat",
    CASE WHEN t.is_end AND e.resolved_by <> ${BY_CALLBACK} THEN ${earlier(HINT)} END AS "hintedAt",
    CASE WHEN t.is_end AND e.resolved_by = ${BY_POLL} THEN ${earlier(RUNNING)} END AS "runningAt",
    CASE WHEN t.is_end AND e.resolved_by = ${BY_POLL} THEN ${earlier(RUNNING, 'a.latency_ms')} END AS "runningLatencyMs"
  FROM t ${join} execution_rows AS n ON n.id = t.execution
    LEFT JOIN execution_rows AS e
      ON e.id = CASE WHEN t.is_end OR t.is_late_callback OR t.is_poll THEN t.execution END AND e.status <> 0
  ORDER BY t.id`;
}

export function createTrailStatistics(reads: Reads, columns: TrailColumns): Statistics['statisticsAfter'] {
  const trail = trailOf(columns);
  return async (after, limit) => {
    const rows = await reads.all<TrailRow>(trail, [after, limit]);
    const entries = rows.map((row) => toEntry(row, row.since === null ? null : columns.sinceIn(row.since)));
    return { entries, through: rows.at(-1)?.id ?? after, atEnd: rows.length < limit };
  };
}

function toEntry(row: TrailRow, since: number | null): StatisticsEntry {
  const { id, at, repeats, actionId, correlationId, latencyMs, httpStatus, sentAt, resolvedAt, totalMs } = row;
  const event = eventOf(row.event);
  const entry = { id, timestamp: at, event, repeats, since, actionId, correlationId, latencyMs, httpStatus };
  // An execution may have been pruned before its last entry.
  if (row.status === null) return { ...entry, ended: null, repeated: null };
  const [status, resolvedBy] = [statusOf(row.status), resolverOf(row.resolvedBy)];
  const outcome = { actionId, status, resolvedBy, sentAt, resolvedAt };
  const foundAt = resolvedBy === 'poll' && status !== 'NOT_FOUND' ? resolvedAt : null;
  if (row.isEnd) {
    const calledBackAt = resolvedBy === 'callback' ? resolvedAt : row.hintedAt;
    // CXone read the status between request and response; the time of the request is the safe bound.
    const runningAt = row.runningAt === null ? null : row.runningAt - (row.runningLatencyMs ?? 0);
    const unnoticedMs = runningAt === null ? null : Math.max(0, at - runningAt);
    return { ...entry, ended: { ...outcome, calledBackAt, foundAt, totalMs, unnoticedMs }, repeated: null };
  }
  if (!row.isRepeat) return { ...entry, ended: null, repeated: null };
  const times = event === 'POLL_COMPLETED' ? { calledBackAt: resolvedAt, foundAt: at } : { calledBackAt: at, foundAt };
  return { ...entry, ended: null, repeated: { ...outcome, ...times } };
}
