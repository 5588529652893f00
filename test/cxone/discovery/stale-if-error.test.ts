// A value with a lifetime: requested once, requested again after its lifetime, and never lost to a failure.

import { expect, test } from 'vitest';
import { createStaleIfError } from '../../../src/cxone/discovery/stale-if-error.ts';
import { TokenUnavailable } from '../../../src/cxone/port.ts';
import { createManualWorld } from '../../support/manual-world.ts';

function setUp() {
  const world = createManualWorld();
  const stale: unknown[] = [];
  const source = { requests: 0, failing: false, value: 'A', delayMs: 0 };
  const load = async () => {
    source.requests += 1;
    if (source.delayMs > 0) await world.sleep(source.delayMs);
    if (source.failing) throw new TokenUnavailable('down');
    return { value: source.value, lifetimeMs: 1_000_000 };
  };
  const cache = createStaleIfError({ world, load, onStale: (error) => stale.push(error) });
  return { ...cache, world, source, stale };
}

test('concurrent callers share one request', async () => {
  const { get, source } = setUp();
  expect(await Promise.all([get(), get(), get()])).toEqual(['A', 'A', 'A']);
  expect(source.requests).toBe(1);
});

test('a value is used for its lifetime, then requested again before it is used', async () => {
  const { get, world, source } = setUp();
  await get();
  source.value = 'B';
  await world.advance(999_999);
  expect(await get()).toBe('A');
  expect(source.requests).toBe(1);
  await world.advance(1);
  expect(await get()).toBe('B');
});

test('a clock that is set back does not extend the lifetime', async () => {
  const { get, world, source } = setUp();
  await get();
  source.value = 'B';
  world.stepClock(-3_600_000);
  await world.advance(1_000_000);
  expect(await get()).toBe('B');
});

test('while requests fail the last value stays in use, which is reported once', async () => {
  const { get, world, source, stale } = setUp();
  await get();
  source.failing = true;
  await world.advance(1_000_000);
  for (let i = 0; i < 5; i++) {
    expect(await get()).toBe('A');
    await world.advance(10_000);
  }
  expect(source.requests).toBe(6);
  expect(stale).toHaveLength(1);
  source.failing = false;
  source.value = 'B';
  await get();
  await world.settle();
  expect(await get()).toBe('B');
});

test('a request that hangs delays one caller by two seconds, and later callers not at all', async () => {
  const { get, world, source } = setUp();
  await get();
  await world.advance(1_000_000);
  source.delayMs = 10_000;
  source.value = 'B';
  const first = get();
  await world.advance(2_000);
  expect(await first).toBe('A');
  expect(await get()).toBe('A');
  await world.advance(8_000);
  expect(await get()).toBe('B');
  expect(source.requests).toBe(2);
});

test('without a value a failure is passed on, and held for a moment', async () => {
  const { get, world, source } = setUp();
  source.failing = true;
  await expect(get()).rejects.toThrow('down');
  await expect(get()).rejects.toMatchObject({ message: 'down', retryAfterMs: 500 });
  expect(source.requests).toBe(1);
  await world.advance(500);
  source.failing = false;
  expect(await get()).toBe('A');
});

test('a failure at the value in use requests it again, at most once a second', async () => {
  const { get, reload, world, source } = setUp();
  await get();
  expect(await reload('A')).toEqual({ value: 'A', problem: null });
  expect(await reload('A')).toEqual({ value: 'A', problem: null });
  expect(source.requests).toBe(2);
  source.value = 'B';
  await world.advance(1_000);
  expect(await Promise.all([reload('A'), reload('A')])).toEqual([
    { value: 'B', problem: null },
    { value: 'B', problem: null },
  ]);
  expect(await reload('A')).toEqual({ value: 'B', problem: null });
  expect(source.requests).toBe(3);
});

test('a failure that no request can confirm is unconfirmed, and the next caller requests the value again', async () => {
  const { get, reload, world, source } = setUp();
  await get();
  source.failing = true;
  expect(await reload('A')).toMatchObject({ value: 'A', problem: { message: 'down' } });
  source.failing = false;
  source.value = 'B';
  await world.advance(500);
  await get();
  await world.settle();
  expect(await get()).toBe('B');
});
