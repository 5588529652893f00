// What a reconciliation reports. Pure.

import type { Execution, Status } from '../../execution/execution.ts';
import { isoTime } from '../../lib/time.ts';
import type { RecordResult } from '../../store/port.ts';

/** So many of those that differ stand in the report; all of them stand in the trail. */
export const MAX_DIFFERENCES = 1_000;

export interface ReconcileRequest {
  /** Submitted at or after, milliseconds. */
  readonly from: number;
  /** Submitted before, milliseconds. */
  readonly to: number;
  readonly actionId?: string;
  readonly app?: string;
}

/**
 * `same`: CXone says what is known here. `late`: a result that is now kept as lateResult. `resolved`: an open execution has got
 * its outcome. `conflict`: another result than the one that had come meanwhile. `running`: CXone is still at it. `gone`: CXone no
 * longer knows it. `failed`: CXone gave no answer.
 */
export type ReconcileFinding = 'same' | 'late' | 'resolved' | 'conflict' | 'running' | 'gone' | 'failed';

export interface ReconcileDifference {
  readonly correlationId: string;
  /** As it stood here. */
  readonly status: Status;
  readonly finding: ReconcileFinding;
  /** What CXone says of it, where it gives a result. */
  readonly found: 'COMPLETED' | 'FAILED' | null;
}

export interface Reconciliation extends Required<Omit<ReconcileRequest, 'actionId' | 'app'>> {
  readonly id: string;
  readonly by: string;
  readonly actionId: string | null;
  readonly app: string | null;
  readonly status: 'RUNNING' | 'ENDED' | 'STOPPED';
  /** Why it stopped. */
  readonly reason: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** How much of the period has been looked through: 0 to 1. */
  readonly progress: number;
  /** `unaskable`: sent, ended without a result, and without a name at CXone. */
  readonly counts: Readonly<Record<ReconcileFinding | 'asked' | 'unaskable', number>>;
  /** The first of those for which CXone says something else. */
  readonly differs: readonly ReconcileDifference[];
}

/** @param said what the answer was: a result, a status that is none yet, unknown, or none at all. */
export function differenceOf(
  { correlationId, status }: Execution,
  recorded: RecordResult | undefined,
  said: 'told' | 'running' | 'gone' | 'failed',
): ReconcileDifference {
  const finding = findingOf(status, recorded, said);
  const { execution } = recorded ?? {};
  const kept = finding === 'resolved' ? execution?.status : execution?.lateResult?.status;
  const found = kept === 'COMPLETED' || kept === 'FAILED' ? kept : null;
  return { correlationId, status, finding, found: finding === 'late' || finding === 'resolved' ? found : null };
}

function findingOf(
  status: Status,
  recorded: RecordResult | undefined,
  said: 'told' | 'running' | 'gone' | 'failed',
): ReconcileFinding {
  switch (said) {
    case 'failed':
      return 'failed';
    case 'running':
      return 'running';
    case 'gone':
      return status === 'NOT_FOUND' ? 'same' : 'gone';
    case 'told':
      return toldOf(recorded?.outcome);
    default:
      return said satisfies never;
  }
}

function toldOf(outcome: RecordResult['outcome'] | undefined): ReconcileFinding {
  if (outcome === 'late' || outcome === 'resolved' || outcome === 'conflict') return outcome;
  return 'same';
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
