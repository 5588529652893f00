// The observations role of a store: the course of past executions, and the executions in doubt, in bounded pages.

import type { Execution } from '../execution/execution.ts';

/** The course of one execution that was handed to CXone. Times in milliseconds since the Unix epoch. */
export interface Observation
  extends Pick<
    Execution,
    'actionId' | 'status' | 'resolvedBy' | 'sentAt' | 'resolvedAt' | 'graceSeconds' | 'timeoutSeconds' | 'pollCount'
  > {
  /** True when its id at CXone is known, so that it can be polled. */
  readonly pollable: boolean;
  /** When a callback first reported the outcome, or last hinted at it before the end; null without such a callback. */
  readonly calledBackAt: number | null;
  /** When a poll first reported the outcome. */
  readonly foundAt: number | null;
}

export interface ObservationQuery {
  /** Submitted at or after, milliseconds. */
  readonly from: number;
  /** Submitted before, milliseconds. */
  readonly to: number;
  readonly actionId?: string;
  /** `next` of the previous page. */
  readonly before?: string;
}

export interface ObservationPage {
  /** Newest first. */
  readonly items: readonly Observation[];
  /** `before` of the next page; null at the end. */
  readonly next: string | null;
}

export interface DoubtfulQuery extends Omit<ObservationQuery, 'before'> {
  readonly app?: string;
  /** `next` of the previous page. */
  readonly after?: string;
}

export interface DoubtfulPage {
  /** Executions that can be polled, oldest first. */
  readonly items: readonly Execution[];
  /** Number of executions that cannot be polled: sent, ended without a result, and without a known id at CXone. */
  readonly unpollable: number;
  /** `after` of the next page; null at the end. */
  readonly next: string | null;
  /** When the last examined execution was submitted, milliseconds; null at the end. */
  readonly reachedAt: number | null;
}

/** The work of one page is bounded, so that it does not delay other requests. */
export interface Observations {
  observe(query: ObservationQuery): Promise<ObservationPage>;
  doubtful(query: DoubtfulQuery): Promise<DoubtfulPage>;
}
