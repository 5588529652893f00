// The circuit breaker: a failing endpoint is paused for longer and longer, and one probe at a time checks whether it is back.

import { expect, test } from 'vitest';
import { type CircuitBreaker, createCircuitBreaker } from '../../../src/workers/notifier/circuit-breaker.ts';
import { createManualWorld, type ManualWorld } from '../../support/manual-world.ts';

function setUp(failures = 0): { world: ManualWorld; breaker: CircuitBreaker } {
  const world = createManualWorld();
  const breaker = createCircuitBreaker(world);
  for (let i = 0; i < failures; i += 1) breaker.failed(0, true);
  return { world, breaker };
}

test('four failures in a row are tolerated; the fifth opens the circuit for half a minute', async () => {
  const { breaker, world } = setUp(4);
  expect([breaker.room(0), breaker.open()]).toEqual([Number.POSITIVE_INFINITY, 0]);
  breaker.failed(0, true);
  expect([breaker.room(0), breaker.open(), breaker.remainingMs()]).toEqual([0, 5, 30_000]);
  await world.advance(29_999);
  expect(breaker.room(0)).toBe(0);
});

test('failures with a success between them are not in a row', () => {
  const { breaker } = setUp(4);
  breaker.succeeded();
  for (let i = 0; i < 4; i += 1) breaker.failed(0, true);
  expect(breaker.open()).toBe(0);
});

test('after the pause one probe is sent at a time', async () => {
  const { breaker, world } = setUp(5);
  await world.advance(30_000);
  expect([breaker.room(0), breaker.room(1)]).toEqual([1, 0]);
});

test('a probe that fails makes the pause longer, to five minutes at most', async () => {
  const { breaker, world } = setUp(5);
  const pauses: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    pauses.push(breaker.remainingMs() / 1000);
    await world.advance(breaker.remainingMs());
    breaker.failed(0, true);
  }
  expect(pauses).toEqual([30, 60, 120, 240, 300, 300]);
});

test('deliveries in progress when the circuit opened do not make the pause longer', async () => {
  const { breaker, world } = setUp(5);
  await world.advance(10_000);
  breaker.failed(0, true);
  breaker.failed(0, true);
  expect(breaker.remainingMs()).toBe(20_000);
});

test('a probe that succeeds lets all others through, and the next pause is short again', async () => {
  const { breaker, world } = setUp(5);
  await world.advance(30_000);
  breaker.failed(0, true);
  await world.advance(60_000);
  breaker.succeeded();
  expect([breaker.room(3), breaker.open(), breaker.remainingMs()]).toEqual([Number.POSITIVE_INFINITY, 0, 0]);
  for (let i = 0; i < 5; i += 1) breaker.failed(0, true);
  expect(breaker.remainingMs()).toBe(30_000);
});

test('a Retry-After applies at once, but never for longer than five minutes', async () => {
  const { breaker, world } = setUp();
  breaker.failed(20_000, true);
  expect([breaker.room(0), breaker.remainingMs()]).toEqual([0, 20_000]);
  await world.advance(20_000);
  expect(breaker.room(0)).toBe(Number.POSITIVE_INFINITY);
  breaker.failed(86_400_000, true);
  expect(breaker.remainingMs()).toBe(300_000);
});

test('no step of the clock changes a pause', () => {
  const { breaker, world } = setUp(5);
  for (const step of [-3_600_000, 7_200_000]) {
    world.stepClock(step);
    expect(breaker.remainingMs()).toBe(30_000);
  }
});

test('an endpoint is silent from its first failure without a response until it answers anything', async () => {
  const { breaker, world } = setUp(5);
  expect(breaker.silentMs()).toBe(0);
  breaker.failed(0, false);
  await world.advance(60_000);
  breaker.failed(0, false);
  expect(breaker.silentMs()).toBe(60_000);
  breaker.failed(0, true);
  expect([breaker.silentMs(), breaker.open()]).toEqual([0, 8]);
  breaker.failed(0, false);
  await world.advance(5_000);
  breaker.succeeded();
  expect(breaker.silentMs()).toBe(0);
});
