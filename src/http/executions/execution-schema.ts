// The schemas of an execution in responses and of audit entries: in a list, and as events of a stream.

import * as v from 'valibot';
import { AUDIT_EVENTS } from '../../execution/event.ts';
import { OPEN_STATUSES, TERMINAL_STATUSES } from '../../execution/execution.ts';
import { component } from '../openapi/components.ts';
import {
  anything,
  count,
  described,
  IDENTIFIER_TEXT,
  milliseconds,
  nullable,
  text,
  time,
} from '../openapi/schema-parts.ts';
import { MAX_BEFORE, QUEUE_REASONS } from './queue-wait.ts';

const STATUS = described(
  v.picklist([...OPEN_STATUSES, ...TERMINAL_STATUSES]),
  [
    'QUEUED: durable in the receiver, not sent. UNCONFIRMED: handed to the network, the response of CXone is not known.',
    'PENDING: CXone accepted it. COMPLETED and FAILED: CXone reported it. REJECTED: CXone rejected the submission.',
    'NOT_FOUND: CXone no longer knows it. TIMEOUT: the polling window ended. CANCELLED: the app cancelled it.',
    'The last six are terminal: such a status never changes.',
  ].join(' '),
);

const RESULT = anything('The result from CXone; null while there is none. Numbers keep every digit.');
const ERROR = anything('The error from CXone, or `{code, message}` from the receiver (code 408 for a TIMEOUT).');

const LATE_RESULT = component(
  'LateResult',
  v.object({
    status: described(v.picklist(['COMPLETED', 'FAILED']), 'The outcome that CXone reported.'),
    result: RESULT,
    error: ERROR,
    via: described(v.picklist(['callback', 'poll', 'submit']), 'The channel of the result.'),
    receivedAt: time('When it was received.'),
  }),
);

/** Only of a queued execution that is read alone: the position costs a count. */
const QUEUE_WAIT = component(
  'QueueWait',
  v.object({
    position: count(`The position in the queue of its app, from 1, counted up to ${MAX_BEFORE + 1}.`),
    reason: described(
      v.picklist(QUEUE_REASONS),
      [
        'paused: an administrator has paused sending. cxone-pause: a response of CXone pauses all requests. no-token: CXone gives no access token.',
        'no-connection: CXone cannot be reached. retry: CXone did not take it. limits: it is sent as soon as the limits of CXone allow.',
      ].join(' '),
    ),
    since: nullable(time(), 'When the cause began; null where that is not known.'),
    until: nullable(time(), 'When the cause ends; null where that is not known.'),
    detail: nullable(v.string(), 'For operators: what CXone or the network states of the cause; null for apps.'),
  }),
);

export const EXECUTION = component(
  'Execution',
  v.object({
    correlationId: described(IDENTIFIER_TEXT, 'The id that identifies the execution in every request.'),
    actionId: described(IDENTIFIER_TEXT, 'The Data Action that runs.'),
    executionId: nullable(v.string(), 'The id at CXone; null until it is known.'),
    status: STATUS,
    resolvedBy: nullable(
      v.picklist(['callback', 'poll', 'submit', 'deadline', 'cancel']),
      'The source of the outcome; null while it is open.',
    ),
    result: RESULT,
    error: ERROR,
    submittedAt: time('When it was accepted.'),
    sentAt: nullable(time(), 'When it was last handed to the network.'),
    resolvedAt: nullable(time(), 'When it ended.'),
    pollAfter: nullable(time(), 'When polling begins: `sentAt` and the grace period.'),
    deadline: nullable(time(), 'When polling ends: `pollAfter` and `timeoutSeconds`.'),
    latencyMs: nullable(milliseconds(), 'The latency of the submit call to CXone, in milliseconds.'),
    totalLatencyMs: nullable(milliseconds(), 'From `submittedAt` to `resolvedAt`, in milliseconds.'),
    pollCount: count('The number of polls.'),
    lateResult: v.nullable(LATE_RESULT),
    app: text('The app that submitted it.'),
    erasedAt: v.exactOptional(
      time('When an administrator erased its content: `result` and `error` are null. Absent unless it was erased.'),
    ),
    resubmissionOf: v.exactOptional(
      described(
        IDENTIFIER_TEXT,
        'The `correlationId` of the execution that it repeats. Absent unless an administrator had that one submitted again.',
      ),
    ),
    wait: v.exactOptional(QUEUE_WAIT),
    resubmittedAs: v.exactOptional(
      described(
        IDENTIFIER_TEXT,
        'The `correlationId` of the execution that repeats it. Absent unless an administrator had it submitted again.',
      ),
    ),
  }),
);

export type ExecutionBody = v.InferOutput<typeof EXECUTION>;

const ENTRY = {
  id: count('Grows with every entry; a stream resumes after it.'),
  timestamp: time('When it happened.'),
  event: described(v.picklist(AUDIT_EVENTS), 'The event; docs/sql.md explains each one.'),
  actionId: IDENTIFIER_TEXT,
  correlationId: IDENTIFIER_TEXT,
  executionId: nullable(v.string(), 'The id at CXone, if it was known then.'),
  latencyMs: nullable(milliseconds(), 'The duration of a request of the receiver, in milliseconds.'),
  httpStatus: nullable(
    v.pipe(v.number(), v.metadata({ type: 'integer' })),
    'The status of the response; 0: none was received.',
  ),
  app: v.string(),
  detail: described(v.record(v.string(), v.unknown()), 'Details that depend on the event.'),
};

export const AUDIT_ENTRY = component('AuditEntry', v.object(ENTRY));

export type AuditEntryBody = v.InferOutput<typeof AUDIT_ENTRY>;

export const AUDIT_TRAIL = component(
  'AuditTrail',
  v.object({
    items: described(v.array(AUDIT_ENTRY), 'Oldest first. A page of large entries has fewer than `limit`.'),
    nextCursor: nullable(v.string(), 'The `cursor` of the next page; null at the end.'),
  }),
);

export const STREAM_EVENT = component(
  'StreamEvent',
  v.object({
    ...ENTRY,
    terminalStatus: nullable(
      v.picklist(TERMINAL_STATUSES),
      'The terminal status, if the entry ended the execution; null for every other entry.',
    ),
  }),
);

export type StreamEventBody = v.InferOutput<typeof STREAM_EVENT>;
