// What the service needs of a store to forget what is old: a look at what would go, its going in small steps, the space back.
//
// Looking and forgetting are apart, so that what goes can be written down in between. What changed meanwhile does not go.

/** A batch of audit entries, from the old end of the trail, and what goes with them. Both ids belong to it. */
export interface PrunableEntries {
  readonly first: number;
  readonly last: number;
}

/** A batch of payloads: those of these executions, and the callback bodies of these audit entries. */
export interface PrunablePayloads {
  readonly references: readonly string[];
  readonly bodies: readonly number[];
  /** Where to look on; null at the end. */
  readonly next: PayloadCursor | null;
}

export interface PayloadCursor {
  readonly resolvedAt: string;
  readonly row: number;
  readonly body: number;
}

/** What is written down of one row before it goes: `type`, and its columns by their names in SQL. */
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
  /** The next up to `limit` entries behind `after` that would go by `cutoff`; undefined when none would. */
  prunableEntries(limit: number, cutoff: number, after: PrunableEntries | null): Promise<PrunableEntries | undefined>;
  /** All that goes with these entries: themselves, and the executions, notifications and bodies that go with them. */
  entryRecords(batch: PrunableEntries): Promise<readonly RetentionRecord[]>;
  /** Looks at up to `limit` executions that ended before `cutoff` for payloads that nobody needs any more. */
  prunablePayloads(limit: number, cutoff: number, after: PayloadCursor | null): Promise<PrunablePayloads>;
  payloadRecords(batch: PrunablePayloads): Promise<readonly RetentionRecord[]>;
  /** Puts hashes in the place of these payloads, but for those that somebody needs again; returns how many went. */
  prunePayloads(batch: PrunablePayloads, cutoff: number, now: number): Promise<number>;
  /** Where the trail begins: the id and the hash of the last entry that went. */
  checkpoint(): Promise<{ readonly id: number; readonly hash: string }>;
  /**
   * Gives up to `pages` pages of free space back to the disk; returns how many are left. When none are, what was written
   * meanwhile is brought together in one file. Null: this file keeps its free space, and uses it again.
   */
  reclaimSpace(pages: number): Promise<number | null>;
}
