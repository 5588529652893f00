// An answer that is kept: asked for once, renewed in the background, and never lost to a failure.

import { expect, test } from 'vitest';
import { TokenUnavailable } from '../../src/cxone/port.ts';
import { createStaleWhileRevalidate } from '../../src/cxone/stale-while-revalidate.ts';
import { createManualWorld } from '../support/manual-world.ts';

function setUp() {
  const world = createManualWorld();
  const stale: unknown[] = [];
  const source = { asked: 0, failing: false };
  const ask = async () => {
    source.asked += 1;
    if (source.failing) throw new TokenUnavailable('down');
    return `answer ${source.asked}`;
  };
  const get = createStaleWhileRevalidate({
    world,
    load: ask,
    freshMs: 1_000_000,
    onStale: (error) => stale.push(error),
  });
  return { world, source, stale, get };
}

test('however many want it at once, it is asked for once', async () => {
  const { get, source } = setUp();
  expect(await Promise.all([get(), get(), get()])).toEqual(['answer 1', 'answer 1', 'answer 1']);
  expect(source.asked).toBe(1);
});

test('when it is no longer fresh it is still given at once, and the next one has the new', async () => {
  const { get, world, source } = setUp();
  await get();
  await world.advance(999_999);
  expect(await get()).toBe('answer 1');
  expect(source.asked).toBe(1);
  await world.advance(1);
  expect(await get()).toBe('answer 1');
  expect(await get()).toBe('answer 2');
});

test('while it cannot be renewed the last one stands, which is told once', async () => {
  const { get, world, source, stale } = setUp();
  await get();
  source.failing = true;
  await world.advance(1_000_000);
  for (let i = 0; i < 5; i++) {
    expect(await get()).toBe('answer 1');
    await world.advance(10_000);
  }
  expect(source.asked).toBe(6);
  expect(stale).toHaveLength(1);
  source.failing = false;
  await get();
  await world.advance(0);
  expect(await get()).toBe('answer 7');
});

test('before there is one a failure is told to whoever asks, and held for a moment', async () => {
  const { get, world, source } = setUp();
  source.failing = true;
  await expect(get()).rejects.toThrow('down');
  await expect(get()).rejects.toMatchObject({ message: 'down', retryAfterMs: 500 });
  expect(source.asked).toBe(1);
  await world.advance(500);
  source.failing = false;
  expect(await get()).toBe('answer 2');
});
