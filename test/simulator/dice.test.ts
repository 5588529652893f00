// The simulator's seeded randomness.

import { expect, test } from 'vitest';
import { createDice } from '../../src/simulator/dice.ts';

test('the same seed and names return the same number, whatever was rolled in between', () => {
  const one = createDice('a');
  const first = one.roll('fate', 'order-1');
  one.roll('fate', 'order-2');
  expect(one.roll('fate', 'order-1')).toBe(first);
  expect(createDice('a').roll('fate', 'order-1')).toBe(first);
});

test('another seed or another name gives another number', () => {
  const numbers = [
    createDice('a').roll('fate', 'order-1'),
    createDice('b').roll('fate', 'order-1'),
    createDice('a').roll('run', 'order-1'),
    createDice('a').roll('fate', 'order-2'),
    createDice('a').roll('fateorder-1'),
  ];
  expect(new Set(numbers).size).toBe(numbers.length);
});

test('the numbers are spread evenly over 0 to 1', () => {
  const dice = createDice('even');
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let n = 0; n < 10_000; n += 1) {
    const roll = dice.roll(n);
    expect(roll >= 0 && roll < 1).toBe(true);
    const bucket = Math.floor(roll * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const size of buckets) expect(size).toBeGreaterThan(850);
});
