// What a verification of the audit trail is given, and what it finds.

import type { AuditHead, IdGap } from './port.ts';

export interface Finding {
  readonly kind: 'altered' | 'removed' | 'inserted' | 'reordered' | 'rewritten' | 'row' | 'body';
  /** The first entry that is wrong or missing; null when the finding is about a row alone. */
  readonly entry: number | null;
  readonly message: string;
}

export interface HeadVerdict extends AuditHead {
  /**
   * `pruned`: retention deleted the entry, so the head cannot be checked. `lost`: a restore from an older copy lost the entry.
   * `unchecked`: the walk ended before it.
   */
  readonly verdict: 'agrees' | 'differs' | 'missing' | 'pruned' | 'lost' | 'unchecked';
}

export interface Verification {
  /** Empty when trail and rows are unchanged. A broken chain ends the walk. */
  readonly findings: readonly Finding[];
  /** Number of entries whose place in the chain was verified. */
  readonly entries: number;
  readonly prunedThrough: number;
  /** The last verified entry. */
  readonly head: AuditHead;
  /** In the order of their ids. */
  readonly heads: readonly HeadVerdict[];
  /** What restores from older copies lost: no finding, but a fact to know. */
  readonly gaps: readonly IdGap[];
}

export interface VerifyOptions {
  /** Earlier heads of the chain, which were stored elsewhere. */
  readonly heads?: readonly AuditHead[];
  /** Called after each page. */
  readonly progress?: (done: number, total: number) => void;
}
