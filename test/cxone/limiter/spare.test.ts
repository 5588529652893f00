// Spare requests: they come after everything else, and leave room for what comes right after them.

import { describe, expect, test } from 'vitest';
import { createLimiter } from '../../../src/cxone/limiter/limiter.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { CAUSE } from './cause.ts';

const never = new AbortController().signal;

function setUp({ maxConcurrent = 4, ratePerSecond = 1_000 } = {}) {
  const world = createManualWorld();
  return { world, limiter: createLimiter({ maxConcurrent, ratePerSecond, world }) };
}

function watch<T>(promise: Promise<T>): { value: T | undefined } {
  const watched: { value: T | undefined } = { value: undefined };
  void promise.then((value) => {
    watched.value = value;
  });
  return watched;
}

describe('spare requests', () => {
  test('wait for as long as anybody else does', async () => {
    const { world, limiter } = setUp({ maxConcurrent: 1 });
    const [held] = await limiter.permits('execute', 1, never);
    const spare = watch(limiter.permits('spare', 1, never));
    const poll = watch(limiter.permits('poll', 1, never));
    held?.release();
    await world.advance(1_000);
    expect([poll.value?.length, spare.value]).toEqual([1, undefined]);
    const execute = watch(limiter.permits('execute', 1, never));
    poll.value?.[0]?.release();
    await world.advance(1_000);
    expect([execute.value?.length, spare.value]).toEqual([1, undefined]);
    execute.value?.[0]?.release();
    await world.advance(1_000);
    expect(spare.value).toHaveLength(1);
  });

  test('leave a place and the whole burst: the next request does not wait', async () => {
    const { world, limiter } = setUp({ maxConcurrent: 4, ratePerSecond: 100 });
    const held: unknown[] = [];
    for (let i = 0; i < 20; i += 1) {
      void limiter.permits('spare', 4, never).then((permits) => held.push(...permits));
      await world.advance(1_000);
    }
    expect(held).toHaveLength(3);
    const execute = watch(limiter.permits('execute', 1, never));
    await world.settle();
    expect(execute.value).toHaveLength(1);
  });

  test('a steady stream of them delays no poll and no execute by more than one request of the rate', async () => {
    const { world, limiter } = setUp({ maxConcurrent: 10, ratePerSecond: 20 });
    let spares = 0;
    const stopped = new AbortController();
    const stream = async () => {
      while (!stopped.signal.aborted) {
        for (const permit of await limiter.permits('spare', 5, stopped.signal)) {
          spares += 1;
          permit.release();
        }
      }
    };
    void stream();
    const waits: number[] = [];
    for (let i = 0; i < 40; i += 1) {
      await world.advance(317);
      const asked = world.now();
      const permits = watch(limiter.permits(i % 2 === 0 ? 'poll' : 'execute', 1, never));
      while (permits.value === undefined) await world.advance(1);
      waits.push(world.now() - asked);
      permits.value[0]?.release();
    }
    stopped.abort();
    await world.settle();
    expect(spares).toBeGreaterThan(40);
    expect(Math.max(...waits)).toBeLessThanOrEqual(52);
  });

  test('get through where one request at a time is allowed, and keep no timer when they go', async () => {
    const { world, limiter } = setUp({ maxConcurrent: 1, ratePerSecond: 1 });
    for (let i = 0; i < 3; i += 1) {
      const spare = watch(limiter.permits('spare', 4, never));
      await world.advance(2_000);
      expect(spare.value).toHaveLength(1);
      spare.value?.[0]?.release();
    }
    const [last] = await limiter.permits('execute', 1, never);
    last?.release();
    const leaving = new AbortController();
    const spare = watch(limiter.permits('spare', 1, leaving.signal));
    await world.settle();
    expect(world.sleepers).toBe(1);
    leaving.abort();
    await world.settle();
    expect(spare.value).toEqual([]);
    expect(world.sleepers).toBe(0);
  });

  test('wait out a pause like everybody', async () => {
    const { world, limiter } = setUp();
    limiter.pause(30_000, CAUSE);
    const spare = watch(limiter.permits('spare', 1, never));
    await world.advance(29_999);
    expect(spare.value).toBe(undefined);
    await world.advance(1);
    expect(spare.value).toHaveLength(1);
  });
});
