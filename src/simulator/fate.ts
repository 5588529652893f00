// What a fate is: a named script, with what a receiver should make of it.

import type { Dials } from './script.ts';

export interface Fate {
  /** One line, for tables and help. */
  readonly about: string;
  readonly script: Omit<Dials, 'fate'>;
  /** A submission that lets it happen within seconds; sent twice only if it says so. */
  readonly submission: {
    readonly timeoutSeconds: number;
    readonly graceSeconds: number;
    readonly retryUncertain?: boolean;
  };
  readonly expect: Expectation;
}

/** What must be true in the end, once `simulator.quiet()` has resolved. */
export interface Expectation {
  readonly status: 'COMPLETED' | 'FAILED' | 'REJECTED' | 'NOT_FOUND' | 'TIMEOUT';
  readonly resolvedBy: 'callback' | 'poll' | 'submit' | 'deadline';
  /** Audit events that appear, in this order, among others. */
  readonly audit: readonly string[];
  /** What the receiver answered to each callback, in the order sent: `200 resolved`, `404`, …; left out where it may vary. */
  readonly callbackAnswers?: readonly string[];
  /** How often the action ran: what a card would have been charged. */
  readonly runs: number;
  /** How many times it was POSTed. */
  readonly posts: number;
  /** At least so many polls; 0 means none at all; left out where it may vary. */
  readonly polls?: number;
  /** `error.code` of the execution. */
  readonly errorCode?: number;
  /** The status of the late result that is kept beside the outcome. */
  readonly lateResult?: 'COMPLETED' | 'FAILED';
  /** Text that occurs in the JSON of the result. */
  readonly resultContains?: string;
}
