// Results that are too large: the status that CXone reported stands, and the beginning of the result is kept.

import { describe, expect, test } from 'vitest';
import type { ExecutionEvent, StatusReport } from '../../src/execution/event.ts';
import type { Execution } from '../../src/execution/execution.ts';
import { transition } from '../../src/execution/transition.ts';
import { anExecution, callback, completed, NOON, polled, submitted } from '../support/executions.ts';

const ERROR = { code: 'result-too-large', message: 'the result that CXone reported has 9 bytes; the limit is 5 bytes' };
const EVIDENCE = Buffer.from('"xxxx');
const TOO_LARGE: StatusReport = { ...completed(null), error: ERROR, evidence: EVIDENCE };
const DISPATCHED: ExecutionEvent = { type: 'dispatched' };
const CANCELLED: ExecutionEvent = { type: 'cancelled', by: 'app:shop' };

function outcomeAfter(...events: readonly ExecutionEvent[]) {
  let execution: Execution = anExecution();
  let last = transition(execution, DISPATCHED, NOON);
  for (const event of events) {
    execution = last.execution;
    last = transition(execution, event, NOON);
  }
  return last;
}

const large = (report: StatusReport, overrides: object = {}): ExecutionEvent => ({
  type: 'callback-too-large',
  reason: 'body over 5 bytes',
  executionId: null,
  isPollable: true,
  ...overrides,
  report,
});

test.each([
  ['a poll', [submitted(), polled(TOO_LARGE)]],
  ['a submit response', [submitted({ report: TOO_LARGE })]],
  ['a callback', [submitted(), callback(TOO_LARGE)]],
  ['a late callback', [CANCELLED, callback(TOO_LARGE)]],
] as const)('%s with one ends the execution with its status, and leaves its beginning as evidence', (_, events) => {
  const { execution, entry } = outcomeAfter(...events);
  const kept = execution.lateResult ?? execution;
  expect(kept).toMatchObject({ status: 'COMPLETED', result: null, error: ERROR });
  expect(entry.body).toEqual({ bytes: EVIDENCE, contentType: null });
  const again = transition(execution, callback(TOO_LARGE), NOON);
  expect([again.outcome, again.entry.body]).toEqual(['duplicate', null]);
});

describe('a callback over the limit of a request', () => {
  test('leads to one poll, which brings the result in full', () => {
    const { execution, outcome, entry } = outcomeAfter(submitted(), large(completed('whole')));
    expect([outcome, entry.event]).toEqual(['unreadable', 'CALLBACK_UNREADABLE']);
    expect(execution).toMatchObject({ status: 'PENDING', pollAt: NOON });
    expect(transition(execution, polled(completed('whole')), NOON).outcome).toBe('resolved');
  });

  test('names the executionId to poll', () => {
    const { execution } = outcomeAfter(large(completed('whole'), { executionId: 'cx-9' }));
    expect(execution).toMatchObject({ status: 'PENDING', executionId: 'cx-9', pollAt: NOON });
  });

  test('ends the execution at once when a poll would bring the same, or none is possible', () => {
    const vain = outcomeAfter(submitted(), large(TOO_LARGE));
    expect(vain.outcome).toBe('resolved');
    expect(vain.execution).toMatchObject({ status: 'COMPLETED', error: ERROR, pollAt: null });
    for (const events of [
      [submitted({ executionId: null }), large(completed('whole'))],
      [submitted(), large(completed('whole'), { isPollable: false })],
    ]) {
      expect(outcomeAfter(...events).execution).toMatchObject({ status: 'COMPLETED', result: 'whole', pollAt: null });
    }
  });

  test('is compared with an outcome, kept as late result, and refused for another execution', () => {
    const [same, other] = [large(completed(1)), large(completed(2))];
    expect(outcomeAfter(submitted(), callback(completed(1)), same).outcome).toBe('duplicate');
    expect(outcomeAfter(submitted(), callback(completed(1)), other).outcome).toBe('conflict');
    // Without an executionId no poll could bring it.
    expect(outcomeAfter(CANCELLED, same).execution.lateResult).toMatchObject({ result: 1 });
    expect(outcomeAfter(submitted(), large(completed(1), { executionId: 'another' })).outcome).toBe('mismatch');
  });
});
