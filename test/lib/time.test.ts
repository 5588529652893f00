// Dates and times that callers write.

import { expect, test } from 'vitest';
import { readIsoTime } from '../../src/lib/time.ts';

test.for([
  ['2026-01-31', Date.UTC(2026, 0, 31)],
  ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
  ['2026-01-31t12:00:00.5+02:00', Date.UTC(2026, 0, 31, 10, 0, 0, 500)],
  ['2026-02-30', null],
  ['2026-13-01', null],
  ['2026-01-31T12:00:00', null],
  ['yesterday', null],
] as const)('%s is read as %s', ([text, time]) => {
  expect(readIsoTime(text)).toBe(time);
});
