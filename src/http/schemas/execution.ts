// An execution as it is answered.

import * as v from 'valibot';
import { OPEN_STATUSES, TERMINAL_STATUSES } from '../../execution/execution.ts';
import { anything, count, milliseconds, NAME_TEXT, nullable, time } from './parts.ts';

const STATUS = v.pipe(
  v.picklist([...OPEN_STATUSES, ...TERMINAL_STATUSES]),
  v.description(
    [
      'QUEUED: durable here, not sent yet. UNCONFIRMED: handed to the network, the answer of CXone is not known.',
      'PENDING: CXone accepted it. COMPLETED and FAILED: CXone said so. REJECTED: CXone refused the submission.',
      'NOT_FOUND: CXone no longer knows it. TIMEOUT: the polling window ended. CANCELLED: the app gave it up.',
      'The last six are terminal: such a status never changes.',
    ].join(' '),
  ),
);

const RESULT = anything('What CXone gave as the result; null while there is none. Numbers keep every digit.');
const ERROR = anything(
  'What went wrong, in the words of CXone, or `{code, message}` in those of the receiver (code 408 for a TIMEOUT).',
);

export const LATE_RESULT = v.object({
  status: v.pipe(v.picklist(['COMPLETED', 'FAILED']), v.description('What CXone said in the end.')),
  result: RESULT,
  error: ERROR,
  via: v.pipe(v.picklist(['callback', 'poll', 'submit']), v.description('Which way it came.')),
  receivedAt: time('When it came.'),
});

export const EXECUTION = v.object({
  correlationId: v.pipe(NAME_TEXT, v.description('The id under which everything is asked for.')),
  actionId: v.pipe(NAME_TEXT, v.description('The Data Action that runs.')),
  executionId: nullable(v.string(), 'How CXone calls it; null until that is known.'),
  status: STATUS,
  resolvedBy: nullable(
    v.picklist(['callback', 'poll', 'submit', 'deadline', 'cancel']),
    'What ended it; null while it is open.',
  ),
  result: RESULT,
  error: ERROR,
  submittedAt: time('When it was accepted.'),
  sentAt: nullable(time(), 'When it was last handed to the network.'),
  resolvedAt: nullable(time(), 'When it ended.'),
  pollAfter: nullable(time(), 'When polling begins: `sentAt` and the grace period.'),
  deadline: nullable(time(), 'When polling ends: `pollAfter` and `timeoutSeconds`.'),
  latencyMs: nullable(milliseconds(), 'How long CXone took to answer the submission, in milliseconds.'),
  totalLatencyMs: nullable(milliseconds(), 'From `submittedAt` to `resolvedAt`, in milliseconds.'),
  pollCount: count('How often CXone was polled for it.'),
  lateResult: v.nullable(LATE_RESULT),
  app: v.pipe(v.string(), v.description('The app that submitted it.')),
});

export type ExecutionBody = v.InferOutput<typeof EXECUTION>;

export const EXECUTION_PAGE = v.object({
  items: v.pipe(v.array(EXECUTION), v.description('Newest first; maybe fewer than `limit`, or none.')),
  nextCursor: nullable(v.string(), 'The `cursor` of the next page, whatever is on this one; null at the end.'),
});
