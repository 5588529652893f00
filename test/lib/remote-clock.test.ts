// A clock of another machine: followed whatever happens to the clock of this one, and not moved by slow answers.

import { expect, test } from 'vitest';
import { createRemoteClock } from '../../src/lib/remote-clock.ts';

function set() {
  const here = { now: 1_000_000, elapsed: 500 };
  const clock = createRemoteClock({ now: () => here.now, elapsed: () => here.elapsed });
  const pass = (ms: number) => {
    here.now += ms;
    here.elapsed += ms;
  };
  /** Reads the other clock halfway through the answer. */
  const read = (at: number, tookMs: number) => {
    const take = clock.ask();
    pass(tookMs);
    take(at);
  };
  return { clock, here, pass, read };
}

test('until it is read, it is the clock of this machine', () => {
  const { clock, pass } = set();
  pass(250);
  expect([clock.now(), clock.aheadMs()]).toEqual([1_000_250, 0]);
});

test('it is followed by elapsed time, so that a step of the clock of this machine changes nothing', () => {
  const { clock, here, pass, read } = set();
  read(1_005_000, 0);
  pass(100);
  expect([clock.now(), clock.aheadMs()]).toEqual([1_005_100, -5_000]);
  here.now += 3_600_000;
  expect([clock.now(), clock.aheadMs()]).toEqual([1_005_100, 3_595_000]);
});

test('a slow answer moves it no further than what is certain', () => {
  const { clock, read } = set();
  read(2_000_000, 10);
  expect(clock.now()).toBe(2_000_005);
  // It was read at the beginning of the answer, or at its end: both agree with what is known.
  read(2_000_005, 4_000);
  expect(clock.now()).toBe(2_004_005);
  read(2_008_005, 4_000);
  expect(clock.now()).toBe(2_008_005);
});

test('a step of the other clock is followed, in either direction', () => {
  const { clock, read } = set();
  read(2_000_000, 0);
  read(5_000_000, 10);
  expect(clock.now()).toBe(5_000_000);
  read(1_000_000, 10);
  expect(clock.now()).toBe(1_000_010);
});
