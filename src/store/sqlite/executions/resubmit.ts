// Submits an ended execution again: the new one, the link of the old one and the entries of both are one commit.

import { draftOf } from '../../../execution/event.ts';
import { whyNotResubmittable } from '../../../execution/resubmission.ts';
import type { ExecutionIntake, NewExecution, ResubmissionOrder, ResubmitResult } from '../../intake-port.ts';
import type { Change } from '../../port.ts';
import { movedSubmission } from '../../shared/moved-times.ts';
import type { AuditTrail } from '../audit/append.ts';
import { type Mutation, unchanged } from '../group-commit.ts';
import type { Statements } from '../statements.ts';
import type { InsertionTools } from './insert.ts';

interface ResubmissionTools extends InsertionTools {
  readonly append: AuditTrail['append'];
}

export function createResubmission(
  sql: Pick<Statements, 'byReference' | 'byCorrelationId' | 'link'>,
  { writer, accept, append, claims }: ResubmissionTools,
): Pick<ExecutionIntake, 'resubmit'> {
  function resubmit(
    reference: string,
    repetition: NewExecution,
    { by, reason }: ResubmissionOrder,
  ): Mutation<ResubmitResult | undefined, Change> {
    const original = sql.byReference(reference);
    if (original === undefined) return unchanged(undefined);
    const { correlationId: resubmissionOf, resubmittedAs } = original.execution;
    // promise: one-resubmission
    const earlier = resubmittedAs === null ? undefined : sql.byCorrelationId(resubmittedAs);
    if (earlier !== undefined) return unchanged({ outcome: 'replayed', execution: earlier.execution });
    const refusal = whyNotResubmittable(original.execution) ?? (original.payloadPrunedAt === null ? null : 'pruned');
    if (refusal !== null) return unchanged({ outcome: refusal });
    const execution = { ...repetition.execution, resubmissionOf };
    const { value, changes } = accept({ ...repetition, execution }, { resubmissionOf, by });
    if (value.outcome !== 'added') return unchanged(value);
    const linked = sql.link(original, execution.correlationId);
    const detail = { by, ...(reason === null ? {} : { reason }), resubmittedAs: execution.correlationId };
    const entry = append(linked, draftOf('RESUBMITTED', detail), execution.submittedAt);
    const link: Change = { execution: linked.execution, outcome: 'notification', entry };
    return { value, changes: [...changes, link] };
  }

  return {
    resubmit: (reference, repetition, order) => {
      const movedMs = claims.movedSince();
      return writer.mutate(() => resubmit(reference, movedSubmission(repetition, movedMs()), order));
    },
  };
}
