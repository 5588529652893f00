// An execution as the service knows it. Times are milliseconds since the Unix epoch, null until they are known.

import type { Json, JsonObject } from './json.ts';

export const OPEN_STATUSES = ['QUEUED', 'UNCONFIRMED', 'PENDING'] as const;
export const TERMINAL_STATUSES = ['COMPLETED', 'FAILED', 'REJECTED', 'NOT_FOUND', 'TIMEOUT', 'CANCELLED'] as const;

export type OpenStatus = (typeof OPEN_STATUSES)[number];
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];
export type Status = OpenStatus | TerminalStatus;

export type ResolvedBy = 'callback' | 'poll' | 'submit' | 'deadline' | 'cancel';

/** What an app asked for; it never changes. */
export interface Submission {
  readonly correlationId: string;
  readonly app: string;
  readonly actionId: string;
  readonly inputs: JsonObject;
  readonly context: JsonObject;
  readonly timeoutSeconds: number;
  readonly graceSeconds: number;
  readonly retryUncertain: boolean;
  readonly notifyUrl: string | null;
  /** 0 to 9: of one app's queued executions those with the higher number are sent first. */
  readonly priority: number;
  /** Under which the app may send the submission again, whatever its correlation id. */
  readonly idempotencyKey: string | null;
  /** W3C Trace Context of the submission, as it is passed on. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** What most submissions have (JMS and AMQP: 0 to 9, 4 unless said). */
export const DEFAULT_PRIORITY = 4;

/** A result that arrived after the execution had ended without one. */
export interface LateResult {
  readonly status: 'COMPLETED' | 'FAILED';
  readonly result: Json;
  readonly error: Json;
  readonly via: 'callback' | 'poll' | 'submit';
  readonly receivedAt: number;
}

/** Everything but the payloads that went to CXone: those are loaded only to send them. */
export interface Execution extends Omit<Submission, 'inputs' | 'context'> {
  /** A UUIDv7 of ours: what the callback URL carries and what lists are ordered by. */
  readonly reference: string;
  readonly status: Status;
  /** CXone's name for it. */
  readonly executionId: string | null;
  /** Whether that name comes from a callback alone that proves nothing (CALLBACK_TRUST=verify). */
  readonly executionIdUnverified: boolean;
  readonly resolvedBy: ResolvedBy | null;
  readonly result: Json;
  readonly error: Json;
  readonly lateResult: LateResult | null;
  readonly submittedAt: number;
  readonly sentAt: number | null;
  readonly resolvedAt: number | null;
  /** When polling may begin: sent + grace. */
  readonly pollAfter: number | null;
  /** When polling ends: pollAfter + timeoutSeconds. */
  readonly deadline: number | null;
  /** How long CXone took to answer the submission, in milliseconds. */
  readonly latencyMs: number | null;
  readonly pollCount: number;
  /** How often it was handed to the network. */
  readonly attempts: number;
  /** What happens next, each null unless it applies: sending, polling, ending without an answer. */
  readonly dispatchAt: number | null;
  readonly pollAt: number | null;
  readonly expireAt: number | null;
}

/** An execution with what CXone needs to run it. */
export interface Dispatchable extends Execution, Pick<Submission, 'inputs' | 'context'> {}

export function isTerminal(status: Status): status is TerminalStatus {
  return (TERMINAL_STATUSES as readonly string[]).includes(status);
}

/** From submission to outcome, in milliseconds; a clock that was set back in between counts as no time. */
export function totalLatencyMs(execution: Pick<Execution, 'submittedAt' | 'resolvedAt'>): number | null {
  return execution.resolvedAt === null ? null : Math.max(0, execution.resolvedAt - execution.submittedAt);
}

/** An execution as it stood when it was accepted: what its submission was answered with. */
export function asAccepted(execution: Execution): Execution {
  const { submittedAt } = execution;
  return { ...execution, ...FRESH, submittedAt, dispatchAt: submittedAt, expireAt: null };
}

/** A fresh execution, queued at once; `giveUpAt` is when waiting in the queue ends. */
export function newExecution(submission: Submission, reference: string, now: number, giveUpAt: number): Dispatchable {
  return {
    ...submission,
    ...FRESH,
    reference,
    submittedAt: now,
    dispatchAt: now,
    expireAt: giveUpAt,
  };
}

const FRESH = {
  status: 'QUEUED',
  executionId: null,
  executionIdUnverified: false,
  resolvedBy: null,
  result: null,
  error: null,
  lateResult: null,
  sentAt: null,
  resolvedAt: null,
  pollAfter: null,
  deadline: null,
  latencyMs: null,
  pollCount: 0,
  attempts: 0,
  pollAt: null,
} as const;
