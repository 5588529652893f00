// Reads the course of past executions, and the executions in doubt, in bounded ranges of references.

import type { Database } from 'better-sqlite3';
import { hasPollAddress, type ResolvedBy, type Status } from '../../../execution/execution.ts';
import type { DoubtfulQuery, Observation, ObservationQuery, Observations } from '../../observations-port.ts';
import { firstReferenceAt } from '../executions/uuid-range.ts';
import { fromIso, type StateRow, toExecution } from '../rows.ts';
import { SELECT_STATE } from '../statements.ts';

/** Number of executions that one page scans, which takes a few milliseconds. */
const PAGE = 1_000;

type ObservedRow = Pick<
  StateRow,
  'actionId' | 'status' | 'resolvedBy' | 'sentAt' | 'resolvedAt' | 'executionId' | 'pollUrl'
> &
  Pick<StateRow, 'graceSeconds' | 'timeoutSeconds' | 'pollCount'> & {
    readonly calledBackAt: string | null;
    readonly foundAt: string | null;
  };

interface Ends {
  readonly low: string;
  readonly high: string;
}

/** Reads the trail only where the row lacks the time of a callback or poll, which is rare. */
const OBSERVED = `
SELECT action_id AS actionId, status, resolved_by AS resolvedBy, sent_at AS sentAt, resolved_at AS resolvedAt,
  execution_id AS executionId, poll_url AS pollUrl, grace_seconds AS graceSeconds, timeout_seconds AS timeoutSeconds, poll_count AS pollCount,
  CASE WHEN resolved_by = 'callback' THEN resolved_at ELSE coalesce(
    (SELECT max(timestamp) FROM audit_events AS a WHERE a.correlation_id = e.correlation_id
      AND a.event = 'CALLBACK_HINT' AND a.timestamp <= e.resolved_at),
    (SELECT min(timestamp) FROM audit_events AS a WHERE a.correlation_id = e.correlation_id
      AND a.event IN ('CALLBACK_DUPLICATE', 'CALLBACK_CONFLICT', 'CALLBACK_LATE'))
  ) END AS calledBackAt,
  CASE WHEN resolved_by = 'poll' AND status <> 'NOT_FOUND' THEN resolved_at WHEN poll_count > 0 THEN
    (SELECT min(timestamp) FROM audit_events AS a WHERE a.correlation_id = e.correlation_id AND a.event = 'POLL_COMPLETED')
  END AS foundAt
FROM executions AS e`;

/** Sent and ended without a result; or handed to the network, with an id at CXone that only an unverified callback named. */
// promise: reconcile-asks-all-in-doubt
const IN_DOUBT = `(late_result IS NULL AND erased_at IS NULL AND sent_at IS NOT NULL AND status IN ('TIMEOUT', 'NOT_FOUND', 'CANCELLED')
  OR status = 'UNCONFIRMED' AND (execution_id IS NOT NULL OR poll_url IS NOT NULL))`;

export function createObservations(client: Database): Observations {
  const edges = {
    DESC: edge(client, 'reference >= @low AND reference < @high ORDER BY reference DESC'),
    ASC: edge(client, 'reference > @low AND reference < @high ORDER BY reference ASC'),
  };
  const ofAction = '(@actionId IS NULL OR action_id = @actionId)';
  const observed = client.prepare<[object], ObservedRow>(
    `${OBSERVED} WHERE reference >= @low AND reference < @high AND ${ofAction} AND sent_at IS NOT NULL
      ORDER BY reference DESC`,
  );
  const doubted = client.prepare<[object], StateRow>(
    `${SELECT_STATE} WHERE reference > @low AND reference <= @high AND ${ofAction} AND (@app IS NULL OR app = @app) AND ${IN_DOUBT}
      ORDER BY reference`,
  );

  function observe(query: ObservationQuery) {
    const { from, to, before } = query;
    const actionId = query.actionId ?? null;
    const ends = { low: firstReferenceAt(from), high: before ?? firstReferenceAt(to) };
    const next = edges.DESC.get(ends) ?? null;
    const rows = observed.all({ low: next ?? ends.low, high: ends.high, actionId });
    return { items: rows.map(toObservation), next };
  }

  function doubtful(query: DoubtfulQuery) {
    const { from, to, actionId = null, app = null, after } = query;
    const ends = { low: after ?? firstReferenceAt(from), high: firstReferenceAt(to) };
    const next = edges.ASC.get(ends) ?? null;
    const executions = doubted.all({ low: ends.low, high: next ?? ends.high, actionId, app }).map(toExecution);
    const items = executions.filter(hasPollAddress);
    return {
      items,
      unpollable: executions.length - items.length,
      next,
      reachedAt: next === null ? null : timeOf(next),
    };
  }

  return { observe: async (query) => observe(query), doubtful: async (query) => doubtful(query) };
}

/** Prepares the query for the last reference of a full page; it has no row when fewer executions remain. */
function edge(client: Database, range: string) {
  return client
    .prepare<[Ends], string>(`SELECT reference FROM executions WHERE ${range} LIMIT 1 OFFSET ${PAGE - 1}`)
    .pluck();
}

function toObservation(row: ObservedRow): Observation {
  const { actionId, graceSeconds, timeoutSeconds, pollCount } = row;
  return {
    actionId,
    graceSeconds,
    timeoutSeconds,
    pollCount,
    status: row.status as Status,
    resolvedBy: row.resolvedBy as ResolvedBy | null,
    sentAt: fromIso(row.sentAt),
    resolvedAt: fromIso(row.resolvedAt),
    pollable: hasPollAddress(row),
    calledBackAt: fromIso(row.calledBackAt),
    foundAt: fromIso(row.foundAt),
  };
}

function timeOf(reference: string): number {
  return Number.parseInt(reference.slice(0, 8) + reference.slice(9, 13), 16);
}
