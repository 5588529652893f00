// What is said of an outage is what came to CXone: every execution is accounted for, and the worst second counts, not the middle one.

import { expect, test } from 'vitest';
import { verdict } from '../../bench/measure.ts';
import { mostInOneSecond, outageOf, type Recovery, rowsOf } from '../../bench/outage.ts';
import { temporaryFolder } from '../support/temporary.ts';

const WELL: Recovery = {
  backlog: 100,
  noticedAfterMs: 500,
  drainMs: 2_000,
  rate: 0.93,
  burst: 0.97,
  pollWaitMs: 400,
  polls: 20,
  inVain: 30,
  endings: { COMPLETED: 300 },
};

test.each(['connection refused', '503'] as const)(
  'an outage (%s) leaves a backlog that drains, and every execution has its end',
  { timeout: 120_000 },
  async (kind) => {
    const ground = { scratch: temporaryFolder(), signal: new AbortController().signal };
    const recovery = await outageOf(ground, 1, { kind, awayMs: 4_000, beforeMs: 8_000 });
    expect(recovery.backlog).toBeGreaterThan(50);
    expect(recovery.polls).toBeGreaterThan(0);
    // The first poll after a grace period keeps a distance of its own, so there is always something to see.
    expect(recovery.pollWaitMs).toBeGreaterThan(0);
    expect(recovery.inVain).toBeGreaterThan(0);
    expect(recovery.burst).toBeLessThanOrEqual(1);
    expect(recovery.rate).toBeLessThanOrEqual(recovery.burst);
    expect(recovery.endings).toEqual({ COMPLETED: expect.any(Number) });
    expect(recovery.endings['COMPLETED']).toBeGreaterThan(recovery.backlog);
  },
);

test('a second is any second, and does not hold its own end', () => {
  const at = (...moments: number[]) => mostInOneSecond(moments.map((moment) => ({ at: moment })));
  expect(at()).toBe(0);
  expect(at(0, 999)).toBe(2);
  expect(at(0, 1_000)).toBe(1);
  expect(at(0, 500, 900, 1_400, 1_450)).toBe(4);
  expect(at(1_450, 0, 1_400, 900, 500)).toBe(4);
});

test('one burst among many outages is a burst, and one starved poll is starvation', () => {
  const of = (...recoveries: Recovery[]) =>
    rowsOf(
      recoveries.map((recovery) => ({ ...recovery, kind: '503' })),
      60_000,
    ).map(verdict);
  expect(of(WELL, WELL, WELL)).toEqual(['reached', 'reached', 'reached']);
  expect(of(WELL, { ...WELL, burst: 1.01 }, WELL)).toEqual(['reached', 'missed', 'reached']);
  expect(of(WELL, { ...WELL, pollWaitMs: 10_001 }, WELL)).toEqual(['reached', 'reached', 'missed']);
  expect(of(WELL, { ...WELL, rate: 0.89 }, { ...WELL, rate: 0.89 })).toEqual(['missed', 'reached', 'reached']);
});

test('a row says what it stands on: how long, how many outages, and how their executions ended', () => {
  const [drain] = rowsOf(
    [
      { ...WELL, kind: '503' },
      { ...WELL, kind: 'connection refused', endings: { COMPLETED: 290, TIMEOUT: 10 } },
    ],
    60_000,
  );
  expect(drain?.measure).toContain('away for 60 s');
  expect(drain?.note).toBe('virtual time; 2 outages: CXone answers 503 or refuses connections');
  expect(drain?.context).toMatchObject({ COMPLETED: 590, TIMEOUT: 10, 'waiting when it came back': 100 });
});
