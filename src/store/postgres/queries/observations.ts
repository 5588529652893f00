// Reads the course of past executions, and the executions in doubt, in bounded ranges of references.

import { hasPollAddress } from '../../../execution/execution.ts';
import type { DoubtfulQuery, Observation, ObservationQuery, Observations } from '../../observations-port.ts';
import { resolverOf, STATUS_CODES, statusOf } from '../../shared/codes.ts';
import type { Reads } from '../../shared/reads.ts';
import { timeOfReference } from '../../shared/reference-times.ts';
import type { SnakeCase } from '../../shared/snake-case.ts';
import {
  type ArrivalFacts,
  arrivalFactsIn,
  SELECT_EXECUTION,
  type StoredRow,
  toExecution,
} from '../batch/aggregate.ts';
import { leastReferenceAt } from '../executions/uuid-bounds.ts';
import { arrivalTimes } from '../rollups/tally.ts';

/** Number of executions that one page scans, which takes a few milliseconds. */
const PAGE = 1_000;

type Observed = 'actionId' | 'sentAt' | 'resolvedAt' | 'graceSeconds' | 'timeoutSeconds' | 'pollCount';

export interface ObservedRow extends SnakeCase<Pick<Observation, Observed> & ArrivalFacts> {
  readonly reference: string;
  readonly status: number;
  readonly resolved_by: number | null;
  readonly execution_id: string | null;
  readonly poll_url: string | null;
}

const { UNCONFIRMED, REJECTED, NOT_FOUND, TIMEOUT, CANCELLED } = STATUS_CODES;

export const OBSERVED = `SELECT reference, action_id, status, resolved_by, sent_at, resolved_at, grace_seconds, timeout_seconds,
  poll_count, execution_id, poll_url, hinted_at, called_back_at, poll_completed_at FROM execution_rows`;

const OF_ACTION = (column: string) => `($3::text IS NULL OR ${column} = $3)`;

const OBSERVED_IN = `${OBSERVED} WHERE reference >= $1 AND reference < $2 AND ${OF_ACTION('action_id')} AND sent_at IS NOT NULL
  ORDER BY reference DESC`;

/** Sent and ended without a result, or rejected when an attempt before may have run; or handed to the network, with an id at CXone that only an unverified callback named. */
// promise: postgres/reconcile-asks-all-in-doubt
const IN_DOUBT = `(o.late_result IS NULL AND r.erased_at IS NULL AND r.sent_at IS NOT NULL
    AND (r.status IN (${TIMEOUT}, ${NOT_FOUND}, ${CANCELLED}) OR r.status = ${REJECTED} AND r.attempts > 1 AND r.retry_uncertain)
  OR r.status = ${UNCONFIRMED} AND (r.execution_id IS NOT NULL OR r.poll_url IS NOT NULL))`;

const DOUBTED_IN = `${SELECT_EXECUTION} WHERE r.reference > $1 AND r.reference <= $2 AND ${OF_ACTION('r.action_id')}
  AND ($4::text IS NULL OR r.app = $4) AND ${IN_DOUBT} ORDER BY r.reference`;

/** The last reference of a full page; no row when fewer executions remain. */
const EDGE = {
  DESC: `SELECT reference FROM execution_rows WHERE reference >= $1 AND reference < $2
    ORDER BY reference DESC LIMIT 1 OFFSET ${PAGE - 1}`,
  ASC: `SELECT reference FROM execution_rows WHERE reference > $1 AND reference < $2
    ORDER BY reference LIMIT 1 OFFSET ${PAGE - 1}`,
};

export function createObservations(reads: Reads): Observations {
  async function edge(direction: keyof typeof EDGE, low: string, high: string): Promise<string | null> {
    const row = await reads.first<{ reference: string }>(EDGE[direction], [low, high]);
    return row === undefined ? null : row.reference;
  }

  return {
    observe: async (query: ObservationQuery) => {
      const { from, to, before, actionId = null } = query;
      const [low, high] = [leastReferenceAt(from), before ?? leastReferenceAt(to)];
      const next = await edge('DESC', low, high);
      const rows = await reads.all<ObservedRow>(OBSERVED_IN, [next ?? low, high, actionId]);
      return { items: rows.map(toObservation), next };
    },
    doubtful: async (query: DoubtfulQuery) => {
      const { from, to, actionId = null, app = null, after } = query;
      const [low, high] = [after ?? leastReferenceAt(from), leastReferenceAt(to)];
      const next = await edge('ASC', low, high);
      const values = [low, next ?? high, actionId, app];
      const executions = (await reads.all<StoredRow>(DOUBTED_IN, values)).map(toExecution);
      const items = executions.filter(hasPollAddress);
      const reachedAt = next === null ? null : timeOfReference(next);
      return { items, unpollable: executions.length - items.length, next, reachedAt };
    },
  };
}

export function toObservation(row: ObservedRow): Observation {
  const [status, resolvedBy] = [statusOf(row.status), resolverOf(row.resolved_by)];
  const { resolved_at: resolvedAt, poll_count: pollCount } = row;
  return {
    ...{ actionId: row.action_id, status, resolvedBy, sentAt: row.sent_at, resolvedAt, pollCount },
    ...{ graceSeconds: row.grace_seconds, timeoutSeconds: row.timeout_seconds },
    pollable: row.execution_id !== null || row.poll_url !== null,
    ...arrivalTimes({ status, resolvedBy, resolvedAt, pollCount }, arrivalFactsIn(row)),
  };
}
