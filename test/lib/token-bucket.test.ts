// A token bucket: it yields at most its capacity, and refills over time.

import { expect, test } from 'vitest';
import { createTokenBucket } from '../../src/lib/token-bucket.ts';

function aBucket(capacity = 10, gainPerMs = 0.01) {
  let time = 1_000_000;
  const bucket = createTokenBucket(capacity, gainPerMs, () => time);
  const pass = (ms: number) => {
    time += ms;
  };
  const takes = (count: number) => Array.from({ length: count }, () => bucket.take(1)).filter(Boolean).length;
  return { bucket, pass, takes };
}

test('a bucket starts full, yields no more than it holds, and refills at its rate', () => {
  const { bucket, pass, takes } = aBucket();
  expect(takes(20)).toBe(10);
  expect(bucket.msUntil(1)).toBe(100);
  pass(99);
  expect(takes(1)).toBe(0);
  pass(1);
  expect(takes(2)).toBe(1);
  pass(60_000);
  expect(takes(20)).toBe(10);
});

test('more than the capacity may be taken once, and is waited for afterwards', () => {
  const { bucket, pass } = aBucket();
  expect(bucket.take(100)).toBe(true);
  expect([bucket.level(), bucket.msUntil(1)]).toEqual([-90, 9_100]);
  pass(9_099);
  expect(bucket.take(1)).toBe(false);
  pass(1);
  expect(bucket.take(1)).toBe(true);
});

test('taking zero tokens only reports the state', () => {
  const { bucket } = aBucket(1);
  expect([bucket.take(0), bucket.take(1), bucket.take(0)]).toEqual([true, true, false]);
});

test('returned tokens can be taken again, and never exceed the capacity', () => {
  const { bucket, takes } = aBucket();
  takes(10);
  bucket.putBack(3);
  expect(takes(10)).toBe(3);
  bucket.putBack(50);
  expect(takes(50)).toBe(10);
});
