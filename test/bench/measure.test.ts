// Figures are condensed as the table says, and nothing is claimed that they do not carry.

import { describe, expect, test } from 'vitest';
import { noiseNote, type Row, ratioOf, relativeWidth, spreadOf, verdict } from '../../bench/measure.ts';

const ROW: Row = { measure: 'callbacks/s', beside: 'a bare handler', goal: null, value: null, unit: 'times' };
const at = (median: number) => ({ median, q1: median, q3: median, samples: 12 });

describe('a spread', () => {
  test('is median and quartiles, in whatever order the samples came', () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ median: 3, q1: 2, q3: 4, samples: 5 });
    expect(spreadOf([7])).toEqual({ median: 7, q1: 7, q3: 7, samples: 1 });
  });

  test('is refused without figures, or with a value that is not a number', () => {
    expect(() => spreadOf([])).toThrow('one at least');
    expect(() => spreadOf([1, Number.NaN])).toThrow('finite');
    expect(() => ratioOf([{ ours: 1, theirs: 0 }])).toThrow('finite');
  });

  test('of ratios takes each within its round, so that a slow round is slow for both', () => {
    const rounds = [
      { ours: 50, theirs: 100 },
      { ours: 5, theirs: 10 },
      { ours: 500, theirs: 1000 },
    ];
    expect(ratioOf(rounds)).toEqual({ median: 0.5, q1: 0.5, q3: 0.5, samples: 3 });
  });
});

describe('the verdict', () => {
  test('is reached or missed by the median, in the direction of the goal', () => {
    expect(verdict({ ...ROW, value: at(0.45), goal: { atLeast: 0.45 } })).toBe('reached');
    expect(verdict({ ...ROW, value: at(0.44), goal: { atLeast: 0.45 } })).toBe('missed');
    expect(verdict({ ...ROW, value: at(2), goal: { atMost: 2 } })).toBe('reached');
    expect(verdict({ ...ROW, value: at(2.1), goal: { atMost: 2 } })).toBe('missed');
  });

  test('says so when there is no figure or no goal', () => {
    expect(verdict({ ...ROW, goal: { atLeast: 6 }, note: 'no PostgreSQL' })).toBe('left out');
    expect(verdict({ ...ROW, value: at(3) })).toBe('context');
  });

  test('claims nothing, good or bad, beside a ceiling that swayed', () => {
    const steady = { median: 100, q1: 95, q3: 105, samples: 12 };
    const swaying = { median: 100, q1: 90, q3: 110, samples: 12 };
    expect(relativeWidth(swaying)).toBe(0.2);
    expect(noiseNote('the bare handler', steady)).toBeUndefined();
    const note = noiseNote('the bare handler', swaying);
    expect(note).toContain('20%');
    for (const median of [0.1, 0.9]) {
      const row = { ...ROW, value: at(median), goal: { atLeast: 0.45 }, ...(note === undefined ? {} : { note }) };
      expect(verdict(row)).toBe('too noisy to claim');
    }
  });
});
