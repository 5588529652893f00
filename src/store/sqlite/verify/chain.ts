// Whether each entry follows from the one before it, and if not, what was done to the trail there.

import { chainHash } from '../audit/hash-chain.ts';
import type { AuditRow } from '../rows.ts';
import type { Finding } from './findings.ts';

/** A place in the chain: what the next entry builds on. */
export interface ChainLink {
  readonly id: number;
  readonly hash: string;
}

export interface ChainCheck {
  /** Takes the next entry; null when it holds. */
  entry(row: AuditRow): Finding | null;
  /** The trail was pruned through here: what is behind it cannot be checked any more. True when that skips anything. */
  skipTo(checkpoint: ChainLink): boolean;
  /** The last entry that holds. */
  link(): ChainLink;
}

/** So many entries behind a break are looked at to tell what happened. */
const WINDOW = 1_000;

type ReadAfter = (id: number, limit: number) => readonly AuditRow[];

export function createChainCheck(start: ChainLink, readAfter: ReadAfter): ChainCheck {
  let link = start;
  return {
    entry: (row) => {
      if (row.id !== link.id + 1 || chainHash(link.hash, row) !== row.hash) {
        return diagnose(link, readAfter(link.id, WINDOW));
      }
      link = { id: row.id, hash: row.hash };
      return null;
    },
    skipTo: (checkpoint) => {
      if (checkpoint.id <= link.id) return false;
      link = checkpoint;
      return true;
    },
    link: () => link,
  };
}

/** @param rows what stands behind the last entry that holds; the first of them does not follow from it. */
function diagnose(link: ChainLink, rows: readonly AuditRow[]): Finding {
  const [row, next] = rows as [AuditRow, AuditRow?];
  const entry = link.id + 1;
  if (row.id > entry) return { kind: 'removed', entry, message: `${entries(entry, row.id - 1)} removed` };
  const rightful = rows.findIndex((candidate, index) => index > 0 && follows(link.hash, candidate, entry));
  if (rightful > 0) return displaced(entry, rows, rightful);
  const gap = next === undefined ? 0 : renumbered(row, next);
  if (gap > 0) {
    const lost = gap === 1 ? 'an entry was' : `${gap} entries were`;
    return { kind: 'removed', entry, message: `${lost} removed before entry ${entry}, and the rest numbered anew` };
  }
  const before = link.id > 0 ? ` (or entry ${link.id} was, and given a fresh hash)` : '';
  return { kind: 'altered', entry, message: `entry ${entry} was altered${before}: its hash does not hold` };
}

/** The entry that belongs here stands further on: others were put in front of it, or it was moved. */
function displaced(entry: number, rows: readonly AuditRow[], rightful: number): Finding {
  const found = rows[rightful] as AuditRow;
  const after = rows[rightful + 1];
  if (after === undefined || follows(found.hash, after, entry + 1)) {
    return { kind: 'inserted', entry, message: `${entries(entry, entry + rightful - 1)} inserted` };
  }
  const message = `the entries from ${entry} on were reordered: what belongs there stands as entry ${found.id}`;
  return { kind: 'reordered', entry, message };
}

/** By how much two neighbours were numbered down; 0 when they were not, as far as can be told. */
function renumbered(row: AuditRow, next: AuditRow): number {
  for (let gap = 1; gap <= WINDOW; gap += 1) if (follows(row.hash, next, next.id + gap)) return gap;
  return 0;
}

function follows(hash: string, row: AuditRow, id: number): boolean {
  return chainHash(hash, { ...row, id }) === row.hash;
}

function entries(first: number, last: number): string {
  return first === last ? `entry ${first} was` : `entries ${first} to ${last} were`;
}
