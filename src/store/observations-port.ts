// What looks back need of a store: how executions went, a bounded stretch at a time, and which of them are in doubt.

import type { Execution, ResolvedBy, Status } from '../execution/execution.ts';

/** How one execution went that was handed to CXone. Times in milliseconds since the Unix epoch. */
export interface Observation {
  readonly actionId: string;
  readonly status: Status;
  readonly resolvedBy: ResolvedBy | null;
  readonly sentAt: number | null;
  readonly resolvedAt: number | null;
  readonly graceSeconds: number;
  readonly timeoutSeconds: number;
  readonly pollCount: number;
  /** Whether CXone gave it a name, so that it can be asked for. */
  readonly pollable: boolean;
  /** When a callback first told how it ended, or last hinted at it before it had ended; null: none came. */
  readonly calledBackAt: number | null;
  /** When a poll first told how it ended. */
  readonly foundAt: number | null;
}

export interface ObservationQuery {
  /** Submitted at or after, milliseconds. */
  readonly from: number;
  /** Submitted before, milliseconds. */
  readonly to: number;
  readonly actionId?: string;
  /** Where an earlier reading stopped. */
  readonly before?: string;
}

export interface ObservationPage {
  /** Newest first. */
  readonly items: readonly Observation[];
  /** Where to read on, as `before`; null at the end. */
  readonly next: string | null;
}

export interface DoubtfulQuery {
  /** Submitted at or after, milliseconds. */
  readonly from: number;
  /** Submitted before, milliseconds. */
  readonly to: number;
  readonly actionId?: string;
  readonly app?: string;
  /** Where an earlier reading stopped. */
  readonly after?: string;
}

export interface DoubtfulPage {
  /** Those that CXone can be asked for, oldest first. */
  readonly items: readonly Execution[];
  /** Those that it cannot be asked for: sent, ended without a result, and without a name at CXone. */
  readonly unpollable: number;
  /** Where to read on, as `after`; null at the end. */
  readonly next: string | null;
  /** When the last one that was looked at was submitted, milliseconds; null at the end. */
  readonly reachedAt: number | null;
}

/** One reading is short, so that nobody else waits. */
export interface Observations {
  observe(query: ObservationQuery): Promise<ObservationPage>;
  doubtful(query: DoubtfulQuery): Promise<DoubtfulPage>;
}
