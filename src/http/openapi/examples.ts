// Examples of executions and audit entries, made by the functions that make responses.

import type { AuditEntry } from '../../execution/event.ts';
import { type Execution, newExecution } from '../../execution/execution.ts';
import { representEntry, representExecution } from '../../execution/representation.ts';
import type { AuditEntryBody, ExecutionBody, StreamEventBody } from '../executions/execution-schema.ts';

const SUBMITTED = Date.UTC(2026, 0, 31, 12);
const SENT = SUBMITTED + 12;
const RESOLVED = SUBMITTED + 4_200;

const {
  inputs: _inputs,
  context: _context,
  ...fresh
} = newExecution(
  {
    correlationId: 'order-4711',
    app: 'orders',
    actionId: 'charge-card',
    inputs: {},
    context: {},
    timeoutSeconds: 30,
    graceSeconds: 10,
    retryUncertain: false,
    notifyUrl: null,
    priority: 4,
    idempotencyKey: null,
    traceparent: null,
    tracestate: null,
  },
  '019c1405-7a00-7000-8000-000000000001',
  SUBMITTED,
  SUBMITTED + 300_000,
);

const sent: Execution = {
  ...fresh,
  status: 'PENDING',
  executionId: 'cx-900123',
  sentAt: SENT,
  pollAfter: SENT + 10_000,
  deadline: SENT + 40_000,
  latencyMs: 85,
};

const completed: Execution = {
  ...sent,
  status: 'COMPLETED',
  resolvedBy: 'callback',
  result: { paid: true, receipt: 'R-8812' },
  resolvedAt: RESOLVED,
};

const timedOut: Execution = {
  ...sent,
  status: 'TIMEOUT',
  resolvedBy: 'deadline',
  error: { code: 408, message: 'CXone gave no result before the deadline' },
  resolvedAt: SENT + 40_000,
  pollCount: 7,
};

const withLateResult: Execution = {
  ...timedOut,
  lateResult: {
    status: 'COMPLETED',
    result: { paid: true, receipt: 'R-8812' },
    error: null,
    via: 'callback',
    receivedAt: SENT + 95_000,
  },
};

const EXECUTIONS = { queued: fresh, sent, completed, timedOut, withLateResult } as const;

export function executionExample(which: keyof typeof EXECUTIONS): ExecutionBody {
  return representExecution(EXECUTIONS[which]);
}

/** The example that ended in this way. */
export function endedExample(status: Exclude<ExecutionBody['status'], 'QUEUED' | 'UNCONFIRMED' | 'PENDING'>) {
  const ended: { readonly [S in typeof status]: Partial<Execution> } = {
    COMPLETED: completed,
    FAILED: { ...completed, status, result: null, error: { code: 'CARD_DECLINED', message: 'The card was declined' } },
    REJECTED: {
      ...fresh,
      status,
      resolvedBy: 'submit',
      error: { code: 400, message: 'unknown action' },
      resolvedAt: SENT,
    },
    NOT_FOUND: { ...timedOut, status, resolvedBy: 'poll', error: { code: 404, message: 'not found' } },
    TIMEOUT: timedOut,
    CANCELLED: { ...sent, status, resolvedBy: 'cancel', resolvedAt: RESOLVED },
  };
  const example: ExecutionBody = representExecution({ ...fresh, ...ended[status] });
  return example;
}

const entry: AuditEntry = {
  id: 43,
  timestamp: RESOLVED,
  event: 'CALLBACK_COMPLETED',
  actionId: 'charge-card',
  correlationId: 'order-4711',
  executionId: 'cx-900123',
  latencyMs: null,
  httpStatus: null,
  app: 'orders',
  detail: { word: 'COMPLETED', status: 'COMPLETED' },
};

const accepted: AuditEntry = {
  ...entry,
  id: 42,
  timestamp: SUBMITTED,
  event: 'ACCEPTED',
  executionId: null,
  detail: { timeoutSeconds: 30, graceSeconds: 10, retryUncertain: false },
};

export const ENTRIES: AuditEntryBody[] = [representEntry(accepted), representEntry(entry)];

const streamed: StreamEventBody = { ...representEntry(entry), terminalStatus: 'COMPLETED' };

export const STREAM = [
  'retry: 2000',
  'id: 41',
  '',
  `id: ${streamed.id}`,
  `event: ${streamed.event}`,
  `data: ${JSON.stringify(streamed)}`,
  '',
  '',
].join('\n');
