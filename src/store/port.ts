// The port to a store, in the language of executions: a few named roles, and the store that plays all of them.
//
// A change is settled when it is durable: each promise of a writing method resolves only after its commit is on disk. A method
// that rejects with StoreUnavailable has written nothing. Several receivers may share one store.

import type { Outcome } from '../execution/apply-result.ts';
import type { AuditEntry, ExecutionEvent } from '../execution/event.ts';
import type { Excerpt, ExcerptOrder } from '../execution/excerpt.ts';
import type { Dispatchable, Execution, ResolvedBy, StatusFilter } from '../execution/execution.ts';
import type { FairShare } from '../lib/weighted-fair-share.ts';
import type { ActivityLog } from './activity-port.ts';
import type { Endpoints } from './endpoints-port.ts';
import type { Erasure } from './erasure-port.ts';
import type { Incidents } from './incidents-port.ts';
import type { ExecutionIntake } from './intake-port.ts';
import type { Outbox } from './outbox-port.ts';
import type { SendingPauses } from './pauses-port.ts';
import type { ExecutionPayloads } from './payloads-port.ts';
import type { QueueMonitor } from './queue-port.ts';
import type { Retention } from './retention-port.ts';
import type { Insights } from './rollups-port.ts';
import type { MatchCount, PageOfSearch, SearchProgress } from './search-port.ts';
import type { ClockStep, RepeatSummaries } from './upkeep-port.ts';

export interface Store
  extends ExecutionIntake,
    ExecutionRecorder,
    ExecutionReader,
    DueWork,
    RepeatSummaries,
    QueueMonitor,
    AuditFeed,
    ChangeFeed,
    Outbox,
    Retention,
    Erasure,
    Insights,
    ActivityLog,
    Incidents,
    SendingPauses,
    Endpoints,
    CommitProbe {
  /** Commits the mutations that wait, rejects new ones and releases the database. */
  close(): Promise<void>;
}

/** Applies events to executions. */
export interface ExecutionRecorder {
  /**
   * Applies one event to one execution, with its audit entry and its notification in the same commit. Of concurrent results
   * exactly one resolves the execution. Returns undefined for an unknown reference.
   */
  record(reference: string, event: ExecutionEvent, now: number): Promise<RecordResult | undefined>;
}

/** An execution without its result, error and late result, and the bytes that these have as JSON. */
export interface BriefExecution {
  readonly execution: Execution;
  readonly outcomeBytes: number;
}

export interface ExecutionReader {
  find(correlationId: string): Promise<Execution | undefined>;
  /** Does the same without a look at results, which may be long. */
  findBrief(correlationId: string): Promise<BriefExecution | undefined>;
  findByReference(reference: string): Promise<Execution | undefined>;
  /**
   * Returns executions, newest first unless the query states otherwise. The work of one page and its size are bounded, so a page may end before it is full. It ends
   * within milliseconds when the signal aborts.
   */
  list(query: ListQuery, signal?: AbortSignal): Promise<ExecutionPage>;
  /** Does the same as `list`, with the items as JSON: a page of results takes as long to write as to read. */
  listJson(query: ListQuery, signal?: AbortSignal): Promise<JsonPage>;
  /**
   * Counts the executions that match, at most `limit`. The count ends early after `scanMs` of its query; default: a bound of the
   * store.
   */
  countMatches(query: ListQuery, signal?: AbortSignal): Promise<MatchCount>;
  /** Returns how far a search has come that continues at `before` of its query. */
  searchProgress(query: ListQuery, signal?: AbortSignal): Promise<SearchProgress>;
  /** Returns excerpts of large documents: to hide values in them takes as long as to read them. */
  excerpts(order: ExcerptOrder): Promise<readonly Excerpt[]>;
  /** Returns the payloads of one execution, which lists leave out; undefined for an unknown execution. */
  payloads(correlationId: string): Promise<ExecutionPayloads | undefined>;
}

/** Hands out work that is due. A claim excludes other workers and other receivers. */
export interface DueWork {
  /** Returns up to `limit` queued executions that are due, the longest due first, and claims none of them. */
  dueDispatches(limit: number, now: number): Promise<Execution[]>;
  /**
   * Claims up to `limit` queued executions that are due, and records that each is handed to the network. `share` distributes
   * the claims among apps (default: evenly); within an app, higher priorities go first, then the longest due.
   */
  claimDispatches(limit: number, now: number, share?: FairShare): Promise<ClaimedDispatch[]>;
  /**
   * Leases up to `limit` executions that are due for a poll, until `leaseUntil`. `share` distributes the leases among apps
   * (default: evenly); within an app, the longest due go first.
   */
  claimPolls(limit: number, now: number, leaseUntil: number, share?: FairShare): Promise<Execution[]>;
  /** Ends up to `limit` executions whose deadline has passed and that cannot be polled. Returns their number. */
  expire(limit: number, now: number): Promise<number>;
  nextDue(): Promise<DueTimes>;
  /**
   * Moves the due times and time limits of open executions and pending notifications by a step of the wall clock, and notes the
   * step. Times that state when something happened stay. The store calls `begun` once what is stored from then on
   * stays as it is: its times are to be those of the new clock. A claim that was asked for before goes by the new clock, or claims nothing.
   */
  moveDueTimes(step: ClockStep, begun?: () => void): Promise<void>;
  /** Returns the last step that moved due times, of this process or an earlier one; null without one. */
  lastClockStep(): Promise<ClockStep | null>;
}

/** An execution that was handed to the network. */
export interface ClaimedDispatch extends Dispatchable {
  /** When it would have left the queue with a timeout, milliseconds. */
  readonly giveUpAt: number | null;
}

/** Reads the audit trail. */
export interface AuditFeed {
  /** Returns the audit entries of one execution, oldest first. */
  trail(correlationId: string): Promise<AuditEntry[]>;
  /** Reads the trail after an entry: of all apps, of one app or of one execution. The work of one call is bounded. */
  feed(query: FeedQuery): Promise<FeedPage>;
  /** Returns the end of the hash chain as of the last commit. Works after `close` too. */
  head(): Promise<AuditHead>;
}

export type OthersListener = (changes: readonly CommittedChange[] | null) => void;

export interface ChangeFeed {
  /**
   * Calls the listener after each commit of this receiver, in commit order, with the changes of the commit. Returns a function that
   * stops the calls.
   */
  watch(listener: (changes: readonly Change[]) => void): () => void;
  /**
   * Calls the listener with what other receivers of the store have committed. The calls of both listeners are in the order of the
   * entries, without a gap. Null: too much to list, so that anything may have changed. Returns a function that stops the calls.
   * @param isAwaited returns whether the listener needs the next changes at once. While none does, both listeners may be called a quarter
   * of a second later: many changes that are read together cost less. Default: always
   */
  watchOthers(listener: OthersListener, isAwaited?: () => boolean): () => void;
}

export interface CommitProbe {
  /** Commits a heartbeat: the newest time of the receiver. @throws {StoreUnavailable} when the store cannot commit now. */
  ping(now: number): Promise<void>;
  /** Returns why no commit can succeed now, without one; null if one may. */
  readonly unavailable?: () => string | null;
}

export interface RecordResult {
  readonly outcome: Outcome;
  readonly execution: Execution;
}

type Known =
  | ('reference' | 'correlationId' | 'app' | 'actionId' | 'status' | 'resolvedBy' | 'sentAt' | 'unknownWord')
  | ('dispatchAt' | 'pollAt' | 'expireAt');

/** What every receiver knows about a change, whichever has committed it. */
export interface CommittedChange {
  /** As it is after the commit, or after a later one. */
  readonly execution: Pick<Execution, Known>;
  /** `notification`: the state is unchanged; the entry is about a notification of it, its retention, or counted repeats. */
  readonly outcome: Outcome | 'notification';
  readonly entry: Pick<AuditEntry, 'id' | 'event' | 'app' | 'correlationId' | 'latencyMs' | 'httpStatus'>;
  /** True if the event was only counted, as a repeat of many: the trail does not have the entry. */
  readonly isCounted?: boolean;
  /** When a notification of the execution is due, if the change created or moved one; milliseconds. */
  readonly notifyAt?: number | null;
}

/** An execution after a commit of this receiver, with the audit entry that explains the change. */
export interface Change extends CommittedChange {
  readonly execution: Execution;
  readonly entry: AuditEntry;
  /** The HTTP request that caused the change, if one did. */
  readonly requestId?: string;
}

/** An absent member does not restrict. Times in milliseconds since the Unix epoch. */
export interface ExecutionFilter {
  /** Null: all apps. */
  readonly app: string | null;
  readonly status?: StatusFilter;
  readonly actionId?: string;
  /** Prefix of the correlation id. */
  readonly id?: string;
  /** The id at CXone, in full. */
  readonly executionId?: string;
  /** The id of an incident that affects them. */
  readonly incident?: string;
  /** A text in inputs, context, result, error or late result; case-insensitive; never empty. */
  readonly text?: string;
  /** A text in the error; case-insensitive; never empty. */
  readonly error?: string;
  readonly resolvedBy?: ResolvedBy;
  /** Least and greatest time from submission to outcome, with fractions; executions that have not ended do not match. */
  readonly minDurationSeconds?: number;
  readonly maxDurationSeconds?: number;
  /** Only these correlation ids, at most {@link MAX_NAMED}. */
  readonly correlationIds?: readonly string[];
  /** Members that the text search ignores, by their names, because the reader does not see their values. */
  readonly hidden?: readonly string[];
  /** Submitted at or after. */
  readonly from?: number;
  /** Submitted before. */
  readonly to?: number;
}

/** Maximum of correlation ids in a filter. */
export const MAX_NAMED = 200;

export interface ListQuery extends ExecutionFilter {
  readonly limit: number;
  /** True for the oldest first; default: newest first. */
  readonly oldestFirst?: boolean;
  /** Time of scanning in milliseconds after which the page ends; default: a bound of the store. */
  readonly scanMs?: number;
  /** Reference of the execution before which the page begins; with `oldestFirst`, after which it begins. */
  readonly before?: string;
  /** Reference of the execution at which the list ends, without it. */
  readonly after?: string;
}

export interface ExecutionPage {
  /** Possibly fewer than `limit`, or none, when a full page would take too long. */
  readonly items: Execution[];
  /** `before` of the next page; null at the end. */
  readonly next: string | null;
  /** A reference from which the list continues, when `before` of the query is that of a lost execution. The page is then empty. */
  readonly resumeBefore?: string;
  /** Of a search by text. */
  readonly search?: PageOfSearch;
}

export interface JsonPage extends Omit<ExecutionPage, 'items'> {
  /** A JSON array of executions as the API represents them, in UTF-8, without the values of the members that the query hides. */
  readonly items: Uint8Array;
}

/** The earliest time at which each kind of work is due, milliseconds; null without such work. */
export type DueTimes = Pick<Execution, 'dispatchAt' | 'pollAt' | 'expireAt'>;

export interface FeedQuery {
  /** Id of the entry after which the page begins. */
  readonly after: number;
  /** Null: all apps. */
  readonly app: string | null;
  readonly correlationId?: string;
  /** At least 1. */
  readonly limit: number;
}

export interface FeedPage {
  /** In the order of their ids; possibly fewer than `limit` when a full page would take too long. */
  readonly entries: AuditEntry[];
  /** `after` of the next page: every matching entry up to this id is in `entries`, unless it was pruned. */
  readonly through: number;
  /** Id of the newest entry of the trail: there may be more entries while it exceeds `through`. */
  readonly newest: number;
  /** Entries up to this id were pruned. */
  readonly prunedThrough: number;
  /** The gap in which `after` of the query lies, if it does: what followed it is lost. */
  readonly gap?: IdGap | undefined;
}

/** Ids that a restored database skips, because the lost one may have issued them. Both ends are ids that it has. */
export interface IdGap {
  readonly after: number;
  readonly next: number;
  /** Milliseconds: what was stored between these two times is lost. */
  readonly lostFrom: number;
  readonly restoredAt: number;
}

/** The id of the newest audit entry, and the hex hash that covers it and all entries before it. */
export interface AuditHead {
  readonly id: number;
  readonly hash: string;
}

/** The store cannot commit now (disk full, locked, write queue full, closed). Nothing was written; a retry is safe. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
