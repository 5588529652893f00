// The type of a fate: a named script and the outcome that a receiver should record.

import type { Dials } from './script.ts';

export interface Fate {
  /** One line, for tables and help. */
  readonly about: string;
  readonly script: Omit<Dials, 'fate'>;
  /** A submission with which the fate takes only seconds; sent twice only with `retryUncertain`. */
  readonly submission: {
    readonly timeoutSeconds: number;
    readonly graceSeconds: number;
    readonly retryUncertain?: boolean;
  };
  readonly expect: Expectation;
}

/** The state that must hold after `simulator.quiet()` has resolved. */
export interface Expectation {
  readonly status: 'COMPLETED' | 'FAILED' | 'REJECTED' | 'NOT_FOUND' | 'TIMEOUT';
  readonly resolvedBy: 'callback' | 'poll' | 'submit' | 'deadline';
  /** Audit events that occur in this order; others may occur between them. */
  readonly audit: readonly string[];
  /** The receiver's response to each callback, in the order sent: `200 resolved`, `404`, …; absent where it may vary. */
  readonly callbackAnswers?: readonly string[];
  /** The number of runs, for example of charges to a card. */
  readonly runs: number;
  /** The number of POSTs. */
  readonly posts: number;
  /** The least number of polls; 0 means none; absent where it may vary. */
  readonly polls?: number;
  /** `error.code` of the execution. */
  readonly errorCode?: number;
  /** The status of the late result, which is stored in addition to the outcome. */
  readonly lateResult?: 'COMPLETED' | 'FAILED';
  /** Text that occurs in the JSON of the result. */
  readonly resultContains?: string;
}

/** Waits for the callback until it has certainly arrived. */
export const PATIENT = { graceSeconds: 10, timeoutSeconds: 30 } as const;
/** Polls soon after the submission. */
export const POLLED_SOON = { graceSeconds: 1, timeoutSeconds: 15 } as const;
/** Polls at once, and ends within seconds. */
export const BRIEF = { graceSeconds: 0, timeoutSeconds: 5 } as const;
/** One run, completed by its callback. */
export const BY_CALLBACK = {
  status: 'COMPLETED',
  resolvedBy: 'callback',
  callbackAnswers: ['200 resolved'],
  runs: 1,
  posts: 1,
} as const;
/** One run, completed by a poll, without a callback. */
export const BY_POLL = { status: 'COMPLETED', resolvedBy: 'poll', callbackAnswers: [], runs: 1, posts: 1 } as const;
/** One run, whose result the receiver does not learn in time. */
export const TIMED_OUT = { ...BY_POLL, status: 'TIMEOUT', resolvedBy: 'deadline', errorCode: 408 } as const;
