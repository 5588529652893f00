// What the checks of an entry read of the other tables.

import type { Status } from '../../execution/execution.ts';

/** The state of an execution as its row has it. */
export interface StoredState {
  readonly status: Status;
  readonly resolvedBy: string | null;
  readonly resolvedAt: string | null;
  readonly actionId: string;
  readonly app: string;
  /** True if the row has a result or an error. */
  readonly hasOutcome: boolean;
  /** The hash of the stored result and error. */
  readonly outcomeSha256: string;
  /** When the payload was pruned, ISO 8601; null while it is stored. */
  readonly prunedAt: string | null;
  /** The hashes of a pruned payload, as JSON; null while it is stored. */
  readonly payloadSha256: string | null;
}

export interface StoredNotification {
  readonly status: string;
  readonly correlationId: string;
  readonly app: string;
}

export interface StoredBody {
  /** The hash of the stored body. */
  readonly sha256: string;
  /** True if retention or an erasure emptied it. */
  readonly isEmptied: boolean;
}

/** The rows that a page of entries is compared with, as one snapshot has them. */
export interface StoredRows {
  execution(correlationId: string): StoredState | undefined;
  notification(id: string): StoredNotification | undefined;
  body(entryId: number): StoredBody | undefined;
}

/** What is compared at the end of the trail. */
export interface StoredRest extends Pick<StoredRows, 'execution'> {
  /** Some executions without an entry. */
  readonly withoutTrail: readonly string[];
  /** Ids of entries that have a stored body and state none. */
  readonly unstatedBodies: readonly number[];
}
