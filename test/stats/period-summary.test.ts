// The summary of a period lists actions in the same order, whatever store has counted them.

import { expect, test } from 'vitest';
import { createPeriodSummary } from '../../src/stats/period-summary.ts';

test.for([
  ['charge', 'refund', 'look-up'],
  ['look-up', 'refund', 'charge'],
])('the busiest action comes first, and equally busy ones are in the order of their names: %s, %s, %s', (ids) => {
  const summary = createPeriodSummary();
  for (const id of ids) summary.addOpen(id, id === 'look-up' ? 3 : 2);
  expect(summary.read().actions.map(({ actionId }) => actionId)).toEqual(['look-up', 'charge', 'refund']);
});
