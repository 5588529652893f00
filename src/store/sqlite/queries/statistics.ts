// Reads statistics in bounded batches: the audit trail entry by entry, and the executions of a period grouped by outcome.

import type { Database } from 'better-sqlite3';
import { fromIso } from '../../../lib/time.ts';
import { EVENT_CODES, eventOf, RESOLVED_BY_CODES, resolverOf, statusOf } from '../../shared/codes.ts';
import type { OutcomeGroup, Statistics, StatisticsEntry } from '../../statistics-port.ts';
import { createUnknownWords } from '../executions/unknown-words.ts';
import { rangeParameters, selectInRange, windowsOf } from './id-windows.ts';

interface TrailRow {
  readonly id: number;
  readonly at: number;
  readonly event: unknown;
  readonly repeats: number | null;
  readonly since: string | null;
  readonly actionId: string;
  readonly correlationId: string;
  readonly latencyMs: number | null;
  readonly httpStatus: number | null;
  readonly isEnd: 0 | 1;
  readonly isRepeat: 0 | 1;
  /** The columns of the execution are null unless the entry ends it or repeats its outcome. */
  readonly status: unknown;
  readonly resolvedBy: unknown;
  readonly sentAt: number | null;
  readonly resolvedAt: number | null;
  readonly totalMs: number | null;
  readonly hintedAt: number | null;
  readonly runningAt: number | null;
  readonly runningLatencyMs: number | null;
}

/** When the event of an entry came; the last one, if the entry states counted repeats. */
const CAME_AT = "coalesce(CAST(round(unixepoch(a.detail ->> 'until', 'subsec') * 1000) AS INTEGER), at)";

const earlier = (events: string, what = CAME_AT) => `(SELECT ${what} FROM audit_rows AS a
  WHERE a.execution = t.execution AND a.id < t.id AND a.event IN (${events}) ORDER BY a.id DESC LIMIT 1)`;

const codesOf = (...events: readonly (keyof typeof EVENT_CODES)[]) =>
  events.map((event) => EVENT_CODES[event]).join(', ');
const CALLED_BACK_AGAIN = codesOf('CALLBACK_DUPLICATE', 'CALLBACK_CONFLICT', 'CALLBACK_LATE');
const HINT = codesOf('CALLBACK_HINT');
const POLL_COMPLETED = codesOf('POLL_COMPLETED');
const RUNNING = codesOf('SUBMITTED', 'POLL_PROGRESS', 'CALLBACK_PROGRESS');
const { callback: BY_CALLBACK, poll: BY_POLL } = RESOLVED_BY_CODES;

/** Columns of executions, and earlier entries of an execution, are read only where an entry needs them. */
const TRAIL = `
WITH t AS (
  SELECT id, at, event, execution, action_id, latency_ms, http_status, detail ->> 'repeats' AS repeats,
    CASE WHEN detail ->> 'repeats' > 0 THEN detail ->> 'since' END AS since,
    detail ->> 'outcomeSha256' IS NOT NULL AS is_end,
    event IN (${CALLED_BACK_AGAIN}) AS is_late_callback, event = ${POLL_COMPLETED} AS is_poll
  FROM audit_rows WHERE id > @after ORDER BY id LIMIT @limit
)
SELECT t.id, t.at, t.event, t.repeats, t.since, coalesce(t.action_id, n.action_id) AS actionId, n.correlation_id AS correlationId, t.latency_ms AS latencyMs,
  t.http_status AS httpStatus, coalesce(is_end, 0) AS isEnd, e.status, e.resolved_by AS resolvedBy, e.sent_at AS sentAt,
  e.resolved_at AS resolvedAt, max(0, e.resolved_at - e.submitted_at) AS totalMs,
  CASE
    WHEN is_end THEN 0
    WHEN is_late_callback THEN e.resolved_by <> ${BY_CALLBACK} AND ${earlier(`${HINT}, ${CALLED_BACK_AGAIN}`)} IS NULL
    WHEN is_poll THEN e.resolved_by = ${BY_CALLBACK} AND ${earlier(POLL_COMPLETED)} IS NULL
    ELSE 0
  END AS isRepeat,
  CASE WHEN is_end AND e.resolved_by <> ${BY_CALLBACK} THEN ${earlier(HINT)} END AS hintedAt,
  CASE WHEN is_end AND e.resolved_by = ${BY_POLL} THEN ${earlier(RUNNING)} END AS runningAt,
  CASE WHEN is_end AND e.resolved_by = ${BY_POLL} THEN ${earlier(RUNNING, 'latency_ms')} END AS runningLatencyMs
FROM t LEFT JOIN execution_rows AS n ON n.id = t.execution
  LEFT JOIN execution_rows AS e ON e.id = CASE WHEN is_end OR is_late_callback OR is_poll THEN t.execution END AND e.status <> 0
ORDER BY t.id`;

const GROUP = `action_id AS actionId, status, resolved_by AS resolvedBy, sent_at IS NOT NULL AS sent,
  EXISTS (SELECT 1 FROM outcome_rows WHERE id = outcome AND late_result IS NOT NULL) AS late,
  max(0, resolved_at - submitted_at) AS ms, count(*) AS count`;

type GroupRow = Omit<OutcomeGroup, 'status' | 'resolvedBy'> & {
  readonly status: unknown;
  readonly resolvedBy: unknown;
};

export function createStatistics(client: Database): Statistics {
  const words = createUnknownWords(client);
  const trail = client.prepare<[{ after: number; limit: number }], TrailRow>(TRAIL);

  function* outcomesOf(period: Parameters<Statistics['outcomesOf']>[0]): Generator<readonly OutcomeGroup[]> {
    const { actionId } = period;
    const ofAction = actionId === undefined ? '' : ' AND action_id = @actionId';
    const groups = client.prepare<[object], GroupRow>(
      `${selectInRange(GROUP, period)}${ofAction} GROUP BY action_id, status, resolved_by, sent, late, ms`,
    );
    const bound = { ...rangeParameters(period), ...(actionId === undefined ? {} : { actionId }) };
    for (const { low, high } of windowsOf(client, period, 'oldest-first')) {
      const rows = groups.all({ ...bound, low, high });
      yield rows.map((row) => ({ ...row, status: statusOf(row.status), resolvedBy: resolverOf(row.resolvedBy) }));
    }
  }

  return {
    statisticsAfter: async (after, limit) => {
      const rows = trail.all({ after, limit });
      return { entries: rows.map(toEntry), through: rows.at(-1)?.id ?? after, atEnd: rows.length < limit };
    },
    outcomesOf,
    unknownWords: async () => words.list(),
  };
}

function toEntry(row: TrailRow): StatisticsEntry {
  const { id, at, repeats, actionId, correlationId, latencyMs, httpStatus, sentAt, resolvedAt, totalMs } = row;
  const event = eventOf(row.event);
  const since = fromIso(row.since);
  const entry = { id, timestamp: at, event, repeats, since, actionId, correlationId, latencyMs, httpStatus };
  // An execution may have been pruned before its last entry.
  if (row.status === null) return { ...entry, ended: null, repeated: null };
  const [status, resolvedBy] = [statusOf(row.status), resolverOf(row.resolvedBy)];
  const outcome = { actionId, status, resolvedBy, sentAt, resolvedAt };
  const foundAt = resolvedBy === 'poll' && status !== 'NOT_FOUND' ? resolvedAt : null;
  if (row.isEnd === 1) {
    const calledBackAt = resolvedBy === 'callback' ? resolvedAt : row.hintedAt;
    // CXone read the status between request and response; the time of the request is the safe bound.
    const runningAt = row.runningAt === null ? null : row.runningAt - (row.runningLatencyMs ?? 0);
    const unnoticedMs = runningAt === null ? null : Math.max(0, at - runningAt);
    return {
      ...entry,
      ended: { ...outcome, calledBackAt, foundAt, totalMs: totalMs ?? 0, unnoticedMs },
      repeated: null,
    };
  }
  if (row.isRepeat !== 1) return { ...entry, ended: null, repeated: null };
  const isPoll = event === 'POLL_COMPLETED';
  const times = isPoll ? { calledBackAt: resolvedAt, foundAt: at } : { calledBackAt: at, foundAt };
  return { ...entry, ended: null, repeated: { ...outcome, ...times } };
}
