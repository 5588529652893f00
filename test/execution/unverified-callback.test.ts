// CALLBACK_TRUST=verify: the effect of a callback when only CXone's own responses count.

import { describe, expect, test } from 'vitest';
import type { Transition } from '../../src/execution/apply-result.ts';
import type { ExecutionEvent, StatusReport } from '../../src/execution/event.ts';
import type { Execution } from '../../src/execution/execution.ts';
import { transition } from '../../src/execution/transition.ts';
import { anExecution, completed, NOON, notFound, polled, RUNNING, submitted } from '../support/executions.ts';

/** Applies events one second apart and returns the last transition. */
function upon(execution: Execution, ...events: ExecutionEvent[]): Transition {
  const steps: Transition[] = [];
  for (const [i, event] of events.entries()) {
    steps.push(transition(steps.at(-1)?.execution ?? execution, event, NOON + (i + 1) * 1000));
  }
  return steps.at(-1) as Transition;
}

const hint = (report: StatusReport, executionId: string | null = null): ExecutionEvent => ({
  type: 'unverified-callback',
  executionId,
  report,
});
const DISPATCHED = { type: 'dispatched' } as const;
const ANSWER = { httpStatus: 503, latencyMs: 4, message: 'no', retryAt: NOON + 60_000, giveUpAt: NOON + 300_000 };
const UNSENT = { type: 'unsent', ...ANSWER } as const;
const UNCERTAIN = { type: 'uncertain', ...ANSWER, httpStatus: 0 } as const;
const gone = (polledExecutionId: string) => notFound({ polledExecutionId });

describe('an execution that CXone has accepted', () => {
  test('is polled at once, whatever the hint states, and does not change', () => {
    for (const report of [completed(), RUNNING]) {
      const { execution, outcome, entry } = upon(anExecution(), DISPATCHED, submitted(), hint(report, 'cx-1'));
      expect(execution).toMatchObject({ status: 'PENDING', result: null, resolvedBy: null, pollAt: NOON + 3000 });
      expect([outcome, entry.event]).toEqual(['progress', 'CALLBACK_HINT']);
      expect(entry.detail).toEqual({
        executionId: 'cx-1',
        word: report.statusWord,
        result: report.result,
        error: report.error,
      });
    }
  });

  test('is resolved by the poll, with the result of the poll', () => {
    const { execution } = upon(
      anExecution(),
      DISPATCHED,
      submitted(),
      hint(completed('forged')),
      polled(completed('true'), { polledExecutionId: 'cx-1' }),
    );
    expect(execution).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll', result: 'true' });
  });

  test('ignores a hint that names another execution', () => {
    const { execution, outcome, entry } = upon(anExecution(), DISPATCHED, submitted(), hint(completed(), 'cx-2'));
    expect([outcome, entry.event]).toEqual(['mismatch', 'CALLBACK_MISMATCH']);
    expect(execution).toMatchObject({ executionId: 'cx-1', pollAt: NOON + 11_000 });
  });

  test('without an executionId takes the one of the hint, and is polled under it', () => {
    const nameless = submitted({ executionId: null });
    const { execution } = upon(anExecution(), DISPATCHED, nameless, hint(completed(), 'cx-7'));
    expect(execution).toMatchObject({ status: 'PENDING', executionId: 'cx-7', pollAt: NOON + 3000, expireAt: null });
  });

  test('without an executionId stays open when CXone does not know the one of the hint', () => {
    const bare = [DISPATCHED, submitted({ executionId: null })] as const;
    const { execution, outcome, entry } = upon(
      anExecution(),
      ...bare,
      hint(completed(), 'cx-7'),
      gone('cx-7'),
      gone('cx-7'),
    );
    expect([outcome, entry.event]).toEqual(['progress', 'POLL_ERROR']);
    expect(execution).toMatchObject({
      status: 'PENDING',
      executionId: null,
      pollAt: null,
      expireAt: execution.deadline,
    });
  });

  test('without an executionId, after a hint without one, waits for its deadline', () => {
    const nameless = submitted({ executionId: null });
    const { execution } = upon(anExecution(), DISPATCHED, nameless, hint(completed()));
    expect(execution).toMatchObject({ status: 'PENDING', pollAt: null, expireAt: execution.deadline });
  });
});

describe('an execution whose submit response is not known', () => {
  const hinted = [DISPATCHED, hint(completed(), 'cx-7')] as const;

  test('is polled at once under the executionId of the hint, and the poll resolves it', () => {
    const { execution } = upon(anExecution(), ...hinted);
    expect(execution).toMatchObject({ status: 'UNCONFIRMED', executionId: 'cx-7', pollAt: NOON + 2000 });
    const { execution: ended } = upon(
      anExecution(),
      ...hinted,
      polled(completed('true'), { polledExecutionId: 'cx-7' }),
    );
    expect(ended).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll', result: 'true', executionId: 'cx-7' });
  });

  test('is accepted once CXone reports it running under that executionId', () => {
    const { execution } = upon(anExecution(), ...hinted, polled(RUNNING, { polledExecutionId: 'cx-7' }));
    expect(execution).toMatchObject({ status: 'PENDING', executionId: 'cx-7', pollAt: NOON + 20_000, expireAt: null });
  });

  test('stays open when CXone does not know that executionId: an invented one ends nothing', () => {
    const { execution, outcome, entry } = upon(anExecution(), ...hinted, gone('cx-7'), gone('cx-7'));
    expect([outcome, entry.event]).toEqual(['progress', 'POLL_ERROR']);
    expect(execution).toMatchObject({ status: 'UNCONFIRMED', executionId: null, pollAt: null });
    expect(execution.expireAt).toBe(execution.deadline);
  });

  test('prefers the executionId of the submit response, polls it at once, and ignores responses about the other', () => {
    const { execution } = upon(anExecution(), ...hinted, submitted({ executionId: 'cx-1' }));
    expect(execution).toMatchObject({ status: 'PENDING', executionId: 'cx-1', pollAt: NOON + 3000 });
    for (const answer of [gone('cx-7'), polled(completed('of another'), { polledExecutionId: 'cx-7' })]) {
      const late = transition(execution, answer, NOON + 4000);
      expect([late.outcome, late.entry.event]).toEqual(['ignored', 'POLL_ERROR']);
      expect(late.execution).toMatchObject({ status: 'PENDING', executionId: 'cx-1', result: null });
    }
  });

  test('is polled at once under its present executionId when the response about the former one arrives', () => {
    const { execution } = upon(anExecution(), ...hinted, hint(completed(), 'cx-8'));
    // The sweeper claims an execution whose poll is under way, and skips it.
    const claimed = { ...execution, pollAt: NOON + 18_000 };
    for (const answer of [gone('cx-7'), polled(RUNNING, { polledExecutionId: 'cx-7' })]) {
      const late = transition(claimed, answer, NOON + 4000);
      expect(late.execution).toMatchObject({ executionId: 'cx-8', pollAt: NOON + 4000 });
      const spaced = transition(claimed, { ...answer, notBefore: NOON + 9000 }, NOON + 4000);
      expect(spaced.execution.pollAt).toBe(NOON + 9000);
    }
  });

  test('keeps the executionId when the submit response has none, or is lost', () => {
    const { execution } = upon(anExecution(), ...hinted, submitted({ executionId: null }));
    expect(execution).toMatchObject({ status: 'PENDING', executionId: 'cx-7', pollAt: NOON + 2000 });
    const lost = upon(anExecution(), ...hinted, UNCERTAIN).execution;
    expect(lost).toMatchObject({ status: 'UNCONFIRMED', executionId: 'cx-7', pollAt: NOON + 2000, expireAt: null });
  });

  test('is polled before it is sent again after 429 or 503, whichever came first', () => {
    const waiting = { status: 'UNCONFIRMED', executionId: 'cx-7', executionIdUnverified: true, dispatchAt: null };
    const hintedFirst = upon(anExecution(), ...hinted, UNSENT);
    expect(hintedFirst.execution).toMatchObject({ ...waiting, pollAt: NOON + 2000, expireAt: null });
    expect(hintedFirst.entry.detail).toEqual({ message: UNSENT.message, note: 'not sent again' });
    const queuedFirst = upon(anExecution(), DISPATCHED, UNSENT, hint(RUNNING, 'cx-7'));
    expect(queuedFirst.execution).toMatchObject({ ...waiting, pollAt: NOON + 3000, expireAt: null, attempts: 1 });
    expect(queuedFirst.entry.detail).toMatchObject({ executionId: 'cx-7', status: 'UNCONFIRMED' });
    for (const { execution } of [hintedFirst, queuedFirst]) {
      const found = transition(execution, polled(completed('there'), { polledExecutionId: 'cx-7' }), NOON + 9000);
      expect(found.execution).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll', result: 'there' });
    }
  });

  test('is polled before it is sent again, also if the submission allows a second run', () => {
    const again = anExecution({ retryUncertain: true });
    const asked = { status: 'UNCONFIRMED', executionId: 'cx-7', dispatchAt: null, expireAt: null };
    for (const answer of [UNSENT, UNCERTAIN]) {
      const { execution, entry } = upon(again, ...hinted, answer);
      expect(execution).toMatchObject({ ...asked, pollAt: NOON + 2000 });
      expect(entry.detail).not.toHaveProperty('retryAt');
      const queued = upon(again, DISPATCHED, answer, hint(RUNNING, 'cx-7'));
      expect(queued.execution).toMatchObject({ ...asked, pollAt: NOON + 3000 });
      const dropped = upon(again, ...hinted, answer, gone('cx-7'), gone('cx-7'));
      const unknown = dropped.execution;
      expect(unknown).toMatchObject({ ...asked, executionId: null, pollAt: null, expireAt: unknown.deadline });
      expect(dropped.entry.event).toBe('POLL_ERROR');
    }
  });

  test('is not sent again when CXone does not know the executionId, because the action has called back', () => {
    for (const retryUncertain of [false, true]) {
      for (const answer of [UNSENT, UNCERTAIN]) {
        const submission = anExecution({ retryUncertain, timeoutSeconds: 600 });
        const before = upon(submission, ...hinted, answer, gone('cx-7'), gone('cx-7')).execution;
        const after = upon(submission, ...hinted, gone('cx-7'), gone('cx-7'), answer).execution;
        const queued = upon(
          submission,
          DISPATCHED,
          UNSENT,
          hint(RUNNING, 'cx-7'),
          gone('cx-7'),
          gone('cx-7'),
        ).execution;
        for (const execution of [before, after, queued]) {
          const { deadline } = execution;
          const waiting = { status: 'UNCONFIRMED', executionId: null, attempts: 1, dispatchAt: null, pollAt: null };
          expect(execution).toMatchObject({ ...waiting, expireAt: deadline });
          const ended = transition(execution, { type: 'expired' }, deadline ?? 0);
          expect(ended.execution).toMatchObject({ status: 'TIMEOUT', attempts: 1, dispatchAt: null });
        }
      }
    }
  });

  test('is not sent again when the lease ends to which the version before has set its expiry, and waits for its deadline', () => {
    const submission = anExecution({ retryUncertain: true, timeoutSeconds: 600 });
    const { execution } = upon(submission, ...hinted, gone('cx-7'), gone('cx-7'));
    const leased = transition({ ...execution, expireAt: NOON + 61_000 }, { type: 'expired' }, NOON + 61_000);
    expect([leased.outcome, leased.execution]).toEqual(['progress', execution]);
    const asked = upon(submission, ...hinted).execution;
    expect(transition(asked, { type: 'expired' }, NOON + 61_000).execution).toEqual(asked);
  });

  test('is sent once if the gateway always answers 504 and the action calls back under an unknown id', () => {
    let execution: Execution = anExecution({ retryUncertain: true, timeoutSeconds: 600 });
    const attempts: number[] = [];
    for (let now = NOON; now < NOON + 3_600_000; now += 300_000) {
      const events = [DISPATCHED, hint(completed(), 'no-id'), UNCERTAIN, gone('no-id'), gone('no-id')];
      for (const [i, event] of events.entries()) execution = transition(execution, event, now + i * 1000).execution;
      attempts.push(execution.attempts);
    }
    expect(new Set(attempts)).toEqual(new Set([1]));
    expect(transition(execution, { type: 'expired' }, execution.deadline ?? 0).execution.status).toBe('TIMEOUT');
  });

  test('is sent again after 429 or 503 if the callback names no execution', () => {
    const before = upon(anExecution(), DISPATCHED, UNSENT).execution;
    expect(transition(before, hint(RUNNING, null), NOON)).toMatchObject({
      execution: before,
      entry: { event: 'CALLBACK_HINT' },
    });
  });

  test('is polled before a rejection ends it, because an earlier attempt or a repeat of the gateway may have run', () => {
    const refused = { type: 'refused', httpStatus: 409, latencyMs: 9, message: 'CXone answered 409' } as const;
    const named = hint(RUNNING, 'cx-7');
    for (const attempts of [
      [DISPATCHED, named],
      [DISPATCHED, UNSENT, DISPATCHED, named],
    ]) {
      const { execution, outcome, entry } = upon(anExecution(), ...attempts, refused);
      expect([outcome, entry.event, entry.detail['note']]).toEqual([
        'ignored',
        'FAILED',
        'a callback has named an executionId, under which CXone is polled',
      ]);
      expect(execution).toMatchObject({ status: 'UNCONFIRMED', executionId: 'cx-7', expireAt: null });
      expect(execution.pollAt).toBe(NOON + attempts.length * 1000);
      const found = transition(execution, polled(completed('there'), { polledExecutionId: 'cx-7' }), NOON + 9000);
      expect(found.execution).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll', result: 'there' });
    }
    const unnamed = upon(anExecution(), DISPATCHED, hint(RUNNING), refused).execution;
    expect(unnamed).toMatchObject({ status: 'REJECTED', error: { code: 409 } });
  });

  test('waits for its deadline if it was rejected and CXone does not know the executionId, also with retryUncertain', () => {
    const refused = { type: 'refused', httpStatus: 409, latencyMs: 9, message: 'CXone answered 409' } as const;
    const again = anExecution({ retryUncertain: true, timeoutSeconds: 600 });
    const { execution } = upon(again, ...hinted, refused, gone('cx-7'), gone('cx-7'));
    expect(execution).toMatchObject({ status: 'UNCONFIRMED', executionId: null, pollAt: null });
    expect(execution.expireAt).toBe(execution.deadline);
  });

  test('takes the newest executionId, because the first may be invented', () => {
    const { execution } = upon(anExecution(), ...hinted, hint(completed(), 'cx-8'));
    expect(execution).toMatchObject({ executionId: 'cx-8', pollAt: NOON + 2000 });
  });

  test('is polled as soon as its executionId is known when the hint has none', () => {
    const { execution } = upon(anExecution(), DISPATCHED, hint(completed()), submitted());
    expect(execution.pollAt).toBe(NOON + 2000);
  });
});

describe('an execution that has ended', () => {
  const ended = [DISPATCHED, submitted(), polled(completed('true'), { polledExecutionId: 'cx-1' })] as const;

  test.for([
    ['the same result again', completed('true'), 'duplicate', 'CALLBACK_DUPLICATE'],
    ['another result', completed('forged'), 'conflict', 'CALLBACK_CONFLICT'],
    ['progress', RUNNING, 'progress', 'CALLBACK_HINT'],
  ] as const)('%s is reported, and kept only in the audit trail', ([, report, outcome, event]) => {
    const before = upon(anExecution(), ...ended).execution;
    const after = transition(before, hint(report), NOON + 9000);
    expect([after.outcome, after.entry.event]).toEqual([outcome, event]);
    expect(after.execution).toEqual(before);
  });

  test('without a result gets no unverified late result; the report is in the audit trail', () => {
    const cancelled = { type: 'cancelled', by: 'shop' } as const;
    const { execution, outcome, entry } = upon(anExecution(), DISPATCHED, submitted(), cancelled, hint(completed(5)));
    expect([outcome, entry.event, execution.lateResult]).toEqual(['late', 'CALLBACK_LATE', null]);
    expect(entry.detail).toMatchObject({ verified: false, status: 'COMPLETED', result: 5 });
  });
});
