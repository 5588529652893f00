// Prefer: wait=N as RFC 7240 writes it.

import { expect, test } from 'vitest';
import { preferredWait } from '../../../src/http/request/prefer-wait.ts';

test.for([
  ['wait=10', 10],
  ['wait=0', 0],
  ['wait=60', 60],
  ['wait=61', 60],
  ['wait=99999999999999999999999', 60],
  ['WAIT = "20"', 20],
  ['respond-async, wait=10', 10],
  ['wait=10;retry=1, respond-async', 10],
  ['handling="lenient, wait=5", wait=10', 10],
  ['handling="a \\" b, wait=5"; x, wait=10', 10],
  ['wait=10, wait=20', 10],
  [' \t wait=7 ', 7],
] as const)('"%s" asks to wait for %i seconds', ([header, seconds]) => {
  expect(preferredWait(header)).toBe(seconds);
});

test.for([
  '',
  'respond-async',
  'wait',
  'wait=',
  'wait=-1',
  'wait=1.5',
  'wait=soon',
  'wait="5',
  'wait=5 s',
  'waiting=5',
  'x;wait=5',
  'handling="wait=5"',
  'wait=soon, wait=5',
  `${', '.repeat(600)}wait=5`,
])('"%s" is ignored', (header) => {
  expect(preferredWait(header)).toBeNull();
});

test('without the header no request waits', () => {
  expect(preferredWait(undefined)).toBeNull();
});
