// Reads statistics in bounded batches: the audit trail entry by entry, and the executions of a period grouped by outcome.

import { EVENT_CODES, eventOf, RESOLVED_BY_CODES, resolverOf, statusOf } from '../../shared/codes.ts';
import { conditions } from '../../shared/conditions.ts';
import type { Reads } from '../../shared/reads.ts';
import {
  OUTCOMES_BATCH,
  type OutcomeGroup,
  type Statistics,
  type StatisticsEntry,
  type SubmittedPeriod,
} from '../../statistics-port.ts';
import { LAST_REFERENCE, leastReferenceAt } from '../executions/uuid-bounds.ts';

interface TrailRow {
  readonly id: number;
  readonly at: number;
  readonly event: number;
  readonly repeats: number | null;
  readonly since: number | null;
  readonly actionId: string;
  readonly correlationId: string;
  readonly latencyMs: number | null;
  readonly httpStatus: number | null;
  readonly isEnd: boolean;
  readonly isRepeat: boolean;
  /** The columns of the execution are null unless the entry ends it or repeats its outcome. */
  readonly status: number | null;
  readonly resolvedBy: number | null;
  readonly sentAt: number | null;
  readonly resolvedAt: number | null;
  readonly totalMs: number | null;
  readonly hintedAt: number | null;
  readonly runningAt: number | null;
  readonly runningLatencyMs: number | null;
}

/** When the event of an entry came; the last one, if the entry states counted repeats. */
const CAME_AT = 'coalesce(a.until, a.at)';

const earlier = (events: string, what = CAME_AT) => `(SELECT ${what} FROM audit_rows AS a
  WHERE a.execution = t.execution AND a.id < t.id AND a.event IN (${events}) ORDER BY a.id DESC LIMIT 1)`;

const codesOf = (...events: readonly (keyof typeof EVENT_CODES)[]) =>
  events.map((event) => EVENT_CODES[event]).join(', ');
const CALLED_BACK_AGAIN = codesOf('CALLBACK_DUPLICATE', 'CALLBACK_CONFLICT', 'CALLBACK_LATE');
const HINT = codesOf('CALLBACK_HINT');
const POLL_COMPLETED = codesOf('POLL_COMPLETED');
const RUNNING = codesOf('SUBMITTED', 'POLL_PROGRESS', 'CALLBACK_PROGRESS');
const { callback: BY_CALLBACK, poll: BY_POLL } = RESOLVED_BY_CODES;

/** Parameters: the id behind which it reads, and the number of entries. */
const TRAIL = `WITH t AS (
    SELECT id, at, event, execution, latency_ms, http_status, repeats, since, coalesce(ends, false) AS is_end,
      event IN (${CALLED_BACK_AGAIN}) AS is_late_callback, event = ${POLL_COMPLETED} AS is_poll
    FROM audit_rows WHERE id > $1 ORDER BY id LIMIT $2
  )
  SELECT t.id, t.at, t.event, t.repeats, CASE WHEN t.repeats > 0 THEN t.since END AS since, n.action_id AS "actionId",
    n.correlation_id AS "correlationId", t.latency_ms AS "latencyMs", t.http_status AS "httpStatus", t.is_end AS "isEnd", e.status,
    e.resolved_by AS "resolvedBy", e.sent_at AS "sentAt", e.resolved_at AS "resolvedAt",
    greatest(0, e.resolved_at - e.submitted_at) AS "totalMs",
    coalesce(CASE
      WHEN t.is_end THEN false
      WHEN t.is_late_callback THEN e.resolved_by <> ${BY_CALLBACK} AND ${earlier(`${HINT}, ${CALLED_BACK_AGAIN}`)} IS NULL
      WHEN t.is_poll THEN e.resolved_by = ${BY_CALLBACK} AND ${earlier(POLL_COMPLETED)} IS NULL
      ELSE false
    END, false) AS "isRepeat",
    CASE WHEN t.is_end AND e.resolved_by <> ${BY_CALLBACK} THEN ${earlier(HINT)} END AS "hintedAt",
    CASE WHEN t.is_end AND e.resolved_by = ${BY_POLL} THEN ${earlier(RUNNING)} END AS "runningAt",
    CASE WHEN t.is_end AND e.resolved_by = ${BY_POLL} THEN ${earlier(RUNNING, 'a.latency_ms')} END AS "runningLatencyMs"
  FROM t JOIN execution_rows AS n ON n.id = t.execution
    LEFT JOIN execution_rows AS e ON e.id = CASE WHEN t.is_end OR t.is_late_callback OR t.is_poll THEN t.execution END
  ORDER BY t.id`;

const GROUP = `SELECT r.action_id AS "actionId", r.status, r.resolved_by AS "resolvedBy", (r.sent_at IS NOT NULL)::integer AS sent,
  (o.late_result IS NOT NULL)::integer AS late,
  CASE WHEN r.resolved_at IS NOT NULL THEN greatest(0, r.resolved_at - r.submitted_at) END AS ms, count(*) AS count
  FROM execution_rows AS r LEFT JOIN outcome_rows AS o ON o.id = r.id`;

type GroupRow = Omit<OutcomeGroup, 'status' | 'resolvedBy'> & {
  readonly status: number;
  readonly resolvedBy: number | null;
} & Record<string, unknown>;

export function createStatistics(reads: Reads): Omit<Statistics, 'unknownWords'> {
  /** Executions submitted after the start are not included, so that it ends under load too. */
  async function* outcomesOf({ from = 0, to, app, actionId }: SubmittedPeriod) {
    const newest = await reads.first<{ reference: string }>(
      'SELECT reference FROM execution_rows ORDER BY reference DESC LIMIT 1',
    );
    const end = to === undefined ? LAST_REFERENCE : leastReferenceAt(to);
    for (let low: string | null = leastReferenceAt(from); low !== null; ) {
      const range = conditions();
      range.add('r.reference >=', low);
      range.add('r.reference <', end);
      range.add('r.reference <=', newest?.reference ?? low);
      if (app !== undefined) range.add('r.app =', app);
      const edge: { reference: string } | undefined = await reads.first<{ reference: string }>(
        `SELECT r.reference FROM execution_rows AS r ${range.where()} ORDER BY r.reference LIMIT 1 OFFSET ${OUTCOMES_BATCH}`,
        range.values,
      );
      if (edge !== undefined) range.add('r.reference <', edge.reference);
      if (actionId !== undefined) range.add('r.action_id =', actionId);
      const rows = await reads.all<GroupRow>(`${GROUP} ${range.where()} GROUP BY 1, 2, 3, 4, 5, 6`, range.values);
      yield rows.map((row) => ({ ...row, status: statusOf(row.status), resolvedBy: resolverOf(row.resolvedBy) }));
      low = edge?.reference ?? null;
    }
  }

  return {
    statisticsAfter: async (after, limit) => {
      const rows = await reads.all<TrailRow>(TRAIL, [after, limit]);
      return { entries: rows.map(toEntry), through: rows.at(-1)?.id ?? after, atEnd: rows.length < limit };
    },
    outcomesOf,
  };
}

function toEntry(row: TrailRow): StatisticsEntry {
  const { id, at, repeats, actionId, correlationId, latencyMs, httpStatus, sentAt, resolvedAt, totalMs } = row;
  const event = eventOf(row.event);
  const entry = { id, timestamp: at, event, repeats, since: row.since, actionId, correlationId, latencyMs, httpStatus };
  if (row.status === null) return { ...entry, ended: null, repeated: null };
  const [status, resolvedBy] = [statusOf(row.status), resolverOf(row.resolvedBy)];
  const outcome = { actionId, status, resolvedBy, sentAt, resolvedAt };
  const foundAt = resolvedBy === 'poll' && status !== 'NOT_FOUND' ? resolvedAt : null;
  if (row.isEnd) {
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
  if (!row.isRepeat) return { ...entry, ended: null, repeated: null };
  const times = event === 'POLL_COMPLETED' ? { calledBackAt: resolvedAt, foundAt: at } : { calledBackAt: at, foundAt };
  return { ...entry, ended: null, repeated: { ...outcome, ...times } };
}
