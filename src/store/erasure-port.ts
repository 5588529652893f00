// The erasure role of a store: administrators erase the content of executions, or hold executions against any deletion.

import type { Execution } from '../execution/execution.ts';

/** Who wants it, for example `operator:alice`, and why: both are written to the audit trail. */
export interface Order {
  readonly by: string;
  readonly reason: string;
}

export interface Erased {
  /** `open`: it has not ended, so that content may still arrive. `held`: an administrator holds it. Both leave it unchanged. */
  readonly outcome: 'erased' | 'already-erased' | 'open' | 'held';
  readonly execution: Execution;
}

export interface Erasure {
  /**
   * Replaces everything that an app or CXone wrote about an ended execution by hashes, in one commit with the audit entry: the
   * payloads, stored bodies, details of entries and errors of deliveries. Pending notifications are given up. What arrives
   * later is recorded without content. Returns undefined for an unknown reference.
   */
  erase(reference: string, order: Order, now: number): Promise<Erased | undefined>;
  /** Exempts an execution from pruning and erasure until `release`. Returns undefined for an unknown reference. */
  hold(reference: string, order: Order, now: number): Promise<Execution | undefined>;
  /** Ends the exemption. An execution that is not held is unchanged. */
  release(reference: string, order: Order, now: number): Promise<Execution | undefined>;
  /**
   * Copies SQLite's WAL into the file and empties it. Returns false while another program reads an older state, and on PostgreSQL,
   * whose server keeps earlier versions of rows.
   */
  emptyWal(): Promise<boolean>;
}
