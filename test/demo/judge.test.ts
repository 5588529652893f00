// The demo's verdict: an execution ends as its fate states, and its app receives exactly the notifications for it.

import { expect, test } from 'vitest';
import type { Execution } from '../../src/client/types.ts';
import type { DemoCase } from '../../src/demo/cases.ts';
import { compare } from '../../src/demo/judge.ts';

const demo: Pick<DemoCase, 'expect'> = {
  expect: {
    status: 'TIMEOUT',
    resolvedBy: 'deadline',
    audit: ['ACCEPTED', 'POLL_TIMEOUT'],
    callbackAnswers: [],
    runs: 0,
    polls: 0,
  },
};

function differences(notified: readonly string[], lateResult: object | null = null): string[] {
  const execution = { status: 'TIMEOUT', resolvedBy: 'deadline', error: null, result: null, lateResult };
  const trail = [{ event: 'ACCEPTED' }, { event: 'POLL_TIMEOUT' }] as const;
  return compare(demo, { execution: execution as unknown as Execution, trail, record: undefined, notified });
}

test('one notification of the outcome and then one of the late result are complete', () => {
  expect(differences(['execution.timeout'])).toEqual([]);
  expect(differences(['execution.timeout', 'execution.late_result'], { status: 'COMPLETED' })).toEqual([]);
});

test.for([
  ['nothing', [], null],
  ['the ending twice', ['execution.timeout', 'execution.timeout'], null],
  ['another ending', ['execution.completed'], null],
  ['no late result', ['execution.timeout'], { status: 'COMPLETED' }],
  ['the late result first', ['execution.late_result', 'execution.timeout'], { status: 'COMPLETED' }],
] as const)('an app that received %s is reported as a difference', ([, notified, lateResult]) => {
  expect(differences(notified, lateResult)).toEqual([expect.stringMatching(/^notifications: expected/)]);
});

test.for([
  [['SUBMITTED', 'CALLBACK_COMPLETED'], true],
  [['CALLBACK_COMPLETED', 'SUBMITTED'], true],
  [['CALLBACK_COMPLETED'], false],
  [['SUBMITTED', 'POLL_COMPLETED'], false],
] as const)(
  'a callback may overtake the response to its submission, and both are in the trail: %j',
  ([events, isExpected]) => {
    const audit = ['ACCEPTED', 'SUBMITTED', 'CALLBACK_COMPLETED'];
    const trail = (['ACCEPTED', ...events] as const).map((event) => ({ event }));
    const execution = { status: 'COMPLETED', resolvedBy: 'callback', error: null, result: null, lateResult: null };
    const found = compare(
      { expect: { status: 'COMPLETED', resolvedBy: 'callback', audit, runs: 0 } },
      { execution: execution as unknown as Execution, trail, record: undefined, notified: ['execution.completed'] },
    );
    expect(found).toEqual(isExpected ? [] : [expect.stringMatching(/^audit: expected/)]);
  },
);
