// The chart of the measure on PostgreSQL: a dot for each figure with a goal, right of the line if the goal is reached.

import { expect, test } from 'vitest';
import type { Machine } from '../../bench/machine.ts';
import type { Goal, Row } from '../../bench/measure.ts';
import { plotPostgres } from '../../bench/postgres/plot.ts';

const MACHINE: Machine = {
  ...{ cpu: 'EPYC', cores: 2, memoryGib: 24, node: 'v24.1.0', sqlite: '3.54.0', fdatasyncsPerSecond: 900 },
  quick: false,
};

function row(measure: string, median: number, goal: Goal | null, note?: string): Row {
  const value = { median, q1: median * 0.9, q3: median * 1.1, samples: 12 };
  const context = { server: 'PostgreSQL 15.18' };
  return { measure, beside: 'it', goal, value, unit: 'times', context, ...(note === undefined ? {} : { note }) };
}

const ROWS: readonly Row[] = [
  row('callbacks/s', 4, { atLeast: 3 }),
  row('CPU', 0.4, { atMost: 0.2 }),
  row('submissions/s', 5, { atLeast: 5 }, 'too noisy to claim: it'),
  row('context', 7, null),
];

const BLUE = '#2a8fbd';
const RED = '#c4622d';
const GREY = '#a0a7af';

/** Returns the horizontal middle of the dot with this colour. */
function middleOf(svg: string, colour: string): number {
  return Number(new RegExp(`<circle cx="([^"]+)"[^>]*fill="${colour}"`).exec(svg)?.[1]);
}

test('each figure with a goal has a dot, of which the colour is the verdict', () => {
  const svg = plotPostgres(ROWS, MACHINE);
  expect(svg.match(/<circle /g)).toHaveLength(3);
  for (const colour of [BLUE, RED, GREY]) expect(svg.split(`fill="${colour}"`)).toHaveLength(2);
  expect(svg).toContain('4.00 times, goal ≥ 3');
  expect(svg).not.toContain('context');
  expect(svg).toContain('EPYC, 2 cores, Node 24.1.0, PostgreSQL 15.18');
});

test('a missed goal is left of a reached one, and a figure as good as its goal is between them', () => {
  const svg = plotPostgres(ROWS, MACHINE);
  const [reached, missed, equal] = [BLUE, RED, GREY].map((colour) => middleOf(svg, colour));
  expect(missed).toBeLessThan(equal as number);
  expect(equal).toBeLessThan(reached as number);
});

test('the same rows give the same chart, to the byte, and none is well-formed without rows', () => {
  expect(plotPostgres(ROWS, MACHINE)).toBe(plotPostgres(structuredClone(ROWS), MACHINE));
  expect(plotPostgres([], MACHINE)).toContain('nothing was measured in this run');
});
