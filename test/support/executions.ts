// Executions and events for tests, each with valid defaults that a test overrides where it matters.

import type { ExecutionEvent, StatusReport } from '../../src/execution/event.ts';
import { DEFAULT_PRIORITY, type Dispatchable, newExecution, type Submission } from '../../src/execution/execution.ts';
import type { Json } from '../../src/execution/json.ts';
import { timeOrderedIds } from '../../src/lib/world.ts';

/** 2026-01-01T00:00:00Z. */
export const NOON = Date.UTC(2026, 0, 1, 12);

const newId = timeOrderedIds();

function aSubmission(overrides: Partial<Submission> = {}): Submission {
  return {
    correlationId: newId(NOON),
    app: 'shop',
    actionId: 'charge-card',
    inputs: { amount: 42 },
    context: {},
    timeoutSeconds: 30,
    graceSeconds: 10,
    retryUncertain: false,
    notifyUrl: null,
    priority: DEFAULT_PRIORITY,
    idempotencyKey: null,
    traceparent: null,
    tracestate: null,
    ...overrides,
  };
}

export function anExecution(overrides: Partial<Submission> = {}, now = NOON): Dispatchable {
  return newExecution(aSubmission(overrides), newId(now), now, now + 300_000);
}

export function completed(result: Json = { ok: true }): StatusReport {
  return { kind: 'completed', statusWord: 'COMPLETED', result, error: null };
}

export function failed(error: Json = { code: 'card_declined' }): StatusReport {
  return { kind: 'failed', statusWord: 'FAILED', result: null, error };
}

export const RUNNING: StatusReport = { kind: 'progress', statusWord: 'RUNNING', result: null, error: null };

type Of<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>;

export function submitted(overrides: Partial<Of<'submitted'>> = {}): Of<'submitted'> {
  return {
    type: 'submitted',
    executionId: 'cx-1',
    report: { ...RUNNING, statusWord: 'PENDING' },
    spreadMs: 0,
    httpStatus: 202,
    latencyMs: 25,
    ...overrides,
  };
}

export function callback(report: StatusReport, executionId: string | null = null): Of<'callback'> {
  return { type: 'callback', executionId, report };
}

export function polled(report: StatusReport, overrides: Partial<Of<'polled'>> = {}): Of<'polled'> {
  return {
    type: 'polled',
    report,
    httpStatus: 200,
    latencyMs: 8,
    nextPollAt: NOON + 20_000,
    final: false,
    ...overrides,
  };
}

/** A 404 to a poll, which alone does not end an execution. */
export function notFound(overrides: Partial<Of<'poll-not-found'>> = {}): Of<'poll-not-found'> {
  return {
    type: 'poll-not-found',
    httpStatus: 404,
    latencyMs: 8,
    message: 'CXone does not know it',
    nextPollAt: NOON + 20_000,
    confirmAfterMs: 0,
    isNotYet: false,
    final: false,
    ...overrides,
  };
}
