// The retention role of a store: selects what is old, exports it, deletes it in small steps and returns the space.
//
// Selection and deletion are separate calls, so that the selected rows can be exported in between. Rows that have changed since
// their selection are not deleted.

/** A batch of audit entries at the old end of the trail; both ids are inclusive. Rows that depend on them belong to it. */
export interface PrunableEntries {
  readonly first: number;
  readonly last: number;
}

/** A batch of payloads: of executions by their references, and callback bodies by the ids of their audit entries. */
export interface PrunablePayloads {
  readonly references: readonly string[];
  readonly bodies: readonly number[];
  /** `after` of the next batch; null at the end. */
  readonly next: PayloadCursor | null;
}

/** The last examined execution and the last examined callback body. */
export interface PayloadCursor {
  readonly id: number;
  readonly body: number;
}

/** The export of one row before its deletion: `type`, and the columns by their SQL names. */
export type RetentionRecord = { readonly type: string } & { readonly [column: string]: unknown };

export interface PruneResult {
  readonly entries: number;
  readonly executions: number;
}

export interface Retention {
  /**
   * Deletes up to `limit` audit entries, oldest first, and the executions that have no entry left, if they ended before
   * `cutoff`. With `through`, no entry after that id is deleted.
   */
  prune(limit: number, cutoff: number, through?: number): Promise<PruneResult>;
  /** Returns the next up to `limit` entries behind `after` that `prune` would delete; undefined without any. */
  prunableEntries(limit: number, cutoff: number, after: PrunableEntries | null): Promise<PrunableEntries | undefined>;
  /** Exports these entries, and the executions, notifications and callback bodies that are deleted with them. */
  entryRecords(batch: PrunableEntries): Promise<readonly RetentionRecord[]>;
  /** Examines up to `limit` executions with a payload, and returns those that ended before `cutoff` and no longer need it. */
  prunablePayloads(limit: number, cutoff: number, after: PayloadCursor | null): Promise<PrunablePayloads>;
  payloadRecords(batch: PrunablePayloads): Promise<readonly RetentionRecord[]>;
  /** Replaces these payloads by their hashes, except payloads that are needed again. Returns the number of pruned payloads. */
  prunePayloads(batch: PrunablePayloads, cutoff: number, now: number): Promise<number>;
  /** Returns the id and the hash of the last pruned entry, behind which the trail begins. */
  checkpoint(): Promise<{ readonly id: number; readonly hash: string }>;
  /**
   * To be called between two calls of `prune` with its `through`. On PostgreSQL it drops the partitions whose entries are all pruned; what it
   * could not drop, because others read the trail, it leaves for `reclaimSpace`.
   */
  dropPruned(through: number): Promise<void>;
  /**
   * Returns up to `pages` free pages to the file system, and then the number of free pages that remain. Once none remain, the
   * WAL is truncated too. Null: this file keeps its free pages for reuse. On PostgreSQL it drops one partition of pruned entries, or
   * deletes as many of those that were pruned long before `cutoff`, and returns 0 once nothing more can go now.
   */
  reclaimSpace(pages: number, cutoff?: number): Promise<number | null>;
}
