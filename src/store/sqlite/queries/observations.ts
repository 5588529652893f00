// Reads the course of past executions, and the executions in doubt, in bounded ranges of references.

import type { Database } from 'better-sqlite3';
import { hasPollAddress } from '../../../execution/execution.ts';
import type { DoubtfulQuery, Observation, ObservationQuery, Observations } from '../../observations-port.ts';
import { resolverOf, STATUS_CODES, statusOf } from '../../shared/codes.ts';
import { firstReferenceAt, timeOfReference } from '../../shared/reference-times.ts';
import { executionRow, SELECT_STORED, type Values } from '../executions/execution-row.ts';
import { referenceBound as bound } from '../executions/uuid-range.ts';
import { ARRIVAL_TIMES } from '../rollups/arrival-times.ts';
import { uuidText } from '../rows.ts';

/** Number of executions that one page scans, which takes a few milliseconds. */
const PAGE = 1_000;

export interface ObservedRow extends Omit<Observation, 'status' | 'resolvedBy' | 'pollable'> {
  readonly reference: unknown;
  readonly status: unknown;
  readonly resolvedBy: unknown;
  readonly isPollable: 0 | 1;
}

interface Ends {
  readonly low: Buffer | string;
  readonly high: Buffer | string;
}

const { UNCONFIRMED, REJECTED, NOT_FOUND, TIMEOUT, CANCELLED } = STATUS_CODES;

export const OBSERVED = `
SELECT reference, action_id AS actionId, status, resolved_by AS resolvedBy, sent_at AS sentAt, resolved_at AS resolvedAt,
  coalesce(nullif(coalesce(other_execution_id, execution_id), 0), poll_url) IS NOT NULL AS isPollable,
  grace_seconds AS graceSeconds, timeout_seconds AS timeoutSeconds, poll_count AS pollCount, ${ARRIVAL_TIMES}
FROM execution_rows AS e`;

/** Sent and ended without a result, or rejected when an attempt before may have run; or handed to the network, with an id at CXone that only an unverified callback named. */
// promise: reconcile-asks-all-in-doubt
const IN_DOUBT = `((SELECT late_result FROM outcome_rows WHERE id = outcome) IS NULL AND erased_at IS NULL AND sent_at IS NOT NULL
    AND (status IN (${TIMEOUT}, ${NOT_FOUND}, ${CANCELLED}) OR status = ${REJECTED} AND attempts > 1 AND retry_uncertain = 1)
  OR status = ${UNCONFIRMED} AND (nullif(coalesce(other_execution_id, execution_id), 0) IS NOT NULL OR poll_url IS NOT NULL))`;

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
  const doubted = client
    .prepare<[object], Values>(
      `${SELECT_STORED} WHERE reference > @low AND reference <= @high AND ${ofAction} AND (@app IS NULL OR app = @app)
        AND ${IN_DOUBT} ORDER BY reference`,
    )
    .raw();

  function observe(query: ObservationQuery) {
    const { from, to, before } = query;
    const actionId = query.actionId ?? null;
    const ends = { low: bound(firstReferenceAt(from)), high: bound(before ?? firstReferenceAt(to)) };
    const next = edges.DESC.get(ends) ?? null;
    const rows = observed.all({ low: next ?? ends.low, high: ends.high, actionId });
    return { items: rows.map(toObservation), next: next === null ? null : uuidText(next) };
  }

  function doubtful(query: DoubtfulQuery) {
    const { from, to, actionId = null, app = null, after } = query;
    const ends = { low: bound(after ?? firstReferenceAt(from)), high: bound(firstReferenceAt(to)) };
    const next = edges.ASC.get(ends) ?? null;
    const executions = doubted
      .all({ low: ends.low, high: next ?? ends.high, actionId, app })
      .map((values) => executionRow(values).execution);
    const items = executions.filter(hasPollAddress);
    return {
      items,
      unpollable: executions.length - items.length,
      next: next === null ? null : uuidText(next),
      reachedAt: next === null ? null : timeOfReference(uuidText(next)),
    };
  }

  return { observe: async (query) => observe(query), doubtful: async (query) => doubtful(query) };
}

/** Prepares the query for the last reference of a full page; it has no row when fewer executions remain. */
function edge(client: Database, range: string) {
  return client
    .prepare<[Ends], Buffer | string>(`SELECT reference FROM execution_rows WHERE ${range} LIMIT 1 OFFSET ${PAGE - 1}`)
    .pluck();
}

export function toObservation(row: ObservedRow): Observation {
  const { reference: _reference, status, resolvedBy, isPollable, ...same } = row;
  return { ...same, status: statusOf(status), resolvedBy: resolverOf(resolvedBy), pollable: isPollable === 1 };
}
