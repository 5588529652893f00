// Long work in steps: it gives way to the event loop, and ends only between two steps.

import { expect, test } from 'vitest';
import { Interrupted, runAtOnce, runInTurns, type Steps } from '../../src/lib/steps.ts';

function* counting(to: number, seen: number[] = []): Steps<string> {
  try {
    for (let i = 1; i <= to; i += 1) {
      seen.push(i);
      yield;
    }
    return 'done';
  } finally {
    seen.push(0);
  }
}

test('work that runs at once returns its result', () => {
  expect(runAtOnce(counting(3))).toBe('done');
});

test('other work runs after each step', async () => {
  const seen: number[] = [];
  const others: number[] = [];
  const work = runInTurns(counting(500, seen));
  const note = () => {
    others.push(seen.length);
    if (seen.at(-1) !== 0) setImmediate(note);
  };
  setImmediate(note);
  expect(await work).toBe('done');
  expect(new Set(others).size).toBeGreaterThan(100);
});

test('an interruption ends it after the present step, with its clean-up', async () => {
  const seen: number[] = [];
  const stop = new AbortController();
  const interrupted = () => {
    if (seen.length === 2) stop.abort();
    return stop.signal;
  };
  await expect(runInTurns(counting(9, seen), interrupted)).rejects.toThrow(Interrupted);
  expect(seen).toEqual([1, 2, 0]);
});

test('work without steps asks for no signal', async () => {
  const none = () => {
    throw new Error('not asked for');
  };
  expect(await runInTurns(counting(0), none)).toBe('done');
});
