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

/** Returns `12 completed, 1 failed`: the kinds that occurred. */
export function describeOutcomes(counts: Pick<OutcomeCounts, 'byStatus'>): string {
  return describeCounts(outcomeValues(counts), OUTCOMES);
}

/** Returns the counts that are not 0 in words, or `none`. */
export function describeCounts(values: readonly number[], kinds: readonly { readonly name: string }[]): string {
  const words = kinds.flatMap(({ name }, index) => {
    const value = values[index] ?? 0;
    return value === 0 ? [] : [`${number(value)} ${name.toLowerCase()}`];
  });
  return words.length === 0 ? 'none' : words.join(', ');
}
