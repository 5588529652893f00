// What of a queue is done together.

import { expect, test } from 'vitest';
import { takeBatch } from '../../src/lib/take-batch.ts';

const MOST = { weight: 10, bytes: 100 };

const short = (name: string, weight = 1) => ({ name, weight, bytes: 0 });
const long = (name: string, bytes: number, weight = 1) => ({ name, weight, bytes });

const taken = (waiting: Parameters<typeof takeBatch<ReturnType<typeof short>>>[0]) => {
  const { batch, rest } = takeBatch(waiting, MOST);
  return [batch, rest].map((elements) => elements.map(({ name }) => name).join(' '));
};

test('what is short comes first, in its order, up to the weight', () => {
  expect(taken([short('a'), short('b', 8), short('c'), short('d')])).toEqual(['a b c', 'd']);
  expect(taken([short('a', 11), short('b')])).toEqual(['a', 'b']);
});

test('of what is long, as much is done as others may wait for', () => {
  expect(taken([long('A', 60), long('B', 40), long('C', 1)])).toEqual(['A B', 'C']);
  expect(taken([long('A', 500), long('B', 1)])).toEqual(['A', 'B']);
});

test('what is short does not wait for what is long, nor the other way round', () => {
  expect(taken([long('A', 90), long('B', 90), short('a'), long('C', 5)])).toEqual(['a A', 'B C']);
  expect(taken([long('A', 90), short('a', 10), short('b', 10)])).toEqual(['a A', 'b']);
});

test('an empty queue is an empty batch', () => {
  expect(taken([])).toEqual(['', '']);
});
