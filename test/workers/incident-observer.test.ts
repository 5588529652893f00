// Samples of recent events stay recent for as long as they should, also when the clock is set meanwhile.

import { expect, test } from 'vitest';
import { createIncidentObserver } from '../../src/workers/incidents/observer.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;

test('a sample from before the clock was set back is as old as that step, and goes after its time', () => {
  let now = NOON;
  const observer = createIncidentObserver(() => now);
  observer.callback('bad-signature');
  now -= HOUR;
  expect(observer.samples().callbacks).toEqual([{ at: NOON - HOUR, refused: 'bad-signature', count: 1 }]);
  now += 299_999;
  expect(observer.samples().callbacks).toHaveLength(1);
  now += 1;
  expect(observer.samples().callbacks).toEqual([]);
});
