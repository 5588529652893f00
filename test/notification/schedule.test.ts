// When a notification is tried again: soon at first, then ever more rarely, for about a day.

import { expect, test } from 'vitest';
import { giveUpAt, retryAt, retryRejectedAt } from '../../src/notification/schedule.ts';
import { NOON } from '../support/executions.ts';
import { seededRandom } from '../support/manual-world.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const TWO_HOURS_MS = 2 * 60 * 60 * 1000;

test('the wait is anything from nothing to a ceiling that doubles each time, to two hours at most', () => {
  const ceilings = Array.from({ length: 12 }, (_, i) => retryAt(NOON, i + 1, 0, 1) - NOON);
  const seconds = [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 7200, 7200];
  expect(ceilings).toEqual(seconds.map((s) => s * 1000));
  expect(retryAt(NOON, 5, 0, 0)).toBe(NOON);
  expect(retryAt(NOON, 5, 0, 0.5)).toBe(NOON + 80_000);
  expect(retryAt(NOON, 5000, 0, 1) - NOON).toBe(TWO_HOURS_MS);
});

test('what Retry-After asks for is waited in any case, and jitter comes on top', () => {
  expect(retryAt(NOON, 1, 60_000, 0)).toBe(NOON + 60_000);
  expect(retryAt(NOON, 1, 60_000, 0.5)).toBe(NOON + 65_000);
});

test('a rejected notification has a schedule of its own, whose first attempts are further apart', () => {
  const ceilings = Array.from({ length: 9 }, (_, i) => retryRejectedAt(NOON, i + 1, 0, 1) - NOON);
  expect(ceilings).toEqual([60, 120, 240, 480, 960, 1920, 3840, 7200, 7200].map((s) => s * 1000));
  expect(retryRejectedAt(NOON, 1, 90_000, 0)).toBe(NOON + 90_000);
});

test('in a day some dozens of tries are made, not hundreds and not a few', () => {
  const random = seededRandom(7);
  const end = giveUpAt(NOON);
  expect(end).toBe(NOON + DAY_MS);
  const tries = Array.from({ length: 50 }, () => {
    let count = 1;
    for (let now = NOON; now <= end; count += 1) now = retryAt(now, count, 0, random());
    return count;
  });
  expect(Math.min(...tries)).toBeGreaterThan(20);
  expect(Math.max(...tries)).toBeLessThan(60);
});
