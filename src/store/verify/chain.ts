// Checks that each entry follows from the previous one, and diagnoses how the trail was changed where it does not.

import type { AuditHead, IdGap } from '../port.ts';
import type { AuditRow } from '../shared/audit-rows.ts';
import { chainHash } from '../shared/hash-chain.ts';
import type { Finding } from '../verification.ts';

/** Number of entries behind a break that the diagnosis examines. */
export const MAX_DIAGNOSED = 1_000;

interface ChainOptions {
  /** Gaps that restores left: the entry after one is chained to the entry before it. */
  readonly gaps?: readonly IdGap[];
  /** Returns true for an entry whose hash an erasure made impossible to compute. */
  readonly isReduced?: (previous: string, row: AuditRow) => boolean;
}

export function createChainCheck(start: AuditHead, { gaps = [], isReduced = () => false }: ChainOptions = {}) {
  const continues = (from: number, id: number) =>
    id === from + 1 || gaps.some(({ after, next }) => after === from && next === id);
  let link = start;
  return {
    /** Checks the next entry. Returns false when it does not follow from the previous one. */
    entry: (row: AuditRow): boolean => {
      const isNext = chainHash(link.hash, row) === row.hash || isReduced(link.hash, row);
      if (!continues(link.id, row.id) || !isNext) return false;
      link = { id: row.id, hash: row.hash };
      return true;
    },
    /** Returns how the trail was changed. @param rows the entries behind the last verified one, up to {@link MAX_DIAGNOSED}. */
    diagnose: (rows: readonly AuditRow[]): Finding => diagnose(link, rows),
    /** Continues behind a checkpoint up to which the trail was pruned. Returns true when that skips entries. */
    skipTo: (checkpoint: AuditHead): boolean => {
      if (checkpoint.id <= link.id) return false;
      link = checkpoint;
      return true;
    },
    /** Returns the last verified entry. */
    link: (): AuditHead => link,
  };
}

/** @param rows the entries behind the last verified one; the first of them does not follow from it. */
function diagnose(link: AuditHead, rows: readonly AuditRow[]): Finding {
  const [row, next] = rows as [AuditRow, AuditRow?];
  const entry = link.id + 1;
  if (row.id > entry) return { kind: 'removed', entry, message: `${entries(entry, row.id - 1)} removed` };
  const rightful = rows.findIndex((candidate, index) => index > 0 && follows(link.hash, candidate, entry));
  if (rightful > 0) return displaced(entry, rows, rightful);
  const gap = next === undefined ? 0 : renumbered(row, next);
  if (gap > 0) {
    const lost = gap === 1 ? 'an entry was' : `${gap} entries were`;
    return { kind: 'removed', entry, message: `${lost} removed before entry ${entry}, and the rest renumbered` };
  }
  const before = link.id > 0 ? ` (or entry ${link.id} was, with a new hash)` : '';
  return { kind: 'altered', entry, message: `entry ${entry} was altered${before}: its hash does not match` };
}

/** Diagnoses an entry that was found further on: other entries were inserted before it, or it was moved. */
function displaced(entry: number, rows: readonly AuditRow[], rightful: number): Finding {
  const found = rows[rightful] as AuditRow;
  const after = rows[rightful + 1];
  if (after === undefined || follows(found.hash, after, entry + 1)) {
    return { kind: 'inserted', entry, message: `${entries(entry, entry + rightful - 1)} inserted` };
  }
  const message = `the entries from ${entry} on were reordered: the original entry ${entry} is now entry ${found.id}`;
  return { kind: 'reordered', entry, message };
}

/** Returns the number of entries by which two neighbours were renumbered; 0 when no such number is found. */
function renumbered(row: AuditRow, next: AuditRow): number {
  for (let gap = 1; gap <= MAX_DIAGNOSED; gap += 1) if (follows(row.hash, next, next.id + gap)) return gap;
  return 0;
}

function follows(hash: string, row: AuditRow, id: number): boolean {
  return chainHash(hash, { ...row, id }) === row.hash;
}

function entries(first: number, last: number): string {
  return first === last ? `entry ${first} was` : `entries ${first} to ${last} were`;
}
