// The outcomes of executions as plots show them: their kinds, looks and words.

import type { OutcomeCounts } from '../../../stats/outcome-counts.ts';
import { number } from '../format.ts';

export const OUTCOMES = [
  { name: 'Completed', look: 'fill-good' },
  { name: 'Failed', look: 'fill-bad' },
  { name: 'Timed out', look: 'fill-warn' },
  { name: 'Cancelled', look: 'fill-calm' },
] as const;

/** Returns the counts of the outcomes in the order of `OUTCOMES`. */
export function outcomeValues({ byStatus }: Pick<OutcomeCounts, 'byStatus'>): number[] {
  const { COMPLETED, FAILED, REJECTED, NOT_FOUND, TIMEOUT, CANCELLED } = byStatus;
  return [COMPLETED, FAILED + REJECTED + NOT_FOUND, TIMEOUT, CANCELLED];
}

/** Returns `12 completed, 1 failed, 0 timed out, 0 cancelled`. */
export function describeOutcomes(counts: Pick<OutcomeCounts, 'byStatus'>): string {
  const values = outcomeValues(counts);
  return OUTCOMES.map(({ name }, index) => `${number(values[index] ?? 0)} ${name.toLowerCase()}`).join(', ');
}
