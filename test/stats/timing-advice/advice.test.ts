// Timing advice for generated actions whose distribution is known.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstPollSpread, nextPollAt } from '../../../src/execution/scheduling.ts';
import { type Advice, adviceFor, type Cost } from '../../../src/stats/timing-advice/advice.ts';
import { pollTimes, replay, type Timing } from '../../../src/stats/timing-advice/replay.ts';
import type { Observation } from '../../../src/store/observations-port.ts';
import { seededRandom } from '../../support/manual-world.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 8);
const INTERVAL_MS = 2_000;
const DEFAULT: Timing = { graceSeconds: 10, timeoutSeconds: 30 };

interface Truth {
  /** The milliseconds that CXone takes, at random. */
  readonly takes: (random: () => number) => number;
  readonly lost?: number;
  readonly timing?: Timing;
  readonly count?: number;
}

/** The observations of such an action by the receiver, with polls as the schedule has them. */
function observed({ takes, lost = 0, timing = DEFAULT, count = 1_000 }: Truth, seed = 1): Observation[] {
  const random = seededRandom(seed);
  const polls = pollTimes(timing, INTERVAL_MS);
  const deadline = polls.at(-1) ?? 0;
  return Array.from({ length: count }, (_, i) => {
    const sentAt = NOW - 2 * HOUR - i * 1_000;
    const done = takes(random);
    const isLost = random() < lost;
    const found = polls.find((at) => at >= done);
    const base = { actionId: 'a', sentAt, ...timing, pollable: true };
    if (!isLost && done <= (found ?? deadline)) {
      const pollCount = polls.filter((at) => at < done).length;
      const calledBackAt = sentAt + done;
      return {
        ...base,
        status: 'COMPLETED',
        resolvedBy: 'callback',
        resolvedAt: calledBackAt,
        pollCount,
        calledBackAt,
        foundAt: null,
      };
    }
    if (found !== undefined) {
      const foundAt = sentAt + found;
      const pollCount = polls.indexOf(found) + 1;
      return {
        ...base,
        status: 'COMPLETED',
        resolvedBy: 'poll',
        resolvedAt: foundAt,
        pollCount,
        calledBackAt: null,
        foundAt,
      };
    }
    const late = isLost ? null : sentAt + done;
    const ended = { status: 'TIMEOUT', resolvedBy: 'deadline', resolvedAt: sentAt + deadline } as const;
    return { ...base, ...ended, pollCount: polls.length, calledBackAt: late, foundAt: null };
  });
}

const advise = (truth: Truth, seed?: number): Advice =>
  adviceFor('a', observed(truth, seed), { intervalMs: INTERVAL_MS, now: NOW });

const around = (seconds: number) => (random: () => number) => 1_000 * seconds * (0.5 + random());

/** The real cost of a timing: another thousand executions, replayed. */
function truly(truth: Truth, timing: Timing): { polls: number; lagMs: number; timeOuts: number } {
  const random = seededRandom(77);
  const polls = pollTimes(timing, INTERVAL_MS);
  const outcomes = Array.from({ length: 4_000 }, () => {
    const doneAt = truth.takes(random);
    const calledBackAt = random() < (truth.lost ?? 0) ? null : doneAt;
    return replay({ doneAt, calledBackAt, pollable: true }, polls);
  });
  const lags = outcomes.flatMap(({ lagMs }) => lagMs ?? []);
  return {
    polls: (1_000 * outcomes.reduce((sum, one) => sum + one.polls, 0)) / outcomes.length,
    lagMs: lags.reduce((sum, one) => sum + one, 0) / Math.max(1, lags.length),
    timeOuts: (1_000 * (outcomes.length - lags.length)) / outcomes.length,
  };
}

describe('the replay', () => {
  test('polls when the schedule polls, and for the last time at the deadline', () => {
    const times = pollTimes(DEFAULT, INTERVAL_MS);
    expect(times[0]).toBe(10_000 + firstPollSpread(INTERVAL_MS, 0.5));
    expect(times[1]).toBe(nextPollAt({ now: times[0] ?? 0, pollCount: 0, intervalMs: INTERVAL_MS, chance: 0.5 }));
    expect(times.at(-1)).toBe(40_000);
  });

  test('has a result at the callback or at the first poll after it, and polls no more', () => {
    const polls = pollTimes(DEFAULT, INTERVAL_MS);
    fc.assert(
      fc.property(fc.nat(60_000), fc.option(fc.nat(30_000)), (doneAt, delay) => {
        const calledBackAt = delay === null ? null : doneAt + delay;
        const { polls: made, lagMs } = replay({ doneAt, calledBackAt, pollable: true }, polls);
        const known = lagMs === null ? null : doneAt + lagMs;
        const found = polls.find((at) => at >= doneAt) ?? Number.POSITIVE_INFINITY;
        const soonest = Math.min(found, calledBackAt ?? Number.POSITIVE_INFINITY);
        expect(known).toBe(soonest <= 40_000 ? soonest : null);
        expect(made).toBe(
          polls.filter((at) => at < Math.min(soonest, 40_001)).length + (found < (calledBackAt ?? 1e9) ? 1 : 0),
        );
      }),
    );
  });

  test('never polls an execution without an executionId', () => {
    const polls = pollTimes(DEFAULT, INTERVAL_MS);
    expect(replay({ doneAt: 1_000, calledBackAt: null, pollable: false }, polls)).toEqual({ polls: 0, lagMs: null });
  });
});

describe('advice', () => {
  test('waits longer where callbacks are reliable but later than the grace period: this saves polls and delays no result', () => {
    const slow = { takes: around(20), timing: { graceSeconds: 5, timeoutSeconds: 60 } };
    const { advised, current, saves } = advise(slow);
    expect(advised?.graceSeconds).toBeGreaterThanOrEqual(25);
    expect(saves?.polls).toBeGreaterThan(0.9 * current.cost.polls);
    expect(saves?.lagMs).toBeLessThan(100);
  });

  test('polls sooner where callbacks are lost: the saved lag is worth the polls', () => {
    const { advised, saves, words } = advise({
      takes: around(2),
      lost: 0.8,
      timing: { graceSeconds: 30, timeoutSeconds: 30 },
    });
    expect(advised?.graceSeconds).toBeLessThan(5);
    expect(saves?.lagMs).toBeLessThan(-10_000);
    expect(words.join()).toContain('most callbacks are missing');
  });

  test('predicts the real cost of the advised timing', () => {
    for (const [lost, seconds] of [
      [0, 20],
      [0.1, 4],
      [0.5, 8],
      [0.9, 3],
    ] as const) {
      const truth = { takes: around(seconds), lost, count: 2_000 };
      const { advised, current } = advise(truth);
      if (advised === null) throw new Error('there is no advice');
      for (const { cost, ...timing } of [advised, current]) {
        const real = truly(truth, timing);
        expect(Math.abs(cost.polls - real.polls), `polls ${lost} ${seconds}`).toBeLessThan(60 + 0.1 * real.polls);
        expect(Math.abs(cost.lagMeanMs - real.lagMs), `lag ${lost} ${seconds}`).toBeLessThan(150 + 0.15 * real.lagMs);
      }
    }
  });

  test('never costs more than the configured timing, and never times out more, for any action', () => {
    const cases = fc.record({
      seconds: fc.integer({ min: 1, max: 90 }),
      lost: fc.double({ min: 0, max: 1, noNaN: true }),
      graceSeconds: fc.integer({ min: 0, max: 120 }),
      timeoutSeconds: fc.integer({ min: 5, max: 120 }),
      seed: fc.nat(1_000),
    });
    fc.assert(
      fc.property(cases, ({ seconds, lost, seed, ...timing }) => {
        const { advised, current, results } = advise({ takes: around(seconds), lost, timing, count: 200 }, seed);
        if (advised === null) {
          expect(results).toBeLessThan(30);
          return;
        }
        expect(advised.timeoutSeconds).toBeGreaterThanOrEqual(5);
        expect(advised.timeoutSeconds).toBeLessThanOrEqual(120);
        expect(advised.cost.timeOuts).toBeLessThanOrEqual(current.cost.timeOuts + 5);
        // Per execution: the lag is that of executions whose result is in time.
        const price = ({ polls, lagMeanMs, timeOuts }: Cost) =>
          polls / 1_000 + (1 - timeOuts / 1_000) * (lagMeanMs / INTERVAL_MS);
        // The advice assumes more lost callbacks than were observed, so it may cost a little more on the observed ones.
        expect(price(advised.cost)).toBeLessThan(price(current.cost) * 1.1 + 0.05);
      }),
      { numRuns: 60 },
    );
  });

  test('counts a timeout as longer than the observation, so that a slow action does not look fast', () => {
    const heavy = (random: () => number) => -20_000 * Math.log(1 - random());
    const { durationMs, censored, results } = advise({
      takes: heavy,
      timing: { graceSeconds: 5, timeoutSeconds: 20 },
      lost: 0.3,
      count: 3_000,
    });
    expect(censored).toBeGreaterThan(100);
    expect(results).toBeGreaterThan(1_000);
    expect(durationMs.p50).toBeGreaterThan(20_000 * Math.log(2) * 0.9);
    expect(durationMs.p50).toBeLessThan(20_000 * Math.log(2) * 1.1);
  });

  test('states when there are too few results, and its confidence grows with their number', () => {
    const few = advise({ takes: around(2), count: 29 });
    expect([few.advised, few.confidence]).toEqual([null, 'none']);
    expect(few.words).toEqual(['no advice: 29 results were observed, and 30 are needed']);
    expect(advise({ takes: around(2), count: 100 }).confidence).toBe('low');
    expect(advise({ takes: around(2), count: 500 }).confidence).toBe('fair');
    expect(advise({ takes: around(2), count: 1_500 }).confidence).toBe('good');
    expect(advise({ takes: around(60), count: 1_500, lost: 0.5 }).confidence).not.toBe('good');
  });

  test('keeps the configured timing where there is no better one', () => {
    const { words } = advise({ takes: around(1) });
    expect(words).toEqual(['keep graceSeconds 10 and timeoutSeconds 30']);
  });
});
