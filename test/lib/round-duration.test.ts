// Rounded durations: exact while they are short, and never more than 2.5 % away.

import { expect, test } from 'vitest';
import { roundDuration } from '../../src/lib/round-duration.ts';

test('durations under 100 ms are exact, and keep their sign', () => {
  for (let ms = -99; ms < 100; ms += 1) expect(roundDuration(ms)).toBe(ms);
});

test('longer ones are at most 2.5 % away, and few values stand for all', () => {
  const values = new Set<number>();
  for (let ms = 100; ms < 100_000_000; ms = Math.ceil(ms * 1.001)) {
    const rounded = roundDuration(ms);
    values.add(rounded);
    expect(Math.abs(rounded - ms)).toBeLessThanOrEqual(0.025 * ms);
    expect(roundDuration(-ms)).toBe(-rounded);
    expect(roundDuration(rounded)).toBe(rounded);
  }
  expect(values.size).toBeLessThan(500);
});

test('durations in round numbers stay as they are', () => {
  expect([150, 2_000, 12_000, 30_000, 86_400_000].map(roundDuration)).toEqual([
    ...[150, 2_000, 12_000, 30_000, 86_000_000],
  ]);
});
