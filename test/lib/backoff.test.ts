// Backoff: a failing endpoint is tried at growing intervals, with an upper bound.

import { expect, test } from 'vitest';
import { createBackoff } from '../../src/lib/backoff.ts';
import { createManualWorld } from '../support/manual-world.ts';

test('a few failures in a row are tolerated, then each further round holds longer, up to five seconds', async () => {
  const world = createManualWorld();
  const holdOff = createBackoff(world, 2);
  const held: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    holdOff.failed(0);
    holdOff.failed(0);
    held.push(holdOff.remainingMs());
    await world.advance(holdOff.remainingMs());
  }
  expect(held[0]).toBe(0);
  expect(held[3]).toBeGreaterThan(100);
  expect(held.at(-1)).toBeGreaterThan(2_400);
  expect(Math.max(...held)).toBeLessThanOrEqual(5_000);
});

test('a success resets the failures, a minimum is kept, and no step of the clock changes a pause', async () => {
  const world = createManualWorld();
  const holdOff = createBackoff(world, 0);
  holdOff.failed(60_000);
  expect(holdOff.remainingMs()).toBe(60_000);
  for (const step of [-3_600_000, 7_200_000]) {
    world.stepClock(step);
    expect(holdOff.remainingMs()).toBe(60_000);
  }
  for (let i = 0; i < 8; i += 1) holdOff.failed(0);
  holdOff.succeeded();
  await world.advance(60_000);
  holdOff.failed(0);
  expect(holdOff.remainingMs()).toBeLessThanOrEqual(250);
});
