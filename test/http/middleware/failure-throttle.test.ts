// Failures are counted per client, for a limited time, in bounded memory.

import { expect, test } from 'vitest';
import { createFailureThrottle } from '../../../src/http/middleware/failure-throttle.ts';

function aThrottle(clients = 3) {
  let time = 0;
  const throttle = createFailureThrottle(
    { elapsed: () => time },
    { failures: 2, windowMs: 10_000, maxWindowMs: 30_000, clients },
  );
  const failures = (client: string, count: number) => Array.from({ length: count }, () => throttle.fail(client));
  const pass = (ms: number) => {
    time += ms;
  };
  return { failures, pass, waitOf: throttle.waitOf };
}

test('a client may fail a number of times in a window, and then gets the rest of the window as the time to wait', () => {
  const { failures, pass } = aThrottle();
  expect(failures('a', 3)).toEqual([0, 0, 10]);
  pass(9_001);
  expect(failures('a', 1)).toEqual([1]);
  pass(999);
  expect(failures('a', 2)).toEqual([0, 0]);
});

test('a client that continues to fail waits twice as long each time, up to a limit, until it has paused', () => {
  const { failures, pass } = aThrottle();
  expect(failures('a', 3)).toEqual([0, 0, 10]);
  pass(10_000);
  expect(failures('a', 3)).toEqual([0, 0, 20]);
  pass(20_000);
  expect(failures('a', 3)).toEqual([0, 0, 30]);
  pass(30_000);
  expect(failures('a', 3)).toEqual([0, 0, 30]);
  pass(60_000);
  expect(failures('a', 3)).toEqual([0, 0, 10]);
});

test('the time to wait is known without another failure', () => {
  const { failures, pass, waitOf } = aThrottle();
  expect(waitOf('a')).toBe(0);
  failures('a', 1);
  expect(waitOf('a')).toBe(0);
  failures('a', 1);
  expect(waitOf('a')).toBe(10);
  pass(9_500);
  expect([waitOf('a'), waitOf('b')]).toEqual([1, 0]);
  pass(500);
  expect(waitOf('a')).toBe(0);
});

test('the failures of one client do not count for another', () => {
  const { failures } = aThrottle();
  expect([...failures('a', 3), ...failures('b', 2)]).toEqual([0, 0, 10, 0, 0]);
});

test('the number of clients in memory is bounded: the one with the oldest failure is removed', () => {
  const { failures } = aThrottle(3);
  for (const client of ['a', 'b', 'c']) failures(client, 2);
  expect(failures('a', 1)).toEqual([10]);
  failures('d', 1);
  expect(failures('a', 1)).toEqual([10]);
  expect(failures('b', 2)).toEqual([0, 0]);
});
