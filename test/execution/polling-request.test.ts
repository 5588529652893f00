// A requested poll: when CXone can be polled at once, and the effect on the polls that follow.

import { expect, test } from 'vitest';
import { whyNotPollable } from '../../src/execution/polling-request.ts';
import { nextPollAt } from '../../src/execution/scheduling.ts';
import { transition } from '../../src/execution/transition.ts';
import { anExecution, callback, completed, NOON, submitted } from '../support/executions.ts';

const HOUR = 3_600_000;
const request = { type: 'poll-requested', by: 'operator:alice' } as const;

const queued = anExecution({ graceSeconds: 3600 });
const sent = transition(queued, { type: 'dispatched' }, NOON).execution;
const pending = transition(sent, submitted(), NOON).execution;
const nameless = transition(sent, submitted({ executionId: null }), NOON).execution;
const ended = transition(pending, callback(completed()), NOON).execution;

test('an execution that has an executionId is due for a poll at once, and its audit trail names the requester', () => {
  expect(pending.pollAt).toBe(NOON + HOUR);
  const { execution, outcome, entry } = transition(pending, request, NOON + 5);
  expect(execution).toEqual({ ...pending, pollAt: NOON + 5 });
  expect(outcome).toBe('progress');
  expect(entry).toMatchObject({ event: 'POLL_REQUESTED', detail: { by: 'operator:alice' } });
});

test.for([
  ['queued', queued, 'queued'],
  ['sent and without a response', sent, 'nameless'],
  ['accepted without an executionId', nameless, 'nameless'],
  ['ended', ended, 'ended'],
  ['pending', pending, null],
] as const)('one that is %s: %j', ([, execution, why]) => {
  expect(whyNotPollable(execution)).toBe(why);
  const { outcome, execution: after, entry } = transition(execution, request, NOON + 5);
  expect(outcome).toBe(why === null ? 'progress' : 'ignored');
  if (why === null) return;
  expect(after).toEqual(execution);
  expect(entry.detail).toEqual({ by: 'operator:alice', ignored: why });
});

test('an executionId from a hint can be polled: the poll shows whether it is correct', () => {
  const hint = { ...callback(completed(), 'cx-9'), type: 'unverified-callback' } as const;
  const hearsay = transition(sent, hint, NOON).execution;
  expect(hearsay.executionIdUnverified).toBe(true);
  expect(whyNotPollable(hearsay)).toBeNull();
});

test('a requested poll within a long grace period adds a few more at growing intervals, the last at the end of the grace period', () => {
  const pollAfter = NOON + HOUR;
  const polls: number[] = [];
  for (let at = NOON; at < pollAfter; ) {
    at = nextPollAt({ now: at, pollCount: polls.length + 1, intervalMs: 2_000, chance: 0.5, pollAfter });
    polls.push(at);
  }
  expect(polls.length).toBeLessThan(20);
  expect(polls.at(-1)).toBe(pollAfter);
  expect(nextPollAt({ now: pollAfter, pollCount: 5_000, intervalMs: 2_000, chance: 1, pollAfter })).toBe(
    pollAfter + 10_000,
  );
});
