// Hours that have ended are read once: a page costs the same however much of the past it is compared with.

import { expect, test } from 'vitest';
import { createSettledHours } from '../../../src/stats/callback-health/settled-hours.ts';
import type { ArrivalRange, MissingGroup } from '../../../src/store/rollups-port.ts';
import { createManualWorld } from '../../support/manual-world.ts';

const HOUR = 3_600_000;
const WEEK = 7 * 24 * HOUR;

function setUp() {
  const world = createManualWorld();
  const rows: MissingGroup[] = [];
  const read: number[] = [];
  const store = {
    missing: async ({ from = 0 }: ArrivalRange) => {
      const found = rows.filter(({ hour }) => hour + HOUR > from);
      read.push(found.length);
      return found;
    },
  };
  const hourBack = (back: number) => Math.floor(world.now() / HOUR) * HOUR - back * HOUR;
  const add = (hour: number, missed = 1, actionId = 'charge') =>
    rows.push({ actionId, hour, missed, outcomes: missed + 9 });
  for (let back = 7 * 24; back >= 0; back -= 1) for (const one of ['charge', 'refund']) add(hourBack(back), 1, one);
  return { world, rows, read, add, hourBack, hours: createSettledHours(store, world.now, WEEK + 24 * HOUR) };
}

test('after the first question, only the latest hours are read, and the answers are the same', async () => {
  const { world, rows, read, hours } = setUp();
  const week = () => hours({ from: world.now() - WEEK, to: world.now() }, 0);
  const first = await week();
  expect(first).toEqual(rows.filter(({ hour }) => hour + HOUR > world.now() - WEEK && hour < world.now()));
  expect(read).toEqual([rows.length]);
  expect(await week()).toEqual(first);
  // Two actions in the current hour and in at most two before it.
  expect(read.at(-1)).toBeLessThanOrEqual(6);
});

test('what ends in the latest hours is in the answer, also when they settle', async () => {
  const { world, add, hours, hourBack } = setUp();
  const latest = async () =>
    (await hours({ from: world.now() - WEEK, to: world.now() + 1 }, 0)).map(({ missed }) => missed);
  await latest();
  add(hourBack(0), 77);
  add(hourBack(1), 78);
  expect(await latest()).toEqual(expect.arrayContaining([77, 78]));
  await world.advance(5 * HOUR);
  add(hourBack(0), 79);
  expect(await latest()).toEqual(expect.arrayContaining([77, 78, 79]));
});

test('all is read again while earlier executions are being counted, and after the clock was set back', async () => {
  const { world, rows, read, hours } = setUp();
  const week = (countedFrom: number) => hours({ from: world.now() - WEEK, to: world.now() }, countedFrom);
  await week(500);
  await week(400);
  expect(read).toEqual([rows.length, rows.length]);
  await world.advance(10 * HOUR);
  await week(400);
  world.stepClock(-9 * HOUR);
  await week(400);
  expect(read.at(-1)).toBeGreaterThan(rows.length - 24);
});
