// The time of the first poll of an accepted execution, and the distance between its polls.

import { expect, test } from 'vitest';
import { transition } from '../../src/execution/transition.ts';
import { anExecution, NOON, polled, RUNNING, submitted } from '../support/executions.ts';

const ANSWERED = NOON + 400;

/** Submitted at noon with a grace period of 10 s and a window of 30 s. */
function firstPollOf(answer: Parameters<typeof submitted>[0], asked: Parameters<typeof anExecution>[0] = {}) {
  const sent = transition(anExecution(asked), { type: 'dispatched' }, NOON).execution;
  const { pollAt, deadline } = transition(sent, submitted(answer), ANSWERED).execution;
  return { pollAt, deadline };
}

test('an execution that expects a callback is first polled after the grace period', () => {
  expect(firstPollOf({ spreadMs: 300 })).toEqual({ pollAt: NOON + 10_300, deadline: NOON + 40_000 });
});

test('an execution that expects no callback is polled without delay, and the grace period still counts for the deadline', () => {
  const first = firstPollOf({ spreadMs: 300, soonestMs: 2_300, callbackless: true }, { graceSeconds: 3600 });
  expect(first).toEqual({ pollAt: ANSWERED + 2_300, deadline: NOON + 3_630_000 });
});

test('no poll comes sooner than CXone asks for, not even for the deadline', () => {
  expect(firstPollOf({ spreadMs: 300, soonestMs: 30_000 }).pollAt).toBe(ANSWERED + 30_000);
  const brief = firstPollOf({ spreadMs: 0, soonestMs: 30_000 }, { graceSeconds: 0, timeoutSeconds: 5 });
  expect(brief).toEqual({ pollAt: ANSWERED + 30_000, deadline: NOON + 5_000 });
});

test('the last poll is at the deadline, unless that is too soon after the previous one', () => {
  const sent = transition(anExecution(), { type: 'dispatched' }, NOON).execution;
  const pending = transition(sent, submitted(), ANSWERED).execution;
  const after = (notBefore?: number) =>
    transition(
      pending,
      polled(RUNNING, { nextPollAt: NOON + 60_000, ...(notBefore === undefined ? {} : { notBefore }) }),
      NOON + 30_000,
    ).execution.pollAt;
  expect(after()).toBe(NOON + 40_000);
  expect(after(NOON + 35_000)).toBe(NOON + 40_000);
  expect(after(NOON + 60_000)).toBe(NOON + 60_000);
});
