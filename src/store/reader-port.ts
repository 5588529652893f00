// What commands read of a store, beside a running receiver or without one.

import type { AuditEntry } from '../execution/event.ts';
import type { Execution } from '../execution/execution.ts';
import type { Incident } from '../incident/incident.ts';
import type { ActivityPage, ActivityQuery } from './activity-port.ts';
import type { EndpointPause } from './endpoints-port.ts';
import type { Observations } from './observations-port.ts';
import type { NotificationPage, NotificationQuery, UndeliveredCounts } from './outbox-port.ts';
import type { CountedPause } from './pauses-port.ts';
import type { AuditHead, ExecutionFilter } from './port.ts';
import type { QueueState } from './queue-port.ts';
import type { Rollups } from './rollups-port.ts';
import type { AuditRow } from './shared/audit-rows.ts';
import type { CountedRepeats, Statistics, SubmittedPeriod } from './statistics-port.ts';
import type { ClockStep } from './upkeep-port.ts';
import type { Verification, VerifyOptions } from './verification.ts';

/** Rows in batches that are bounded by their number and their size in memory. */
export type Batches<T> = Iterable<Batch<T>> | AsyncIterable<Batch<T>>;

export interface Batch<T> {
  readonly found: readonly T[];
  /** Number of rows that were scanned; 0 until the window ends. */
  readonly scanned: number;
}

export type ScanOrder = 'oldest-first' | 'newest-first';

/** An execution with its stored payload. */
export interface StoredExecution {
  readonly execution: Execution;
  /** The stored JSON text. */
  readonly inputs: string | null;
  readonly context: string | null;
  /** When its payload was pruned, ISO 8601; null while it is stored. */
  readonly payloadPrunedAt: string | null;
}

export interface StoredFilter extends ExecutionFilter {
  /** Only executions older than this reference. */
  readonly before?: string | undefined;
}

export interface AuditFilter {
  readonly app?: string | undefined;
  readonly event?: string | undefined;
  readonly actionId?: string | undefined;
  readonly correlationId?: string | undefined;
  /** Who caused it, as the detail of the entry has it, for example `operator:alice`. */
  readonly by?: string | undefined;
  /** Written at or after, milliseconds. */
  readonly from?: number | undefined;
  /** Written before, milliseconds. */
  readonly to?: number | undefined;
  /** Only entries with a greater id. */
  readonly after?: number | undefined;
  /** Only entries with a smaller id. */
  readonly before?: number | undefined;
}

export interface ChainedEntry {
  readonly entry: AuditEntry;
  readonly hash: string;
}

export interface PrunableCounts {
  readonly entries: number;
  readonly executions: number;
  /** Payloads of executions, and bodies of unreadable callbacks. */
  readonly payloads: number;
}

/** Milliseconds; null: nothing is pruned. */
export interface RetentionCutoffs {
  readonly entries: number | null;
  readonly payloads: number | null;
}

/** Reads the trail, also of a database of an older version. */
export interface TrailReader {
  /** The path of the file, or host and name of the database. */
  readonly name: string;
  /** Returns the end of the chain without verifying it. */
  head(): Promise<AuditHead>;
  /** Verifies without writing, also while a receiver writes. */
  verify(options?: VerifyOptions): Promise<Verification>;
  /** Returns the hash of an entry, or of the last one that was pruned; undefined for others. */
  hashOf(id: number): Promise<string | undefined>;
  /** Returns the entries ERASED. */
  erasures(): Promise<readonly AuditRow[]>;
  close(): Promise<void>;
}

export interface StoreReader extends TrailReader, Observations, Statistics, Rollups {
  /** Yields matching executions. Those that are submitted after the start are not included, so that it ends under load too. */
  executions(filter: StoredFilter, order: ScanOrder): Batches<StoredExecution>;
  countExecutions(period: SubmittedPeriod): Promise<number>;
  execution(correlationId: string): Promise<StoredExecution | undefined>;
  /** Returns an execution and its entries, oldest first, of one snapshot; null for an unknown one. */
  executionWithTrail(correlationId: string): Promise<{
    readonly stored: StoredExecution;
    readonly entries: readonly AuditEntry[];
  } | null>;
  /** Yields matching entries. Entries that are written after the start are not included. */
  entries(filter: AuditFilter, order: ScanOrder): Batches<ChainedEntry>;
  /** Returns the number of ids that a scan with this filter covers. */
  countEntryIds(filter: AuditFilter): Promise<number>;
  /** Returns the entry before this one, to which it is chained; null if it is not known. */
  entryBefore(id: number): Promise<AuditHead | null>;
  /** Returns the id of the newest entry; 0 for an empty trail. */
  newestEntryId(): Promise<number>;
  /** Returns the id of the first entry that is not older than `time` (milliseconds); behind the newest one if all are older. */
  firstEntrySince(time: number): Promise<number>;
  listActivity(query: ActivityQuery): Promise<ActivityPage>;
  listNotifications(query: NotificationQuery): Promise<NotificationPage>;
  /** Returns the pauses of endpoints, the oldest first. */
  pausedEndpoints(): Promise<readonly EndpointPause[]>;
  /** Yields the repeats that ended at or after `from` (milliseconds). */
  countedRepeats(from: number): Iterable<readonly CountedRepeats[]> | AsyncIterable<readonly CountedRepeats[]>;
  /** Returns the pauses in force, the oldest first. */
  sendingPauses(): Promise<readonly CountedPause[]>;
  /** Returns the incidents that have not ended. */
  openIncidents(): Promise<readonly Incident[]>;
  queueState(): Promise<QueueState>;
  undelivered(): Promise<UndeliveredCounts>;
  /** Returns when the first notification is due, milliseconds; null without one. */
  nextNotificationAt(): Promise<number | null>;
  /** Returns the last step that moved due times; null without one. */
  lastClockStep(): Promise<ClockStep | null>;
  /** Returns the newest time that a receiver wrote, milliseconds; null if none ever ran. */
  newestTime(): Promise<number | null>;
  /** Yields growing counts of what retention would prune. `payloads` counts only what the payload cutoff prunes. */
  prunable(cutoffs: RetentionCutoffs): Iterable<PrunableCounts> | AsyncIterable<PrunableCounts>;
}
