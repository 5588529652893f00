// The alarm for missing callbacks: it is raised when they are missing, and rarely when nothing has changed.

import { describe, expect, test } from 'vitest';
import { judge, type Missing } from '../../../src/stats/callback-health/alert.ts';
import { binomialTail, wilson } from '../../../src/stats/statistics.ts';

/** An action with this usual share of missing callbacks. */
const habit = (share: number, outcomes = 10_000): Missing => ({ missed: Math.round(share * outcomes), outcomes });

/** The exact probability of this number out of `n`. */
function binomial(n: number, p: number): number[] {
  const logs = [0];
  for (let i = 1; i <= n; i += 1) logs.push((logs[i - 1] ?? 0) + Math.log(i));
  const at = (i: number) => logs[i] ?? 0;
  return Array.from({ length: n + 1 }, (_, k) => {
    if (p === 0) return k === 0 ? 1 : 0;
    return Math.exp(at(n) - at(k) - at(n - k) + k * Math.log(p) + (n - k) * Math.log(1 - p));
  });
}

const alarms = (n: number, p: number, baseline: Missing): number =>
  binomial(n, p).reduce((sum, chance, missed) => {
    return judge({ missed, outcomes: n }, baseline) === 'risen' ? sum + chance : sum;
  }, 0);

describe('when callbacks stay away', () => {
  test('an hour without any raises the alarm, however reliable they were before', () => {
    for (const share of [0, 0.01, 0.1, 0.3, 0.6])
      expect(judge({ missed: 20, outcomes: 20 }, habit(share))).toBe('risen');
  });

  test('a rise from 2 % to 25 % raises it within 100 outcomes, with few exceptions', () => {
    expect(alarms(100, 0.25, habit(0.02))).toBeGreaterThan(0.98);
  });

  test('a rise from 1 % to 10 % raises it within 500', () => {
    expect(alarms(500, 0.1, habit(0.01))).toBeGreaterThan(0.98);
  });
});

describe('when nothing has changed', () => {
  test('fewer than one hour in 1,000 raises a false alarm, at every usual share', () => {
    for (const share of [0, 0.002, 0.01, 0.05, 0.2, 0.5, 0.9]) {
      for (const n of [20, 25, 40, 80, 200, 500]) {
        expect(alarms(n, share, habit(share)), `${share} of ${n}`).toBeLessThan(0.001);
      }
    }
  });

  test('a rise of one or two points raises no alarm', () => {
    expect(judge({ missed: 300, outcomes: 10_000 }, habit(0.01, 100_000))).toBe('well');
  });

  test('too few outcomes, or one or two missing callbacks, raise no alarm', () => {
    expect(judge({ missed: 19, outcomes: 19 }, habit(0))).toBe('few');
    expect(judge({ missed: 2, outcomes: 20 }, habit(0))).toBe('well');
  });

  test('an action whose callbacks never arrived does not raise an alarm every hour', () => {
    expect(judge({ missed: 50, outcomes: 50 }, { missed: 500, outcomes: 500 })).toBe('well');
  });
});

test('an action without a history raises an alarm when most of its callbacks are missing', () => {
  const nothing = { missed: 0, outcomes: 0 };
  expect(judge({ missed: 20, outcomes: 20 }, nothing)).toBe('missing');
  expect(judge({ missed: 10, outcomes: 20 }, nothing)).toBe('well');
});

test('the bounds equal those of the literature (Newcombe 1998, table I)', () => {
  for (const [hits, of, lower, upper] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const bounds = wilson(hits, of, 1.95996);
    expect([bounds.lower, bounds.upper].map((bound) => Number(bound.toFixed(4)))).toEqual([lower, upper]);
  }
});

test('the tail of the binomial distribution is exact', () => {
  for (const [n, p] of [
    [20, 0.03],
    [200, 0.5],
    [500, 0.97],
  ] as const) {
    const chances = binomial(n, p);
    for (let hits = 0; hits <= n; hits += 7) {
      const tail = chances.slice(hits).reduce((sum, chance) => sum + chance, 0);
      expect(binomialTail(hits, n, p)).toBeCloseTo(tail, 9);
    }
  }
  expect([binomialTail(0, 5, 0), binomialTail(1, 5, 0), binomialTail(5, 5, 1)]).toEqual([1, 0, 1]);
});
