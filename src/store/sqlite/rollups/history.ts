// Reads what the roll-ups count of stored executions.

import { resolverOf, statusOf } from '../../shared/codes.ts';
import type { Counted } from '../../shared/rollup-keys.ts';
import { uuidText } from '../rows.ts';
import { ARRIVAL_TIMES, type ArrivalTimes } from './arrival-times.ts';

export interface CountedRow
  extends ArrivalTimes,
    Omit<Counted, 'reference' | 'status' | 'resolvedBy' | 'hasLateResult'> {
  readonly reference: unknown;
  readonly status: unknown;
  readonly resolvedBy: unknown;
  readonly late: 0 | 1;
}

/** A condition follows. */
export const COUNTED = `
SELECT reference, app, action_id AS actionId, status, resolved_by AS resolvedBy, sent_at AS sentAt, resolved_at AS resolvedAt,
  max(0, resolved_at - submitted_at) AS totalMs,
  EXISTS (SELECT 1 FROM outcome_rows AS o WHERE o.id = e.outcome AND o.late_result IS NOT NULL) AS late, ${ARRIVAL_TIMES}
FROM execution_rows AS e WHERE status <> 0`;

export function toCounted(row: CountedRow): { readonly counted: Counted; readonly times: ArrivalTimes } {
  const { reference, status, resolvedBy, late, calledBackAt, foundAt, ...same } = row;
  const words = { status: statusOf(status), resolvedBy: resolverOf(resolvedBy) };
  return {
    counted: { ...same, ...words, reference: uuidText(reference), hasLateResult: late === 1 },
    times: { calledBackAt, foundAt },
  };
}
