// Report of a reconciliation. Pure.

import type { Execution, Status } from '../../execution/execution.ts';
import { isoTime } from '../../lib/time.ts';
import type { DoubtfulQuery } from '../../store/observations-port.ts';
import type { Polled } from '../poll-once.ts';

/** Differences in the report, the first ones; the audit trail has all of them. */
export const MAX_DIFFERENCES = 1_000;

export type ReconcileRequest = Omit<DoubtfulQuery, 'after'>;

/**
 * `same`: CXone confirms the outcome. `late`: the result is now kept as lateResult. `resolved`: an open execution has its
 * outcome. `conflict`: the result differs from the recorded one. `running`: the execution still runs at CXone. `gone`: CXone
 * no longer knows the execution. `failed`: the poll got no usable response.
 */
export type ReconcileFinding = 'same' | 'late' | 'resolved' | 'conflict' | 'running' | 'gone' | 'failed';

export interface ReconcileDifference {
  readonly correlationId: string;
  /** Status before the poll. */
  readonly status: Status;
  readonly finding: ReconcileFinding;
  /** Status of the result that CXone returned, if any. */
  readonly found: 'COMPLETED' | 'FAILED' | null;
}

export interface Reconciliation extends Required<Omit<ReconcileRequest, 'actionId' | 'app'>> {
  readonly id: string;
  readonly by: string;
  readonly actionId: string | null;
  readonly app: string | null;
  readonly status: 'RUNNING' | 'ENDED' | 'STOPPED';
  /** Why the reconciliation stopped early. */
  readonly reason: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Share of the period that has been scanned, 0 to 1. */
  readonly progress: number;
  /** `asked`: polled. `unaskable`: sent and ended without a result, but without an executionId to poll. */
  readonly counts: Readonly<Record<ReconcileFinding | 'asked' | 'unaskable', number>>;
  /** The first executions for which CXone reports something else. */
  readonly differs: readonly ReconcileDifference[];
}

/** Compares an execution, as it was before the poll, with the response of CXone. */
export function differenceOf(execution: Execution, polled: Polled): ReconcileDifference {
  const { correlationId, status } = execution;
  const finding = findingOf(status, polled);
  const after = polled.recorded?.execution;
  const outcomes: Partial<Record<ReconcileFinding, Status | undefined>> = {
    resolved: after?.status,
    late: after?.lateResult?.status,
  };
  const outcome = outcomes[finding];
  return { correlationId, status, finding, found: outcome === 'COMPLETED' || outcome === 'FAILED' ? outcome : null };
}

function findingOf(status: Status, { response, recorded }: Polled): ReconcileFinding {
  if (response.type === 'failed' || recorded?.outcome === 'mismatch') return 'failed';
  if (response.type === 'not-found') return status === 'NOT_FOUND' ? 'same' : 'gone';
  if (response.report.kind === 'progress') return 'running';
  const outcome = recorded?.outcome;
  return outcome === 'late' || outcome === 'resolved' || outcome === 'conflict' ? outcome : 'same';
}

export function representReconciliation(reconciliation: Reconciliation) {
  const { id, by, actionId, app, status, reason, progress, counts, differs } = reconciliation;
  return {
    id,
    by,
    from: isoTime(reconciliation.from),
    to: isoTime(reconciliation.to),
    actionId,
    app,
    status,
    reason,
    startedAt: isoTime(reconciliation.startedAt),
    endedAt: reconciliation.endedAt === null ? null : isoTime(reconciliation.endedAt),
    progress,
    counts,
    differs,
  };
}
