// A long list is processed completely and in order, and other work runs in between.

import { expect, onTestFinished, test, vi } from 'vitest';
import { longWorkSlice, mapYielding } from '../../src/lib/event-loop.ts';

/** Work whose pieces take this long; it returns how often other work ran before it. */
function workThatTakes(ms: number) {
  let now = 0;
  const watch = vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => watch.mockRestore());
  let served = 0;
  const serve = () => {
    served += 1;
    if (served < 100) setImmediate(serve);
  };
  setImmediate(serve);
  return (one: number) => {
    now += ms;
    return { one, served };
  };
}

test('other work runs while a long list is processed, and the list stays complete and in order', async () => {
  const results = await mapYielding([5, 6, 7, 8], workThatTakes(20));
  expect(results.map(({ one }) => one)).toEqual([5, 6, 7, 8]);
  expect(new Set(results.map(({ served }) => served)).size).toBe(4);
});

test('a short list is processed without a pause', async () => {
  const results = await mapYielding([5, 6, 7], workThatTakes(3));
  expect(results.map(({ served }) => served)).toEqual([0, 0, 0]);
});

test('a failure ends the processing', async () => {
  const fail = () => {
    throw new Error('no');
  };
  await expect(mapYielding([1], fail)).rejects.toThrow('no');
});

test('slices of readers run one at a time in the order of their requests, with turns for other work after each', async () => {
  let turns = 0;
  let running = true;
  const count = () => {
    turns += 1;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  const began: [reader: number, turn: number][] = [];
  const reader = async (name: number) => {
    for (let slice = 0; slice < 2; slice += 1) {
      await longWorkSlice();
      began.push([name, turns]);
    }
  };
  await Promise.all([reader(1), reader(2), reader(3)]);
  running = false;
  expect(began.map(([name]) => name)).toEqual([1, 2, 3, 1, 2, 3]);
  const gaps = began.slice(1).map(([, turn], index) => turn - (began[index]?.[1] ?? 0));
  for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(3);
  // Later readers are served as well.
  await longWorkSlice();
});
