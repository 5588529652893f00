// Whatever follows a callback that names the execution, the execution is not sent again, and something of it stays due.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ExecutionEvent } from '../../src/execution/event.ts';
import type { Execution } from '../../src/execution/execution.ts';
import { transition } from '../../src/execution/transition.ts';
import { anExecution, completed, NOON, notFound } from '../support/executions.ts';

const ANSWER = { latencyMs: 4, message: 'no', retryAt: NOON + 2000, giveUpAt: NOON + 300_000 };
const HINT = { type: 'unverified-callback', executionId: 'no-id', report: completed() } as const;

const event = fc.constantFrom<ExecutionEvent[]>(
  { type: 'dispatched' },
  { type: 'expired' },
  { type: 'unsent', httpStatus: 503, ...ANSWER },
  { type: 'uncertain', httpStatus: 504, ...ANSWER },
  notFound({ polledExecutionId: 'no-id' }),
  HINT,
);

test('an execution is not sent again after a callback has named it, also if CXone does not know that id', () => {
  const submission = fc.record({ retryUncertain: fc.boolean(), timeoutSeconds: fc.constantFrom(30, 600) });
  fc.assert(
    fc.property(submission, fc.array(event, { maxLength: 12 }), (overrides, events) => {
      let execution: Execution = anExecution(overrides);
      for (const [i, next] of [{ type: 'dispatched' } as const, HINT, ...events].entries()) {
        execution = transition(execution, next, NOON + i * 1000).execution;
      }
      expect(execution.attempts).toBe(1);
      expect(['UNCONFIRMED', 'TIMEOUT']).toContain(execution.status);
      if (execution.status === 'UNCONFIRMED') expect(execution.pollAt ?? execution.expireAt).not.toBeNull();
    }),
    { numRuns: 500 },
  );
});
