// What is published together is measured together.

import { expect, test } from 'vitest';
import { areWhole } from '../../bench/publications.ts';

const ALL = ['throughput', 'latency', 'postgres', 'snapshot', 'growth'];

test.for([
  [['postgres'], true],
  [['throughput', 'latency'], true],
  [ALL, true],
  [['throughput', 'latency', 'postgres'], true],
  [['snapshot', 'growth'], true],
  [['growth'], false],
  [['throughput'], false],
  [['throughput', 'postgres'], false],
] as const)('%j alone loses no row: %s', ([chosen, isWhole]) => {
  expect(areWhole(chosen, ALL)).toBe(isWhole);
});
