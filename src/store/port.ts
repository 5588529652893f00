// What the service needs of a store, in the language of executions. Every promise settles only after its commit is on disk.

import type { Outcome } from '../execution/apply-result.ts';
import type { AuditEntry, ExecutionEvent } from '../execution/event.ts';
import type { Dispatchable, Execution, OpenStatus, Status } from '../execution/execution.ts';
import type { Json } from '../execution/json.ts';
import type { FairShare } from '../lib/weighted-fair-share.ts';

export type AddResult =
  | { readonly outcome: 'added'; readonly execution: Execution }
  /** It was sent before, under this correlation id or this idempotency key. */
  | { readonly outcome: 'replayed'; readonly by: 'correlation-id' | 'idempotency-key'; readonly execution: Execution }
  /** The correlation id is taken, by another body or another app. */
  | { readonly outcome: 'conflict' }
  /** The app used the idempotency key before, for another body or another kind of request. */
  | { readonly outcome: 'key-reused' }
  /** As many executions are queued as may be: in all, or of this app. */
  | { readonly outcome: 'full' | 'share-full' };

/** `withheld`: nothing is wrong with it, but it was to be added with others or not at all. */
export type BatchAddResult = AddResult | { readonly outcome: 'withheld' };

export interface NewExecution {
  readonly execution: Dispatchable;
  /** Hash of what the app sent: tells a repeated submission from another one under the same id. */
  readonly fingerprint: string;
  /** Past so many queued executions it is refused. */
  readonly queueCapacity: number;
  /** Past so many queued executions of its app it is refused; as many as there is room for unless said. */
  readonly appQueueCapacity?: number;
}

export interface RecordResult {
  readonly outcome: Outcome;
  readonly execution: Execution;
}

/** An execution as a commit left it, with the entry that tells why. */
export interface Change extends Omit<RecordResult, 'outcome'> {
  /** `notification`: nothing happened to the execution; the entry is about telling its app. */
  readonly outcome: Outcome | 'notification';
  readonly entry: AuditEntry;
  /** When a notification of the execution is to be sent, if this brought or moved one. */
  readonly notifyAt?: number | null;
  /** The request that it was made for, if it was made for one. */
  readonly requestId?: string;
}

/** What is left out is not looked at. */
export interface ExecutionFilter {
  /** Null: of all apps. */
  readonly app: string | null;
  /** `OPEN`: whatever has not ended. */
  readonly status?: Status | 'OPEN';
  readonly actionId?: string;
  /** How the correlation id begins. */
  readonly id?: string;
  /** CXone's name for it, whole. */
  readonly executionId?: string;
  /** Somewhere in inputs, context, result, error or late result, in any case; never empty. */
  readonly text?: string;
  /** Submitted at or after, milliseconds. */
  readonly from?: number;
  /** Submitted before, milliseconds. */
  readonly to?: number;
}

export interface ListQuery extends ExecutionFilter {
  readonly limit: number;
  /** Only those older than this reference. */
  readonly before?: string;
}

export interface ExecutionPage {
  /** Fewer than wanted, or none, where looking further would have taken too long. */
  readonly items: Execution[];
  /** Reference to go on from; null at the end. */
  readonly next: string | null;
}

export interface FeedQuery {
  /** Only entries with a greater id. */
  readonly after: number;
  /** Null: of all apps. */
  readonly app: string | null;
  readonly correlationId?: string;
  /** At least 1; there may be fewer, where one reading would become long. */
  readonly limit: number;
}

export interface FeedPage {
  /** In the order of their ids. */
  readonly entries: AuditEntry[];
  /** How far it looked: to be read on after. What was wanted up to here is in `entries`, unless it was pruned. */
  readonly through: number;
  /** The id of the newest entry of all: while it is greater than `through` there may be more. */
  readonly newest: number;
  /** Entries up to this id are gone, if they ever were. */
  readonly prunedThrough: number;
}

/** The earliest moment at which each kind of work falls due; null when there is none. Milliseconds. */
export interface DueTimes {
  readonly dispatchAt: number | null;
  readonly pollAt: number | null;
  readonly expireAt: number | null;
}

export interface Store {
  add(submission: NewExecution): Promise<AddResult>;
  /**
   * Adds them in one commit, each with its own outcome, in their order. `together`: all of them or none; those that would
   * have been added are then withheld.
   */
  addAll(submissions: readonly NewExecution[], together: boolean): Promise<BatchAddResult[]>;
  /** Applies one event to one execution; undefined when there is no such execution. */
  record(reference: string, event: ExecutionEvent, now: number): Promise<RecordResult | undefined>;
  /** Up to `limit` queued executions that are due to be sent, the longest due first, left as they are. */
  dueDispatches(limit: number, now: number): Promise<Execution[]>;
  /**
   * Takes up to `limit` queued executions that are due and marks them as handed to the network: of each app as many as `share`
   * gives it (evenly unless said), those of a higher priority first, then the longest due.
   */
  claimDispatches(limit: number, now: number, share?: FairShare): Promise<Dispatchable[]>;
  /**
   * Leases up to `limit` executions that are due for a poll: until `leaseUntil` nobody else gets them. Of each app as many as
   * `share` gives it (evenly unless said), the longest due first.
   */
  claimPolls(limit: number, now: number, leaseUntil: number, share?: FairShare): Promise<Execution[]>;
  /** Ends up to `limit` executions whose time is over and that cannot be asked for; returns how many. */
  expire(limit: number, now: number): Promise<number>;
  nextDue(): Promise<DueTimes>;
  find(correlationId: string): Promise<Execution | undefined>;
  /** Newest first. One page is short work, so that nobody else waits: it may end before it is full. */
  list(query: ListQuery): Promise<ExecutionPage>;
  /** The audit entries of one execution, oldest first. */
  trail(correlationId: string): Promise<AuditEntry[]>;
  /** Reads on in the trail of all apps, of one, or of one execution. One reading is short, so that nobody else waits. */
  feed(query: FeedQuery): Promise<FeedPage>;
  /** What went to CXone, and what came from it that nobody could read; undefined when there is no such execution. */
  payloads(correlationId: string): Promise<ExecutionPayloads | undefined>;
  openCounts(): Promise<OpenCounts>;
  /** How things stand with what is open. */
  queueState(): Promise<QueueState>;
  /** The end of the audit chain, as the last commit left it; also once the store is closed. */
  head(): Promise<AuditHead>;
  /**
   * Deletes up to `limit` audit entries, oldest first, and the executions they leave behind, if they ended before `cutoff`;
   * no entry behind `through`, if that is said.
   */
  prune(limit: number, cutoff: number, through?: number): Promise<PruneResult>;
  /** Proves that a commit goes through now. */
  ping(now: number): Promise<void>;
  /** Calls the listener after each commit, in commit order, with what changed; returns a way to stop. */
  watch(listener: (changes: readonly Change[]) => void): () => void;
  /** Commits what is waiting and lets go of the store. */
  close(): Promise<void>;
}

/** The id of the newest audit entry, and the hash in hex that covers it and all before it. */
export interface AuditHead {
  readonly id: number;
  readonly hash: string;
}

export interface ExecutionPayloads {
  readonly inputs: Json;
  readonly context: Json;
  /** Since when the payload is no longer kept: what is here is empty; null while it is. */
  readonly prunedAt: number | null;
  /** Of callbacks, as they came, the newest few, oldest first. */
  readonly bodies: readonly StoredCallbackBody[];
}

export interface StoredCallbackBody {
  /** The id of the audit entry it belongs to. */
  readonly entryId: number;
  readonly contentType: string | null;
  readonly bytes: Uint8Array;
}

/** How many executions are open, by status. */
export type OpenCounts = { readonly [S in OpenStatus]: number };

export interface QueueState {
  readonly counts: OpenCounts;
  /** When the longest queued execution was submitted, milliseconds; null when none is queued. */
  readonly oldestQueuedAt: number | null;
  /** The same of those that were handed to the network and are open. */
  readonly oldestPendingAt: number | null;
  /** Apps that have something queued, and how much. */
  readonly queuedByApp: ReadonlyMap<string, number>;
}

export interface PruneResult {
  readonly entries: number;
  readonly executions: number;
}

/** The store cannot commit now (disk full, locked, queue of writes full, closed): nothing was written, trying again is safe. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
