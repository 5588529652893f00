// Model of an execution. Times are milliseconds since the Unix epoch, null until they are known.

import type { Json, JsonObject } from './json.ts';

export const OPEN_STATUSES = ['QUEUED', 'UNCONFIRMED', 'PENDING'] as const;
export const TERMINAL_STATUSES = ['COMPLETED', 'FAILED', 'REJECTED', 'NOT_FOUND', 'TIMEOUT', 'CANCELLED'] as const;

/** The open statuses of executions that were handed to CXone. */
export const AT_CXONE_STATUSES = ['UNCONFIRMED', 'PENDING'] as const;

export type OpenStatus = (typeof OPEN_STATUSES)[number];
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];
export type Status = OpenStatus | TerminalStatus;
/** A filter of lists: one status, all open ones, or the open ones that were handed to CXone. */
export type StatusFilter = Status | 'OPEN' | 'AT_CXONE';

export const RESOLVED_BY = ['callback', 'poll', 'submit', 'deadline', 'cancel'] as const;

export type ResolvedBy = (typeof RESOLVED_BY)[number];

/** Submission of an app; it never changes. */
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
  /** 0 to 9: queued executions of one app with a higher number are sent first. */
  readonly priority: number;
  /** Key that identifies a repeated submission, whatever its correlation id. */
  readonly idempotencyKey: string | null;
  /** W3C Trace Context of the submission, as it is forwarded. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** Default of JMS and AMQP, which use 0 to 9. */
export const DEFAULT_PRIORITY = 4;

/** Result that arrived after the execution had ended without one. */
export interface LateResult {
  readonly status: 'COMPLETED' | 'FAILED';
  readonly result: Json;
  readonly error: Json;
  readonly via: 'callback' | 'poll' | 'submit';
  readonly receivedAt: number;
}

/** Execution without inputs and context, which are loaded only to send them. */
export interface Execution extends Omit<Submission, 'inputs' | 'context'> {
  /** UUIDv7 that the receiver assigns: part of the callback URL, and the order of lists. */
  readonly reference: string;
  readonly status: Status;
  /** CXone's id of the execution. */
  readonly executionId: string | null;
  /** True while `executionId` is known only from a callback without a readable status, or without proof (CALLBACK_TRUST=verify). */
  readonly executionIdUnverified: boolean;
  /** Why the executionId that CXone gave cannot be used; null if it can, or if there was none. */
  readonly executionIdProblem: string | null;
  /** The address to poll, from the Location header of the submit response; null: built from the executionId. */
  readonly pollUrl: string | null;
  /** Cookies that the gateway set in the submit response, as text; null: none. */
  readonly cookies: string | null;
  /** Last status word that the profile does not list; null while the last word was a known one. */
  readonly unknownWord: string | null;
  /** When the first 404 of an unbroken series arrived; null unless the last poll with a usable response got a 404. */
  readonly notFoundAt: number | null;
  /** When a poll last found the execution. */
  readonly foundAt: number | null;
  /** Since when an administrator holds it: it is exempt from pruning and from erasure. */
  readonly heldAt: number | null;
  /** When an administrator erased its content. */
  readonly erasedAt: number | null;
  /** The correlation id of the execution that it repeats, because an administrator had that one submitted again. */
  readonly resubmissionOf: string | null;
  /** The correlation id of the execution that repeats it. */
  readonly resubmittedAs: string | null;
  readonly resolvedBy: ResolvedBy | null;
  readonly result: Json;
  readonly error: Json;
  readonly lateResult: LateResult | null;
  readonly submittedAt: number;
  readonly sentAt: number | null;
  readonly resolvedAt: number | null;
  /** End of the grace period: sentAt + grace. */
  readonly pollAfter: number | null;
  /** End of polling: pollAfter + timeoutSeconds. */
  readonly deadline: number | null;
  /** Latency of CXone's response to the submission, in milliseconds. */
  readonly latencyMs: number | null;
  readonly pollCount: number;
  /** How often it was sent. */
  readonly attempts: number;
  /** Due times of the next dispatch, poll and expiry; null for none. */
  readonly dispatchAt: number | null;
  readonly pollAt: number | null;
  readonly expireAt: number | null;
}

/** Execution with the payload that CXone needs. */
export interface Dispatchable extends Execution, Pick<Submission, 'inputs' | 'context'> {}

/** Returns whether CXone can be polled about the execution. */
export function hasPollAddress({ executionId, pollUrl }: Pick<Execution, 'executionId' | 'pollUrl'>): boolean {
  return executionId !== null || pollUrl !== null;
}

export function isTerminal(status: Status): status is TerminalStatus {
  return (TERMINAL_STATUSES as readonly string[]).includes(status);
}

/** Returns the time from submission to outcome in milliseconds; 0 if the clock was set back in between. */
export function totalLatencyMs(execution: Pick<Execution, 'submittedAt' | 'resolvedAt'>): number | null {
  return execution.resolvedAt === null ? null : Math.max(0, execution.resolvedAt - execution.submittedAt);
}

/** An execution as it stood when it was accepted: what its submission was answered with. */
export function asAccepted(execution: Execution): Execution {
  const { submittedAt } = execution;
  return { ...execution, ...FRESH, submittedAt, dispatchAt: submittedAt, expireAt: null };
}

/** Returns a queued execution that is due at once. @param giveUpAt end of the queue time-out */
export function newExecution(submission: Submission, reference: string, now: number, giveUpAt: number): Dispatchable {
  return {
    ...submission,
    ...FRESH,
    resubmissionOf: null,
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
  executionIdProblem: null,
  pollUrl: null,
  cookies: null,
  unknownWord: null,
  notFoundAt: null,
  foundAt: null,
  heldAt: null,
  erasedAt: null,
  resubmittedAs: null,
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
