// A callback after the end that brings no result: CXone is polled, a few times at most, and its result is the late result.

import { describe, expect, test } from 'vitest';
import type { Transition } from '../../src/execution/apply-result.ts';
import type { ExecutionEvent } from '../../src/execution/event.ts';
import type { Execution } from '../../src/execution/execution.ts';
import { transition } from '../../src/execution/transition.ts';
import {
  anExecution,
  callback,
  completed,
  failed,
  NOON,
  notFound,
  polled,
  RUNNING,
  submitted,
} from '../support/executions.ts';

const DISPATCHED = { type: 'dispatched' } as const;
const CANCELLED = { type: 'cancelled', by: 'app:shop' } as const;
const ANSWER = { httpStatus: 503, latencyMs: 4, message: 'no', retryAt: NOON + 60_000, giveUpAt: NOON + 300_000 };
const UNSENT = { type: 'unsent', ...ANSWER } as const;
const REFUSED = { type: 'refused', httpStatus: 409, latencyMs: 9, message: 'CXone answered 409' } as const;
const UNREADABLE = { type: 'callback-unreadable', reason: 'no JSON', body: null } as const;
const HINT = { type: 'unverified-callback', executionId: null, report: completed('hinted') } as const;
const LARGE = {
  type: 'callback-too-large',
  reason: 'body over 1 MiB',
  executionId: null,
  report: completed(null),
  isPollable: true,
} as const;

const failing = (nextPollAt: number) =>
  ({ type: 'poll-failed', httpStatus: 500, latencyMs: 3, message: 'no', nextPollAt }) as const;

/** Applies events one second apart and returns the last transition. */
function upon(execution: Execution, ...events: readonly ExecutionEvent[]): Transition {
  const steps: Transition[] = [];
  for (const [i, event] of events.entries()) {
    steps.push(transition(steps.at(-1)?.execution ?? execution, event, NOON + (i + 1) * 1000));
  }
  return steps.at(-1) as Transition;
}

const afterEvents = (...events: readonly ExecutionEvent[]) => upon(anExecution(), DISPATCHED, ...events).execution;

const ENDED: readonly (readonly [string, Execution])[] = [
  ['TIMEOUT', afterEvents(submitted(), { type: 'expired' })],
  ['NOT_FOUND', afterEvents(submitted(), notFound(), notFound())],
  ['CANCELLED', afterEvents(submitted(), CANCELLED)],
];
const LATER = NOON + 3_600_000;
const timedOut = (): Execution => structuredClone(ENDED[0]?.[1]) as Execution;

describe.each(ENDED)('after %s', (status, ended) => {
  test('an unreadable callback has CXone polled at once, and the result is the late result', () => {
    expect([ended.status, ended.pollAt]).toEqual([status, null]);
    const asked = transition(ended, UNREADABLE, LATER);
    expect([asked.outcome, asked.entry.event]).toEqual(['unreadable', 'CALLBACK_UNREADABLE']);
    expect(asked.execution).toEqual({ ...ended, pollAt: LATER, foundAt: LATER });
    const late = transition(asked.execution, polled(completed('there')), LATER + 1000);
    expect([late.outcome, late.entry.event, late.entry.detail['outcome']]).toEqual(['late', 'POLL_COMPLETED', 'late']);
    expect(late.execution).toMatchObject({ status, result: null, pollAt: null });
    expect(late.execution.lateResult).toMatchObject({ status: 'COMPLETED', result: 'there', via: 'poll' });
    expect(transition(late.execution, UNREADABLE, LATER + 60_000).execution).toEqual(late.execution);
  });

  test('so has one without proof that reports an end, which is not kept itself', () => {
    const { execution, outcome } = transition(ended, HINT, LATER);
    expect(outcome).toBe('late');
    expect(execution).toEqual({ ...ended, pollAt: LATER, foundAt: LATER });
    expect(transition(ended, { ...HINT, report: RUNNING }, LATER).execution).toEqual(ended);
  });

  test('a callback over 1 MiB has the result polled, unless CXone no longer knows it', () => {
    const { execution, outcome } = transition(ended, LARGE, LATER);
    if (status === 'NOT_FOUND') expect(execution.lateResult).toMatchObject({ status: 'COMPLETED', result: null });
    else expect([outcome, execution]).toEqual(['unreadable', { ...ended, pollAt: LATER, foundAt: LATER }]);
  });
});

test('after the rejection of a second attempt CXone is polled under the executionId that the body shows', () => {
  const rejected = afterEvents(UNSENT, DISPATCHED, REFUSED);
  expect(rejected).toMatchObject({ status: 'REJECTED', attempts: 2, executionId: null });
  expect(transition(rejected, UNREADABLE, LATER).execution).toEqual(rejected);
  const asked = transition(rejected, { ...UNREADABLE, executionId: 'cx-7' }, LATER).execution;
  expect(asked).toMatchObject({ executionId: 'cx-7', executionIdUnverified: true, pollAt: LATER });
  const found = transition(asked, polled(completed('there'), { polledExecutionId: 'cx-7' }), LATER).execution;
  expect(found).toMatchObject({ status: 'REJECTED', executionId: 'cx-7', executionIdUnverified: false, pollAt: null });
  expect(found.lateResult).toMatchObject({ result: 'there' });
});

test.each([
  ['COMPLETED', afterEvents(submitted(), callback(completed()))],
  ['FAILED', afterEvents(submitted(), polled(failed()))],
  ['the rejection of the only attempt', afterEvents(REFUSED)],
  ['a late result', afterEvents(submitted(), CANCELLED, callback(completed()))],
  ['an erasure', { ...afterEvents(submitted(), CANCELLED), erasedAt: NOON }],
])('after %s CXone has nothing more to say, and is not polled', (_, ended) => {
  for (const event of [UNREADABLE, { ...UNREADABLE, executionId: 'cx-7' }, HINT]) {
    expect(transition(ended, event, LATER).execution).toEqual(ended);
  }
});

test.each([
  ['the same result', completed('there')],
  ['another result', failed()],
])('%s ends the poll for a late result that the version before has kept', (_, report) => {
  const late = afterEvents(submitted(), CANCELLED, callback(completed('there')));
  const asked: Execution = { ...late, pollAt: LATER, foundAt: LATER };
  for (const event of [polled(report, { leasedUntil: LATER + 15_000 }), callback(report)]) {
    const { execution, outcome } = transition(asked, event, LATER + 1000);
    expect(['duplicate', 'conflict']).toContain(outcome);
    expect(execution).toMatchObject({ status: 'CANCELLED', lateResult: late.lateResult, pollAt: null });
  }
  const completedOne = { ...afterEvents(submitted(), callback(report)), pollAt: LATER };
  expect(transition(completedOne, polled(report), LATER).execution.pollAt).toBeNull();
});

describe('the poll after the end', () => {
  const asked = () => transition(timedOut(), UNREADABLE, LATER).execution;

  test('is one for many callbacks, and the next one comes five seconds later at the soonest', () => {
    for (const at of [LATER, LATER + 1, LATER + 60_000]) {
      expect(transition(asked(), UNREADABLE, at).execution.pollAt).toBe(LATER);
    }
    const running = transition(asked(), polled(RUNNING), LATER + 1000);
    expect([running.outcome, running.entry.event]).toEqual(['ignored', 'POLL_PROGRESS']);
    expect(running.execution).toMatchObject({ status: 'TIMEOUT', pollAt: null, foundAt: LATER + 1000 });
    expect(transition(running.execution, UNREADABLE, LATER + 2000).execution.pollAt).toBe(LATER + 6000);
    expect(transition(running.execution, UNREADABLE, LATER + 9000).execution.pollAt).toBe(LATER + 9000);
    const waiting = { ...asked(), pollAt: LATER + 900_000 };
    expect(transition(waiting, UNREADABLE, LATER + 1000).execution.pollAt).toBe(LATER + 6000);
    // A clock that was set back delays the next one by no more than that.
    expect(transition(running.execution, UNREADABLE, LATER - 900_000).execution.pollAt).toBe(LATER - 895_000);
  });

  test('is repeated for a callback that came while it was under way', () => {
    const leasedUntil = LATER + 15_000;
    const claimed = { ...asked(), pollAt: leasedUntil };
    expect(transition(claimed, polled(RUNNING, { leasedUntil }), LATER + 2000).execution.pollAt).toBeNull();
    const called = transition(claimed, UNREADABLE, LATER + 1000).execution;
    expect(transition(called, polled(RUNNING, { leasedUntil }), LATER + 2000).execution.pollAt).toBe(LATER + 6000);
    expect(transition(called, polled(completed(), { leasedUntil }), LATER + 2000).execution.pollAt).toBeNull();
  });

  test('is repeated at growing distances for a day while CXone gives no usable response, and ends nothing', () => {
    const first = transition(asked(), failing(LATER + 2000), LATER + 100);
    expect([first.outcome, first.entry.event]).toEqual(['ignored', 'POLL_ERROR']);
    expect(first.execution).toMatchObject({ status: 'TIMEOUT', pollAt: LATER + 2000, pollCount: 1 });
    const hour = 3_600_000;
    const later = transition(first.execution, failing(LATER + hour + 2000), LATER + hour).execution;
    expect(later.pollAt).toBe(LATER + hour * 1.25);
    expect(transition(later, { ...failing(LATER), notBefore: LATER + 3 * hour }, LATER + hour).execution.pollAt).toBe(
      LATER + 3 * hour,
    );
    expect(transition(later, failing(LATER + 26 * hour), LATER + 25 * hour).execution.pollAt).toBeNull();
  });

  test('ends with a second 404, which also drops an executionId that only the callback has named', () => {
    const missing = notFound({ confirmAfterMs: 5000, retryAfterMs: 1000 });
    const once = transition(asked(), missing, LATER + 100);
    expect([once.outcome, once.entry.event]).toEqual(['ignored', 'POLL_404']);
    expect(once.execution).toMatchObject({ status: 'TIMEOUT', executionId: 'cx-1', pollAt: LATER + 5100 });
    const twice = transition(once.execution, missing, LATER + 5100).execution;
    expect(twice).toMatchObject({ status: 'TIMEOUT', executionId: 'cx-1', pollAt: null });
    const nameless = afterEvents(submitted({ executionId: null }), CANCELLED);
    const guessed = transition(nameless, { ...UNREADABLE, executionId: 'no-id' }, LATER).execution;
    const gone = notFound({ polledExecutionId: 'no-id' });
    const dropped = transition(transition(guessed, gone, LATER + 100).execution, gone, LATER + 5100).execution;
    expect(dropped).toMatchObject({ executionId: null, executionIdUnverified: false, pollAt: null });
    // What further callbacks make up causes no more polls than any others.
    expect(transition(dropped, { ...UNREADABLE, executionId: 'x' }, LATER + 5200).execution.pollAt).toBe(
      LATER + 10_100,
    );
  });

  test('is under the executionId of the submit response once that is known', () => {
    const nameless = afterEvents(CANCELLED);
    const guessed = transition(nameless, { ...UNREADABLE, executionId: 'no-id' }, LATER).execution;
    const known = transition({ ...guessed, pollAt: LATER + 15_000 }, submitted(), LATER + 100).execution;
    expect(known).toMatchObject({ executionId: 'cx-1', executionIdUnverified: false, pollAt: LATER + 100 });
  });

  test('that names another execution is not repeated', () => {
    const other = polled(completed('of another'), { namedExecutionId: 'cx-2' });
    const { outcome, execution } = transition(asked(), other, LATER + 100);
    expect([outcome, execution.pollAt, execution.lateResult]).toEqual(['mismatch', null, null]);
  });
});
