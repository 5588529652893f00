// The life of an execution, event by event: what an operator and an app may rely on.

import { describe, expect, test } from 'vitest';
import type { Transition } from '../../src/execution/apply-result.ts';
import type { ExecutionEvent, StatusReport } from '../../src/execution/event.ts';
import type { Execution } from '../../src/execution/execution.ts';
import { parseJson } from '../../src/execution/json.ts';
import { SEND_LEASE_MS } from '../../src/execution/scheduling.ts';
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

/** Applies events one second apart and returns the last transition. */
function upon(execution: Execution, ...events: ExecutionEvent[]): Transition {
  let last: Transition | undefined;
  events.forEach((event, i) => {
    last = transition(last?.execution ?? execution, event, NOON + (i + 1) * 1000);
  });
  if (!last) throw new Error('no event');
  return last;
}

const DISPATCHED = { type: 'dispatched' } as const;
const UNSENT = {
  type: 'unsent',
  httpStatus: 429,
  latencyMs: 4,
  message: 'too many requests',
  retryAt: NOON + 60_000,
  giveUpAt: NOON + 300_000,
} as const;
const UNCERTAIN = { ...UNSENT, type: 'uncertain', httpStatus: 0, message: 'connection reset' } as const;
const EXPIRED = { type: 'expired' } as const;
const CANCELLED = { type: 'cancelled', by: 'shop' } as const;

describe('before the submit response', () => {
  test('a queued execution is due at once, and its time in the queue is limited', () => {
    expect(anExecution()).toMatchObject({ status: 'QUEUED', dispatchAt: NOON, expireAt: NOON + 300_000, pollAt: null });
  });

  test('sending makes it unconfirmed and fixes the grace period and the deadline', () => {
    const { execution, entry } = upon(anExecution({ graceSeconds: 10, timeoutSeconds: 30 }), DISPATCHED);
    expect(execution).toMatchObject({
      status: 'UNCONFIRMED',
      sentAt: NOON + 1000,
      pollAfter: NOON + 11_000,
      deadline: NOON + 41_000,
      expireAt: NOON + 41_000,
      dispatchAt: null,
      attempts: 1,
    });
    expect(entry.event).toBe('DISPATCHED');
  });

  test('an execution that stays queued past its timeout is never sent', () => {
    const late = transition(anExecution(), DISPATCHED, NOON + 300_000);
    expect(late.execution).toMatchObject({ status: 'TIMEOUT', resolvedBy: 'deadline', attempts: 0 });
    expect(late.entry.event).toBe('QUEUE_TIMEOUT');
  });

  test('an execution cannot be sent twice', () => {
    const { execution, outcome } = upon(anExecution(), DISPATCHED, DISPATCHED);
    expect(outcome).toBe('ignored');
    expect(execution.attempts).toBe(1);
  });
});

describe('the submit response', () => {
  test('accepted with an executionId: pending, and polled after the grace period', () => {
    const { execution, entry } = upon(anExecution(), DISPATCHED, submitted({ executionId: 'cx-9', spreadMs: 300 }));
    expect(execution).toMatchObject({
      status: 'PENDING',
      executionId: 'cx-9',
      latencyMs: 25,
      pollAt: NOON + 11_300,
      expireAt: null,
    });
    expect(entry).toMatchObject({ event: 'SUBMITTED', httpStatus: 202, latencyMs: 25 });
  });

  test('accepted without an executionId: open until the deadline, never polled', () => {
    const { execution } = upon(anExecution(), DISPATCHED, submitted({ executionId: null }));
    expect(execution).toMatchObject({ status: 'PENDING', pollAt: null, expireAt: NOON + 41_000 });
  });

  test('a terminal status in the response resolves the execution at once', () => {
    const { execution, outcome, entry } = upon(anExecution(), DISPATCHED, submitted({ report: completed(7) }));
    expect(outcome).toBe('resolved');
    expect(execution).toMatchObject({ status: 'COMPLETED', resolvedBy: 'submit', result: 7, resolvedAt: NOON + 2000 });
    expect(entry.event).toBe('SUBMITTED');
  });

  test('refused: rejected with the status and the text of CXone', () => {
    const refusal = {
      type: 'refused',
      httpStatus: 422,
      latencyMs: 9,
      message: 'CXone answered 422: no such skill',
    } as const;
    const { execution, entry } = upon(anExecution(), DISPATCHED, refusal);
    expect(execution).toMatchObject({
      status: 'REJECTED',
      resolvedBy: 'submit',
      error: { code: 422, message: 'CXone answered 422: no such skill' },
    });
    expect(entry).toMatchObject({ event: 'FAILED', httpStatus: 422 });
  });

  test.each([
    [429, 'RATE_LIMITED'],
    [503, 'FAILED'],
    [0, 'NETWORK_ERROR'],
  ] as const)('certainly not processed (%i): back in the queue, audited as %s', (httpStatus, event) => {
    const { execution, entry } = upon(anExecution(), DISPATCHED, { ...UNSENT, httpStatus });
    expect(execution).toMatchObject({
      status: 'QUEUED',
      dispatchAt: NOON + 60_000,
      expireAt: NOON + 300_000,
      sentAt: null,
      deadline: null,
      attempts: 1,
    });
    expect(entry).toMatchObject({ event, httpStatus });
  });

  test('possibly received: stays unconfirmed and is not sent again', () => {
    const { execution } = upon(anExecution(), DISPATCHED, UNCERTAIN);
    expect(execution).toMatchObject({ status: 'UNCONFIRMED', dispatchAt: null, expireAt: NOON + 41_000 });
  });

  test('possibly received: sent again when the submission allows it', () => {
    const { execution } = upon(anExecution({ retryUncertain: true }), DISPATCHED, UNCERTAIN);
    expect(execution).toMatchObject({ status: 'QUEUED', dispatchAt: NOON + 60_000 });
  });

  test('possibly received and too late to send again: stays unconfirmed, although the submission allows it', () => {
    const { execution } = upon(anExecution({ retryUncertain: true }), DISPATCHED, { ...UNCERTAIN, retryAt: null });
    expect(execution).toMatchObject({ status: 'UNCONFIRMED', dispatchAt: null, expireAt: NOON + 41_000 });
  });

  test('lost in a crash: sent again only when the submission allows it', () => {
    const sent = upon(anExecution({ retryUncertain: true, graceSeconds: 600 }), DISPATCHED).execution;
    expect(sent.expireAt).toBe(NOON + 1000 + SEND_LEASE_MS);
    const again = transition(sent, EXPIRED, NOON + 1000 + SEND_LEASE_MS);
    expect(again.execution).toMatchObject({ status: 'QUEUED', dispatchAt: NOON + 1000 + SEND_LEASE_MS });
    expect(again.entry).toMatchObject({ event: 'NETWORK_ERROR', httpStatus: 0 });
  });
});

describe('a callback', () => {
  test('that arrives before the submit response resolves, and the response only adds what it knows', () => {
    const early = upon(anExecution(), DISPATCHED, callback(completed({ id: 5 })));
    expect(early.execution).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback', result: { id: 5 } });
    const { execution, outcome, entry } = transition(early.execution, submitted(), NOON + 9000);
    expect(outcome).toBe('ignored');
    expect(entry.event).toBe('SUBMITTED');
    expect(execution).toEqual({ ...early.execution, executionId: 'cx-1', latencyMs: 25 });
  });

  test('for an unconfirmed execution confirms it', () => {
    const { execution } = upon(anExecution(), DISPATCHED, UNCERTAIN, callback(completed(), 'cx-7'));
    expect(execution).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback', executionId: 'cx-7' });
  });

  test('with progress for an unconfirmed execution confirms it and makes it pollable', () => {
    const { execution, outcome, entry } = upon(anExecution(), DISPATCHED, UNCERTAIN, callback(RUNNING, 'cx-7'));
    expect(outcome).toBe('progress');
    expect(entry.event).toBe('CALLBACK_PROGRESS');
    expect(execution).toMatchObject({ status: 'PENDING', executionId: 'cx-7', pollAt: NOON + 11_000, expireAt: null });
  });

  test('with a failure keeps the error that CXone reported', () => {
    const { execution } = upon(anExecution(), DISPATCHED, submitted(), callback(failed({ code: 7 })));
    expect(execution).toMatchObject({ status: 'FAILED', resolvedBy: 'callback', error: { code: 7 } });
  });

  test('with a failure without a message still sets an error', () => {
    const { execution } = upon(anExecution(), DISPATCHED, callback({ ...failed(null), statusWord: 'EXPIRED' }));
    expect(execution.error).toEqual({ code: null, message: 'CXone said EXPIRED and gave no error' });
  });

  test('with the same result again is a duplicate', () => {
    const { outcome, entry } = upon(anExecution(), DISPATCHED, callback(completed(1)), callback(completed(1)));
    expect([outcome, entry.event]).toEqual(['duplicate', 'CALLBACK_DUPLICATE']);
  });

  test.each([
    ['{"fee":2.50,"eventId":7000000000000001}', '{"eventId":7000000000000001,"fee":2.50}'],
    ['{"fee":2.50,"took":3.2e-05}', '{"fee":2.5,"took":0.000032}'],
    ['{"delta":-0.0}', '{"delta":0}'],
    ['[[{"n":1e400}]]', '[[{"n":1.0e400}]]'],
  ])('%s is the same as %s: in a result, an error and a late result, by callback and by poll', (one, other) => {
    const first = parseJson(one);
    const again = parseJson(other);
    const polledAs = (report: StatusReport) =>
      ({ type: 'polled', httpStatus: 200, latencyMs: 1, report, final: false, nextPollAt: NOON }) as const;
    const ends = [
      [DISPATCHED, callback(completed(first)), callback(completed(again))],
      [DISPATCHED, submitted(), polledAs(completed(first)), callback(completed(again))],
      [DISPATCHED, callback(completed(again)), submitted({ report: completed(first) })],
      [DISPATCHED, callback(failed(first)), callback(failed(again))],
      [DISPATCHED, CANCELLED, callback(completed(first)), callback(completed(again))],
      [DISPATCHED, CANCELLED, callback(failed(first)), polledAs(failed(again))],
    ];
    for (const events of ends) expect(upon(anExecution(), ...events).outcome).toBe('duplicate');
    const { execution } = upon(anExecution(), DISPATCHED, callback(completed(first)), callback(completed(again)));
    expect(JSON.stringify(execution.result)).toBe(one);
  });

  test('with another result is a conflict: the first stays, the other is kept in the audit trail', () => {
    const { execution, outcome, entry } = upon(
      anExecution(),
      DISPATCHED,
      callback(completed(1)),
      callback(completed(2)),
    );
    expect([outcome, entry.event]).toEqual(['conflict', 'CALLBACK_CONFLICT']);
    expect(execution.result).toBe(1);
    expect(entry.detail).toMatchObject({ status: 'COMPLETED', result: 2 });
  });

  test.each([
    ['TIMEOUT', [DISPATCHED, submitted({ executionId: null }), EXPIRED]],
    ['CANCELLED', [DISPATCHED, CANCELLED]],
    ['NOT_FOUND', [DISPATCHED, submitted(), notFound(), notFound()]],
  ] as const)('after %s is late: it is kept as the late result and does not change the outcome', (status, events) => {
    const { execution, outcome, entry } = upon(anExecution(), ...events, callback(completed('there')));
    expect([outcome, entry.event]).toEqual(['late', 'CALLBACK_LATE']);
    expect(execution).toMatchObject({ status, result: null });
    expect(execution.lateResult).toMatchObject({ status: 'COMPLETED', result: 'there', via: 'callback' });
  });

  test('with a second late result is a duplicate if equal, else a conflict, and the first is kept', () => {
    const late = upon(anExecution(), DISPATCHED, CANCELLED, callback(completed(1))).execution;
    expect(transition(late, callback(completed(1)), NOON).outcome).toBe('duplicate');
    const other = transition(late, callback(completed(2)), NOON);
    expect(other.outcome).toBe('conflict');
    expect(other.execution.lateResult).toMatchObject({ result: 1 });
  });

  test('that names another execution changes nothing, even with a valid signature of CXone', () => {
    const { execution, outcome, entry } = upon(anExecution(), DISPATCHED, submitted(), callback(completed(), 'cx-2'));
    expect([outcome, entry.event]).toEqual(['mismatch', 'CALLBACK_MISMATCH']);
    expect(execution).toMatchObject({ status: 'PENDING', executionId: 'cx-1' });
    expect(entry.detail).toMatchObject({ executionId: 'cx-2', result: { ok: true } });
  });

  test('names its execution by a UUID in any case, and by any other id exactly', () => {
    const executionId = '0198f3a0-0000-7000-8000-abcdef012345';
    const sent = upon(anExecution(), DISPATCHED, submitted({ executionId })).execution;
    const inCapitals = transition(sent, callback(completed(), executionId.toUpperCase()), NOON);
    expect(inCapitals).toMatchObject({ outcome: 'resolved', execution: { status: 'COMPLETED', executionId } });
    const other = upon(anExecution(), DISPATCHED, submitted(), callback(completed(), 'CX-1'));
    expect(other.outcome).toBe('mismatch');
  });

  test('that is unreadable has its bytes kept and moves the next poll to now', () => {
    const body = { bytes: new Uint8Array([1, 2]), contentType: null };
    const { execution, entry } = upon(anExecution(), DISPATCHED, submitted(), {
      type: 'callback-unreadable',
      reason: 'no JSON',
      body,
    });
    expect(execution.pollAt).toBe(NOON + 3000);
    expect(entry).toMatchObject({ event: 'CALLBACK_UNREADABLE', body });
  });

  test('that is unreadable before the submit response causes a poll as soon as the executionId is known', () => {
    const { execution } = upon(
      anExecution({ graceSeconds: 3600 }),
      DISPATCHED,
      { type: 'callback-unreadable', reason: 'no JSON', body: null },
      submitted(),
    );
    expect(execution).toMatchObject({ status: 'PENDING', pollAt: NOON + 2000 });
  });
});

describe('a callback shows that CXone received the submission', () => {
  const UNREADABLE = { type: 'callback-unreadable', reason: 'no JSON', body: null } as const;
  const TOO_LARGE = {
    type: 'callback-too-large',
    reason: 'body over 5 bytes',
    executionId: 'cx-7',
    report: completed(),
    isPollable: true,
  } as const;
  const REFUSED = { type: 'refused', httpStatus: 409, latencyMs: 9, message: 'CXone answered 409' } as const;

  test.each([
    ['with progress', callback(RUNNING, 'cx-7'), { executionId: 'cx-7' }],
    ['that is unreadable', UNREADABLE, { executionId: null, pollAt: null, dispatchAt: null }],
    ['that is too large', TOO_LARGE, { executionId: 'cx-7', dispatchAt: null, expireAt: null }],
  ])('one %s keeps it from being sent again after 429 or 503', (_, sign, expected) => {
    const whileInFlight = upon(anExecution(), DISPATCHED, sign, UNSENT);
    expect(whileInFlight.execution).toMatchObject({ status: 'PENDING', ...expected });
    expect(whileInFlight.entry.detail).toEqual({ message: UNSENT.message, note: 'not sent again' });
    const whileQueued = upon(anExecution(), DISPATCHED, UNSENT, sign, DISPATCHED);
    expect(whileQueued.execution).toMatchObject({ status: 'PENDING', ...expected, attempts: 1 });
    expect(whileQueued.outcome).toBe('ignored');
    const { entry } = upon(anExecution(), DISPATCHED, sign);
    if (entry.event === 'CALLBACK_UNREADABLE') expect(entry.detail).toMatchObject({ status: 'PENDING' });
  });

  test.each([
    ['with progress', callback(RUNNING)],
    ['that is unreadable', UNREADABLE],
  ])('one %s keeps a later rejection from ending it', (_, sign) => {
    const { execution, outcome, entry } = upon(anExecution(), DISPATCHED, sign, REFUSED);
    expect([outcome, execution.status, entry.event]).toEqual(['ignored', 'PENDING', 'FAILED']);
    expect(transition(execution, callback(completed('there')), NOON).execution).toMatchObject({ status: 'COMPLETED' });
  });

  test('one without proof does not', () => {
    const { execution } = upon(anExecution(), DISPATCHED, { ...UNREADABLE, isUnverified: true }, UNSENT);
    expect(execution).toMatchObject({ status: 'QUEUED', attempts: 1 });
  });

  test.each([
    ['with proof', {}, 'PENDING'],
    ['without proof', { isUnverified: true }, 'UNCONFIRMED'],
  ] as const)(
    'one %s that is unreadable but names an executionId has it polled, instead of sent again',
    (_, proof, status) => {
      const named = { ...UNREADABLE, ...proof, executionId: 'cx-7' };
      const expected = { status, executionId: 'cx-7', executionIdUnverified: true, dispatchAt: null, expireAt: null };
      const whileInFlight = upon(anExecution(), DISPATCHED, named, UNSENT);
      expect(whileInFlight.execution).toMatchObject({ ...expected, pollAt: NOON + 2000 });
      const whileQueued = upon(anExecution(), DISPATCHED, UNSENT, named);
      expect(whileQueued.execution).toMatchObject({ ...expected, pollAt: NOON + 3000 });
      expect(whileQueued.entry.detail).toEqual({ reason: 'no JSON', executionId: 'cx-7', status });
      expect(transition(whileQueued.execution, DISPATCHED, NOON + 70_000).outcome).toBe('ignored');
      const answer = polled(completed('there'), { polledExecutionId: 'cx-7' });
      expect(transition(whileQueued.execution, answer, NOON).execution).toMatchObject({ status: 'COMPLETED' });
    },
  );

  test('the executionId of an unreadable one is only a guess: others replace it, and its end ends nothing', () => {
    const guessed = [DISPATCHED, { ...UNREADABLE, executionId: 'no-id' }] as const;
    const confirmed = { status: 'PENDING', executionId: 'cx-1', executionIdUnverified: false };
    expect(upon(anExecution(), ...guessed, submitted()).execution).toMatchObject(confirmed);
    expect(upon(anExecution(), ...guessed, callback(RUNNING, 'cx-1')).execution).toMatchObject(confirmed);
    const gone = notFound({ polledExecutionId: 'no-id' });
    const dropped = upon(anExecution(), ...guessed, gone, gone);
    expect(dropped.entry.event).toBe('POLL_ERROR');
    expect(dropped.execution).toMatchObject({ status: 'PENDING', executionId: null, pollAt: null });
    expect(dropped.execution.expireAt).toBe(dropped.execution.deadline);
    // A poll under the guess might not bring the result, which no one keeps.
    const long = upon(anExecution(), ...guessed, { ...TOO_LARGE, executionId: null });
    expect(long.execution).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback' });
  });

  test('an unreadable one that names another executionId than the known one changes no id, and states what it names', () => {
    const { execution, outcome, entry } = upon(anExecution(), DISPATCHED, submitted(), {
      ...UNREADABLE,
      executionId: 'cx-2',
    });
    expect([outcome, entry.detail]).toEqual(['unreadable', { reason: 'no JSON', executionId: 'cx-2' }]);
    expect(execution).toMatchObject({ executionId: 'cx-1', executionIdUnverified: false, pollAt: NOON + 3000 });
  });

  test('after the rejection of a second attempt it is late, and after that of a single attempt a conflict', () => {
    const second = upon(anExecution(), DISPATCHED, UNSENT, DISPATCHED, REFUSED, callback(completed('there')));
    expect([second.outcome, second.entry.event]).toEqual(['late', 'CALLBACK_LATE']);
    expect(second.execution).toMatchObject({
      status: 'REJECTED',
      lateResult: { status: 'COMPLETED', result: 'there' },
    });
    const single = upon(anExecution(), DISPATCHED, REFUSED, callback(completed('there')));
    expect([single.outcome, single.execution.lateResult]).toEqual(['conflict', null]);
  });
});

describe('a poll', () => {
  test('with a result resolves and is counted', () => {
    const { execution, entry } = upon(anExecution(), DISPATCHED, submitted(), polled(completed('found')));
    expect(execution).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll', result: 'found', pollCount: 1 });
    expect(entry).toMatchObject({ event: 'POLL_COMPLETED', httpStatus: 200, latencyMs: 8 });
  });

  test('that finds it running is followed by another, at the deadline at the latest', () => {
    const { execution, entry } = upon(
      anExecution(),
      DISPATCHED,
      submitted(),
      polled(RUNNING, { nextPollAt: NOON + 999_000 }),
    );
    expect(execution).toMatchObject({ status: 'PENDING', pollAt: NOON + 41_000, pollCount: 1 });
    expect(entry.event).toBe('POLL_PROGRESS');
  });

  test('that finds it running as the last one times out with 408', () => {
    const { execution, entry } = upon(anExecution(), DISPATCHED, submitted(), polled(RUNNING, { final: true }));
    expect(execution).toMatchObject({ status: 'TIMEOUT', resolvedBy: 'deadline', error: { code: 408 }, pollCount: 1 });
    expect(entry).toMatchObject({ event: 'POLL_TIMEOUT', httpStatus: 408 });
  });

  test('that fails is repeated', () => {
    const failure = {
      type: 'poll-failed',
      httpStatus: 500,
      latencyMs: 2,
      message: 'oops',
      nextPollAt: NOON + 9000,
    } as const;
    const { execution, entry } = upon(anExecution(), DISPATCHED, submitted(), failure);
    expect(execution).toMatchObject({ status: 'PENDING', pollAt: NOON + 9000 });
    expect(entry).toMatchObject({ event: 'POLL_ERROR', httpStatus: 500 });
  });

  test('that finds it gone at CXone ends it as not found', () => {
    const { execution, entry } = upon(anExecution(), DISPATCHED, submitted(), notFound(), notFound());
    expect(execution).toMatchObject({ status: 'NOT_FOUND', resolvedBy: 'poll', error: { code: 404 } });
    expect(entry).toMatchObject({ event: 'POLL_404', httpStatus: 404 });
  });

  test('that comes after the callback leaves its audit entry and does not change the outcome', () => {
    const { execution, outcome, entry } = upon(
      anExecution(),
      DISPATCHED,
      submitted(),
      callback(completed(1)),
      polled(completed(1)),
    );
    expect([outcome, entry.event]).toEqual(['duplicate', 'POLL_COMPLETED']);
    expect(execution).toMatchObject({ resolvedBy: 'callback', result: 1 });
  });
});

describe('cancellation and deadlines', () => {
  test('a cancelled queued execution is never sent', () => {
    const { execution, entry } = upon(anExecution(), CANCELLED);
    expect(execution).toMatchObject({ status: 'CANCELLED', resolvedBy: 'cancel', dispatchAt: null, attempts: 0 });
    expect(entry).toMatchObject({ event: 'CANCELLED', detail: { by: 'shop', sent: false } });
    expect(upon(anExecution(), CANCELLED, DISPATCHED).outcome).toBe('ignored');
  });

  test('the cancellation of an ended execution changes nothing', () => {
    const { execution, outcome, entry } = upon(anExecution(), DISPATCHED, callback(completed(1)), CANCELLED);
    expect([outcome, entry.event, execution.status]).toEqual(['ignored', 'CANCEL_IGNORED', 'COMPLETED']);
  });

  test('an execution without an executionId times out at its deadline and states why it was not polled', () => {
    const { execution } = upon(anExecution(), DISPATCHED, submitted({ executionId: null }), EXPIRED);
    expect(execution.error).toEqual({
      code: 408,
      message: 'no result within the polling window: CXone returned no executionId, so it could not be polled',
    });
  });
});
