// Reads statistics in bounded batches: the audit trail entry by entry, and the executions of a period grouped by outcome.

import type { Database } from 'better-sqlite3';
import type { AuditEvent } from '../../../execution/event.ts';
import type { ResolvedBy, Status } from '../../../execution/execution.ts';
import type { OutcomeGroup, Statistics, StatisticsEntry } from '../../statistics-port.ts';
import { createUnknownWords } from '../executions/unknown-words.ts';
import { fromIso } from '../rows.ts';
import { rangeParameters, selectInRange, windowsOf } from './id-windows.ts';

interface TrailRow {
  readonly id: number;
  readonly timestamp: string;
  readonly event: AuditEvent;
  readonly repeats: number | null;
  readonly since: string | null;
  readonly actionId: string;
  readonly correlationId: string;
  readonly latencyMs: number | null;
  readonly httpStatus: number | null;
  readonly isEnd: 0 | 1;
  readonly isRepeat: 0 | 1;
  /** The columns of the execution are null unless the entry ends it or repeats its outcome. */
  readonly status: Status | null;
  readonly resolvedBy: ResolvedBy | null;
  readonly sentAt: string | null;
  readonly resolvedAt: string | null;
  readonly totalMs: number | null;
  readonly hintedAt: string | null;
  readonly runningAt: string | null;
  readonly runningLatencyMs: number | null;
}

/** When the event of an entry came; the last one, if the entry states counted repeats. */
const CAME_AT = "coalesce(a.detail ->> 'until', timestamp)";

const earlier = (events: string, what = CAME_AT) => `(SELECT ${what} FROM audit_events AS a
  WHERE a.correlation_id = t.correlation_id AND a.id < t.id AND a.event IN (${events}) ORDER BY a.id DESC LIMIT 1)`;

const CALLED_BACK_AGAIN = "'CALLBACK_DUPLICATE', 'CALLBACK_CONFLICT', 'CALLBACK_LATE'";
const RUNNING = "'SUBMITTED', 'POLL_PROGRESS', 'CALLBACK_PROGRESS'";

/** Executions, and earlier entries of an execution, are looked up only where an entry needs them. */
const TRAIL = `
WITH t AS (
  SELECT id, timestamp, event, action_id, correlation_id, latency_ms, http_status, detail ->> 'repeats' AS repeats,
    CASE WHEN detail ->> 'repeats' > 0 THEN detail ->> 'since' END AS since,
    detail ->> 'outcomeSha256' IS NOT NULL AS is_end,
    event IN (${CALLED_BACK_AGAIN}) AS is_late_callback, event = 'POLL_COMPLETED' AS is_poll
  FROM audit_events WHERE id > @after ORDER BY id LIMIT @limit
)
SELECT t.id, t.timestamp, t.event, t.repeats, t.since, t.action_id AS actionId, t.correlation_id AS correlationId, t.latency_ms AS latencyMs, t.http_status AS httpStatus,
  is_end AS isEnd, status, resolved_by AS resolvedBy, sent_at AS sentAt, resolved_at AS resolvedAt, total_latency_ms AS totalMs,
  CASE
    WHEN is_end THEN 0
    WHEN is_late_callback THEN resolved_by <> 'callback' AND ${earlier(`'CALLBACK_HINT', ${CALLED_BACK_AGAIN}`)} IS NULL
    WHEN is_poll THEN resolved_by = 'callback' AND ${earlier("'POLL_COMPLETED'")} IS NULL
    ELSE 0
  END AS isRepeat,
  CASE WHEN is_end AND resolved_by <> 'callback' THEN ${earlier("'CALLBACK_HINT'")} END AS hintedAt,
  CASE WHEN is_end AND resolved_by = 'poll' THEN ${earlier(RUNNING)} END AS runningAt,
  CASE WHEN is_end AND resolved_by = 'poll' THEN ${earlier(RUNNING, 'latency_ms')} END AS runningLatencyMs
FROM t LEFT JOIN executions AS e
  ON e.correlation_id = CASE WHEN is_end OR is_late_callback OR is_poll THEN t.correlation_id END
ORDER BY t.id`;

const GROUP = `action_id AS actionId, status, resolved_by AS resolvedBy, sent_at IS NOT NULL AS sent,
  late_result IS NOT NULL AS late, total_latency_ms AS ms, count(*) AS count`;

export function createStatistics(client: Database): Statistics {
  const words = createUnknownWords(client);
  const trail = client.prepare<[{ after: number; limit: number }], TrailRow>(TRAIL);

  function* outcomesOf(period: Parameters<Statistics['outcomesOf']>[0]): Generator<readonly OutcomeGroup[]> {
    const { actionId } = period;
    const ofAction = actionId === undefined ? '' : ' AND action_id = @actionId';
    const groups = client.prepare<[object], OutcomeGroup>(
      `${selectInRange(GROUP, period)}${ofAction} GROUP BY action_id, status, resolved_by, sent, late, ms`,
    );
    const bound = { ...rangeParameters(period), ...(actionId === undefined ? {} : { actionId }) };
    for (const { low, high } of windowsOf(client, period, 'oldest-first')) yield groups.all({ ...bound, low, high });
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
  const {
    id,
    event,
    repeats,
    actionId,
    correlationId,
    latencyMs,
    httpStatus,
    status,
    resolvedBy,
    totalMs,
    runningLatencyMs,
  } = row;
  const [at, resolvedAt] = [Date.parse(row.timestamp), fromIso(row.resolvedAt)];
  const since = fromIso(row.since);
  const entry = { id, timestamp: at, event, repeats, since, actionId, correlationId, latencyMs, httpStatus };
  // An execution may have been pruned before its last entry.
  if (status === null) return { ...entry, ended: null, repeated: null };
  const outcome = { actionId, status, resolvedBy, sentAt: fromIso(row.sentAt), resolvedAt };
  const foundAt = resolvedBy === 'poll' && status !== 'NOT_FOUND' ? resolvedAt : null;
  if (row.isEnd === 1) {
    const calledBackAt = resolvedBy === 'callback' ? resolvedAt : fromIso(row.hintedAt);
    // CXone read the status between request and response; the time of the request is the safe bound.
    const runningAt = row.runningAt === null ? null : Date.parse(row.runningAt) - (runningLatencyMs ?? 0);
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
