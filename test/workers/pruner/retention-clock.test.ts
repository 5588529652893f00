// A clock that leaps forward makes nothing old enough to be deleted for a day.

import { expect, test } from 'vitest';
import { createRetentionClock } from '../../../src/workers/pruner/retention-clock.ts';
import { createManualWorld } from '../../support/manual-world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

test('time passes, and a correction by minutes is followed', async () => {
  const world = createManualWorld();
  const now = createRetentionClock(world);
  for (const step of [0, 10 * 60_000, -10 * 60_000]) {
    await world.advance(30 * DAY);
    now();
    world.stepClock(step);
    expect(now()).toBe(world.now());
  }
});

test('a leap of a year is followed after a day, or by the next start', async () => {
  const world = createManualWorld();
  const before = world.now();
  const now = createRetentionClock(world);
  world.stepClock(365 * DAY);
  expect(now()).toBe(before);
  expect(createRetentionClock(world)()).toBe(world.now());
  await world.advance(DAY - 1);
  expect(now()).toBe(before + DAY - 1);
  await world.advance(1);
  expect(now()).toBe(world.now());
});

test('a leap that is undone was never followed', async () => {
  const world = createManualWorld();
  const now = createRetentionClock(world);
  world.stepClock(365 * DAY);
  now();
  await world.advance(HOUR);
  now();
  world.stepClock(-365 * DAY);
  expect(now()).toBe(world.now());
  await world.advance(2 * DAY);
  expect(now()).toBe(world.now());
});

test('a clock that is set back is followed at once', () => {
  const world = createManualWorld();
  const now = createRetentionClock(world);
  world.stepClock(-365 * DAY);
  expect(now()).toBe(world.now());
});
