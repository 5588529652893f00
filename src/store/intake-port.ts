// The intake role of a store: accepts executions, each submission once.

import type { Dispatchable, Execution } from '../execution/execution.ts';
import type { NotResubmittable } from '../execution/resubmission.ts';

export interface ExecutionIntake {
  add(submission: NewExecution): Promise<AddResult>;
  /**
   * Adds the executions, each with its own result, in their order and before it resolves: in one commit, or in several if their
   * payloads are long. With `together`, in one commit, either all are accepted or none is: those that would have been added are then
   * `withheld`.
   */
  addAll(submissions: readonly NewExecution[], together: boolean): Promise<BatchAddResult[]>;
  /**
   * Adds an execution that repeats an ended one, and links both, in one commit. An execution is repeated once: later calls return
   * the first repetition. Returns undefined for an unknown reference.
   */
  resubmit(reference: string, repetition: NewExecution, order: ResubmissionOrder): Promise<ResubmitResult | undefined>;
}

export type AddResult =
  | { readonly outcome: 'added'; readonly execution: Execution }
  /**
   * The same submission was accepted before, under this correlation id or this idempotency key. `execution` lacks its result, error
   * and late result: a batch may repeat a thousand executions with long ones.
   */
  | { readonly outcome: 'replayed'; readonly by: 'correlation-id' | 'idempotency-key'; readonly execution: Execution }
  /** The correlation id belongs to another submission or another app. */
  | { readonly outcome: 'conflict' }
  /** The app used the idempotency key for another body or another kind of request. */
  | { readonly outcome: 'key-reused' }
  /** The queue is full: in all, or for this app. */
  | { readonly outcome: 'full' | 'share-full' };

export type BatchAddResult =
  | AddResult
  /** Valid, but another execution of an all-or-nothing batch was refused. */
  | { readonly outcome: 'withheld' }
  /** Others of the batch were committed, and then the database took no writes. */
  | { readonly outcome: 'unavailable' };

export interface NewExecution {
  readonly execution: Dispatchable;
  /** SHA-256 of the submission: distinguishes a repeated submission from another one under the same id. */
  readonly fingerprint: string;
  /** Recognises a repeat of a submission with the fingerprint of an earlier version. Left out: only the fingerprint counts. */
  readonly isRepeatOfEarlierVersion?: (accepted: AcceptedSubmission) => boolean;
  /** Maximum of queued executions of all apps. */
  readonly queueCapacity: number;
  /** Maximum of queued executions of its app; default: `queueCapacity`. */
  readonly appQueueCapacity?: number;
}

/** Who has an execution submitted again, as audit entries name the operator, and why. */
export interface ResubmissionOrder {
  readonly by: string;
  readonly reason: string | null;
}

export type ResubmitResult =
  /** `execution` is the new one. */
  | { readonly outcome: 'added' | 'replayed'; readonly execution: Execution }
  | { readonly outcome: NotResubmittable | 'full' | 'share-full' };

/** A submission as it is stored. */
export interface AcceptedSubmission {
  readonly fingerprint: string;
  /** Null: pruned. */
  readonly payload: Pick<Dispatchable, 'inputs' | 'context'> | null;
}

/** A submission of an all-or-nothing batch was refused: none is added. */
export class BatchRefused extends Error {
  readonly outcomes: BatchAddResult[];

  constructor(outcomes: BatchAddResult[]) {
    super('a submission of an all-or-nothing batch was refused');
    this.outcomes = outcomes;
  }
}
