// The throttle of a log: the first messages of a kind pass, the rest are counted, and the count is complete.

import { expect, test } from 'vitest';
import { createLogThrottle } from '../../src/lib/log-throttle.ts';
import { createManualWorld } from '../support/manual-world.ts';

function start() {
  const world = createManualWorld();
  const reported: [kind: string, held: number][] = [];
  const pass = createLogThrottle(world, (kind, held) => void reported.push([kind, held]));
  const passed = (kind: string, times: number) =>
    Array.from({ length: times }, () => pass(kind)).filter(Boolean).length;
  return { world, reported, passed };
}

test('ten messages of a kind pass in ten seconds, independently of other kinds', () => {
  const { passed } = start();
  expect([passed('late', 1000), passed('dead', 3)]).toEqual([10, 3]);
});

test('the number of dropped messages is reported after ten seconds, also when no other follows', async () => {
  const { world, reported, passed } = start();
  passed('late', 500);
  await world.advance(4_000);
  passed('late', 500);
  await world.advance(5_999);
  expect(reported).toEqual([]);
  await world.advance(1);
  expect(reported).toEqual([['late', 990]]);
  expect(passed('late', 11)).toBe(9);
});

test('a few messages now and then all pass, and leave no timer behind', async () => {
  const { world, reported, passed } = start();
  for (let i = 0; i < 10; i += 1) {
    expect(passed('late', 5)).toBe(5);
    await world.advance(10_000);
  }
  expect([reported, world.sleepers]).toEqual([[], 0]);
});

test('a clock that is set back holds no message for longer', async () => {
  const { world, reported, passed } = start();
  passed('late', 20);
  world.stepClock(-3_600_000);
  await world.advance(10_000);
  expect(reported).toEqual([['late', 10]]);
  expect(passed('late', 1)).toBe(1);
});
