// Long lists are worked through whole and in order, and others get their turn meanwhile.

import { expect, onTestFinished, test, vi } from 'vitest';
import { mapYielding } from '../../src/lib/event-loop.ts';

/** Work of which each piece takes so long; it tells how often others had been served before it. */
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

test('everybody else is served while a long list is worked through, which stays whole and in its order', async () => {
  const results = await mapYielding([5, 6, 7, 8], workThatTakes(20));
  expect(results.map(({ one }) => one)).toEqual([5, 6, 7, 8]);
  expect(new Set(results.map(({ served }) => served)).size).toBe(4);
});

test('a short list is done at a stretch', async () => {
  const results = await mapYielding([5, 6, 7], workThatTakes(3));
  expect(results.map(({ served }) => served)).toEqual([0, 0, 0]);
});

test('what fails ends it', async () => {
  const fail = () => {
    throw new Error('no');
  };
  await expect(mapYielding([1], fail)).rejects.toThrow('no');
});
