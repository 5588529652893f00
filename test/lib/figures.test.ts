// Shares as people read them: one decimal at most, and never a rounded none or all.

import { expect, test } from 'vitest';
import { percent } from '../../src/lib/figures.ts';

test.each([
  [0, 8, '0 %'],
  [1, 8, '12.5 %'],
  [1, 3, '33.3 %'],
  [1, 20, '5 %'],
  [8, 8, '100 %'],
])('%i of %i is %s', (part, whole, text) => expect(percent(part, whole)).toBe(text));

test('one of a million is not none, and all but one are not all', () => {
  expect([percent(1, 1e6), percent(1e6 - 1, 1e6)]).toEqual(['<0.1 %', '>99.9 %']);
});

test('of nothing there is no share', () => expect(percent(0, 0)).toBeNull());
