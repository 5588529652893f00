// The one error that the client throws: what the receiver said (RFC 9457), or why there is nothing it said.

import type { FieldError, Problem, ProblemName } from './types.ts';

/**
 * What the client itself has to say: no answer came (network, time), the time limit of the call is over, the answer is not one
 * of the receiver's, a notification is not genuine.
 */
export type ClientProblem = 'no-answer' | 'not-in-time' | 'unexpected-answer' | 'not-genuine';

/** Under which names the receiver knows the submission that the error is about: with them nothing is lost. */
export interface Handles {
  readonly correlationId?: string | null;
  readonly idempotencyKey?: string | null;
}

interface Facts extends Handles {
  readonly code: ProblemName | ClientProblem;
  readonly title: string;
  readonly detail: string;
  readonly status?: number;
  readonly type?: string;
  readonly errors?: readonly FieldError[];
  readonly problem?: Problem;
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

export class ReceiverError extends Error {
  override readonly name = 'ReceiverError';
  /** What to switch on. */
  readonly code: ProblemName | ClientProblem;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The problem's URI. */
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  /** Every offending field, when there are any. */
  readonly errors: readonly FieldError[];
  /** All that the receiver said, when it was the receiver. */
  readonly problem: Problem | null;
  /** How long the receiver wants to be left alone, null when it did not say. */
  readonly retryAfterMs: number | null;
  /** Of the execution it is about, when there is one: it may exist, so ask for it. */
  readonly correlationId: string | null;
  readonly idempotencyKey: string | null;

  constructor({ code, title, detail, cause, ...facts }: Facts) {
    const fields = (facts.errors ?? []).map((error) => `; ${error.pointer ?? error.header}: ${error.detail}`);
    super(`${title}: ${detail}${fields.join('')}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.status = facts.status ?? 0;
    this.type = facts.type ?? 'about:blank';
    this.errors = facts.errors ?? [];
    this.problem = facts.problem ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? null;
    this.correlationId = facts.correlationId ?? null;
    this.idempotencyKey = facts.idempotencyKey ?? null;
  }
}
