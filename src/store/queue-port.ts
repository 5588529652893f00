// The queue role of a store: numbers and ages of open executions, and positions in the queue.

import type { Execution, OpenStatus } from '../execution/execution.ts';

/** Number of open executions by status. */
export type OpenCounts = { readonly [S in OpenStatus]: number };

export interface QueueState {
  readonly counts: OpenCounts;
  /** When the oldest queued execution was submitted, milliseconds; null for an empty queue. */
  readonly oldestQueuedAt: number | null;
  /** When the oldest open execution that was handed to the network was submitted, milliseconds; null without one. */
  readonly oldestPendingAt: number | null;
  /** Number of queued executions of each app that has any. */
  readonly queuedByApp: ReadonlyMap<string, number>;
}

/** The place of an execution in the queue. */
export type QueuePlace = Pick<Execution, 'app' | 'priority' | 'dispatchAt' | 'reference'>;

/** Describes the open executions. */
export interface QueueMonitor {
  openCounts(): Promise<OpenCounts>;
  queueState(): Promise<QueueState>;
  /** Returns how many executions of its app are sent before a queued one, counted up to `limit`. */
  queuedBefore(execution: QueuePlace, limit: number): Promise<number>;
}
