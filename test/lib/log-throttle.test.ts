// The first of a kind are told one by one, the rest as a number; nothing is lost of the count.

import { expect, test } from 'vitest';
import { createLogThrottle } from '../../src/lib/log-throttle.ts';
import { createManualWorld } from '../support/manual-world.ts';

function start() {
  const world = createManualWorld();
  const told: [kind: string, held: number][] = [];
  const pass = createLogThrottle(world, (kind, held) => void told.push([kind, held]));
  const passed = (kind: string, times: number) =>
    Array.from({ length: times }, () => pass(kind)).filter(Boolean).length;
  return { world, told, passed };
}

test('ten of a kind in ten seconds pass, whatever comes of another', () => {
  const { passed } = start();
  expect([passed('late', 1000), passed('dead', 3)]).toEqual([10, 3]);
});

test('how many were held back is told when the ten seconds are over, also when nothing comes any more', async () => {
  const { world, told, passed } = start();
  passed('late', 500);
  await world.advance(4_000);
  passed('late', 500);
  await world.advance(5_999);
  expect(told).toEqual([]);
  await world.advance(1);
  expect(told).toEqual([['late', 990]]);
  expect(passed('late', 11)).toBe(9);
});

test('a few now and then all pass, and leave no timer behind', async () => {
  const { world, told, passed } = start();
  for (let i = 0; i < 10; i += 1) {
    expect(passed('late', 5)).toBe(5);
    await world.advance(10_000);
  }
  expect([told, world.sleepers]).toEqual([[], 0]);
});

test('a clock that is set back holds nothing for longer', async () => {
  const { world, told, passed } = start();
  passed('late', 20);
  world.stepClock(-3_600_000);
  await world.advance(10_000);
  expect(told).toEqual([['late', 10]]);
  expect(passed('late', 1)).toBe(1);
});
