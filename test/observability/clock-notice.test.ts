// When the difference of clocks is a problem, and in which words.

import { expect, test } from 'vitest';
import { clockDifferenceProblem } from '../../src/observability/clock-notice.ts';

test.for([0, 2_000, -2_000])('a difference of %i ms is none', (aheadMs) => {
  expect(clockDifferenceProblem(aheadMs)).toBe(null);
});

test.for([
  [2_060, '2.1 s ahead of'],
  [-86_400_000, '86400.0 s behind'],
] as const)('a difference of %i ms is stated with its direction and the remedy', ([aheadMs, words]) => {
  expect(clockDifferenceProblem(aheadMs)).toBe(
    `the clock of this machine is ${words} the clock of the database: set both right (NTP)`,
  );
});
