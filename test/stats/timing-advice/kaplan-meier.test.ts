// The estimator of durations: it agrees with known values, also where an observation ended too early.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Duration, kaplanMeier } from '../../../src/stats/timing-advice/kaplan-meier.ts';
import { seededRandom } from '../../support/manual-world.ts';

const seen = (...times: number[]): Duration[] => times.map((time) => ({ time, seen: true }));

describe('the estimate of durations', () => {
  test('agrees with the example of the textbook (6-MP, Freireich et al. 1963)', () => {
    const ended = [6, 6, 6, 7, 10, 13, 16, 22, 23];
    const censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
    const survival = kaplanMeier([...seen(...ended), ...censored.map((time) => ({ time, seen: false }))]);
    const published = [0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448];
    expect([6, 7, 10, 13, 16, 22, 23].map((time) => Number(survival.beyond(time).toFixed(3)))).toEqual(published);
    expect(survival.quantile(0.5)).toBe(23);
    expect(survival.quantile(0.9)).toBeNull();
  });

  test('is the plain share where every observation is complete', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 }),
        fc.nat(60),
        (times, at) => {
          const survival = kaplanMeier(seen(...times));
          expect(survival.beyond(at)).toBeCloseTo(times.filter((time) => time > at).length / times.length, 9);
          const sorted = times.toSorted((one, other) => one - other);
          for (const q of [0.1, 0.5, 0.9, 1]) {
            expect(survival.quantile(q)).toBe(sorted[Math.max(0, Math.ceil(q * times.length - 1e-9) - 1)]);
          }
          expect(survival.unknown).toBe(0);
        },
      ),
    );
  });

  test('never grows with time, and has no value beyond the observed time', () => {
    const durations = fc.array(fc.record({ time: fc.nat(40), seen: fc.boolean() }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(durations, (given) => {
        const survival = kaplanMeier(given);
        const curve = Array.from({ length: 42 }, (_, time) => survival.beyond(time));
        for (const [i, share] of curve.entries()) {
          expect(share).toBeGreaterThanOrEqual(0);
          if (i > 0) expect(share).toBeLessThanOrEqual((curve[i - 1] ?? 1) + 1e-12);
        }
        expect(curve.at(-1)).toBeCloseTo(survival.unknown, 12);
        if (survival.unknown > 0.01) expect(survival.quantile(1 - survival.unknown / 2)).toBeNull();
      }),
    );
  });

  test('is not biased by observations that end early: it recovers an exponential distribution', () => {
    const wrong: number[] = [];
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = seededRandom(seed);
      const exponential = (mean: number) => -mean * Math.log(1 - random());
      const durations = Array.from({ length: 4_000 }, () => {
        const [takes, watched] = [exponential(10), exponential(20)];
        return { time: Math.min(takes, watched), seen: takes <= watched };
      });
      const survival = kaplanMeier(durations);
      const naive = kaplanMeier(durations.filter((one) => one.seen));
      for (const q of [0.25, 0.5, 0.75, 0.9]) {
        const truth = -10 * Math.log(1 - q);
        wrong.push(Math.abs((survival.quantile(q) ?? 0) - truth) / truth);
        expect(naive.quantile(q) ?? 0).toBeLessThan(0.8 * truth);
      }
    }
    expect(Math.max(...wrong)).toBeLessThan(0.12);
  });
});
