// Requests that a busy process makes late count in the window in which they were admitted, and no fault is hidden.

import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { mostWithin, readSends } from './sends.ts';

const at = (ms: number, lagMs = 0) => ({ ms, lagMs });

test.each([
  ['of none', [], 0],
  ['of requests that are close together, in any order', [at(1_500), at(0), at(799)], 2],
  ['of requests that a window does not contain', [at(0), at(800), at(1_600)], 1],
  ['of a request that a busy process made late', [at(300, 300), at(512), at(1_025)], 2],
  ['of a request that was made late between others', [at(300), at(512, 400), at(1_025)], 2],
  ['of requests that are close together although one was late', [at(300, 300), at(310), at(700)], 3],
  ['of a request that a process made after it was stopped', [at(300, 12_000), at(310), at(700)], 3],
] as const)('the most requests within 800 ms, %s', (_, sends, most) => {
  expect(mostWithin(800, sends)).toBe(most);
});

test('requests are read once each, also if a line is not complete yet', () => {
  const path = join(temporaryFolder(), 'sends');
  writeFileSync(path, '');
  const sends = readSends(path);
  expect(sends()).toEqual({ made: [], written: [] });
  appendFileSync(path, '{"by":1,"ms":5,"lagMs":0,"what":"made"}\n{"by":1,"ms":6,');
  expect(sends().made).toEqual([{ by: 1, ms: 5, lagMs: 0 }]);
  appendFileSync(path, '"lagMs":2,"what":"written"}\n');
  expect(sends()).toEqual({ made: [{ by: 1, ms: 5, lagMs: 0 }], written: [{ by: 1, ms: 6, lagMs: 2 }] });
});
