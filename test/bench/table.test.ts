// What the bench prints: figures beside their goals, verdicts in words, and on which machine.

import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Machine, machineOf } from '../../bench/machine.ts';
import type { Row } from '../../bench/measure.ts';
import { header, line, table } from '../../bench/table.ts';
import { temporaryFolder } from '../support/temporary.ts';

const MACHINE: Machine = {
  ...{ cpu: 'EPYC', cores: 2, memoryGib: 24, node: 'v24.1.0', sqlite: '3.54.0', fdatasyncsPerSecond: 12_345 },
  quick: false,
};

const REACHED: Row = {
  ...{ measure: 'callbacks/s', beside: 'a bare Hono handler', unit: 'times', goal: { atLeast: 0.45 } },
  value: { median: 0.471, q1: 0.46, q3: 0.5, samples: 12 },
  context: { 'requests/s': 20_123.4, 'mean batch': 12.34, variant: 'receiver' },
};
const MISSED: Row = {
  ...{ measure: 'p99 at half the peak rate', beside: null, unit: 'ms', goal: { atMost: 20 } },
  value: { median: 31.42, q1: 28, q3: 140.7, samples: 12 },
};
const LEFT_OUT: Row = {
  ...{ measure: 'callbacks/s', beside: 'Restate', unit: 'times', goal: { atLeast: 3 }, value: null },
  note: 'Restate is not installed',
};

test('figures, quartiles, goals and verdicts stand in columns, what they stand on below', () => {
  expect(table([REACHED, MISSED, LEFT_OUT], { isTerminal: false, columns: 80 })).toBe(
    `VERDICT       FIGURE  QUARTILES  GOAL    MEASURE                    BESIDE
reached   0.47 times  0.46–0.50  ≥ 0.45  callbacks/s                a bare Hono handler
missed       31.4 ms  28.0–141   ≤ 20    p99 at half the peak rate  -
left out           -  -          ≥ 3     callbacks/s                Restate

The claims are the ratios. Notes, and figures of this machine alone:
  callbacks/s, beside a bare Hono handler
    requests/s 20,123; mean batch 12.3
  callbacks/s, beside Restate
    Restate is not installed
`,
  );
});

test('on a terminal nothing is coloured, and what stands last is cut where the line ends', () => {
  const beside = 'the obvious build: Hono, better-sqlite3, a transaction each';
  const row = { ...REACHED, beside, context: {} };
  const [, last = ''] = table([row], { isTerminal: true, columns: 80 }).split('\n');
  expect(last).toMatch(/…$/);
  expect([...last].length).toBeLessThanOrEqual(80);
  expect(table([row], { isTerminal: true, columns: 80 })).not.toContain('\x1b');
});

test('a row that lands says its verdict first, and why it was left out', () => {
  expect(line(REACHED)).toBe('reached: 0.47 times (0.46–0.50, goal ≥ 0.45): callbacks/s, beside a bare Hono handler');
  expect(line(LEFT_OUT)).toBe('left out: callbacks/s, beside Restate (Restate is not installed)');
  expect(line({ ...MISSED, goal: null })).toBe('context: 31.4 ms (28.0–141): p99 at half the peak rate');
});

test('small ratios keep two digits that count', () => {
  const lag: Row = {
    ...REACHED,
    goal: { atMost: 0.02 },
    value: { median: 0.00517, q1: 0.0049, q3: 0.006, samples: 5 },
  };
  expect(line(lag)).toContain('0.0052 times (0.0049–0.006, goal ≤ 0.02)');
});

test('the header names the machine, its disk, the programs, and whether it was quick', () => {
  expect(header(MACHINE)).toBe('EPYC, 2 cores, 24 GiB, 12,345 fdatasync/s\nNode 24.1.0, SQLite 3.54.0; full');
  expect(header({ ...MACHINE, quick: true })).toContain('quick: fewer and shorter rounds');
});

test('the machine is this one, its disk was asked, and nothing is left there', () => {
  const folder = temporaryFolder();
  const machine = machineOf(folder, true);
  expect(machine).toMatchObject({ node: process.version, quick: true, sqlite: expect.stringMatching(/^3\.\d+\.\d+$/) });
  expect(machine.fdatasyncsPerSecond).toBeGreaterThan(0);
  expect(readdirSync(folder)).toEqual([]);
});
