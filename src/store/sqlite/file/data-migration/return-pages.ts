// Removes the tables of an older version once their rows are moved, and returns their pages to the file system in slices.

import type { Database } from 'better-sqlite3';
import { INCREMENTAL_VACUUM } from '../../retention/incremental-vacuum.ts';
import type { MoveProgress, TableMove } from './move-rows.ts';

/** PRAGMA user_version of a file whose free pages hold the rows of removed tables. */
const UNRETURNED = 2;

/** Pages that are returned in one transaction. */
const SLICE_PAGES = 4_000;

/**
 * Removes the tables of the older version. @throws {Error} if one has rows that were not moved; nothing is removed then.
 */
export function dropMoved(client: Database, moves: readonly TableMove[]): void {
  const count = (table: string) => client.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
  const drop = client.transaction(() => {
    for (const { from, to } of moves) {
      const [before, after] = [count(from), count(to)];
      // promise: old-rows-stay-until-moved
      if (before !== after) throw new Error(`${to} had ${before} rows and has ${after}`);
      client.exec(`DROP TABLE ${from}`);
    }
    client.pragma(`user_version = ${canReturnPages(client) ? UNRETURNED : 0}`);
  });
  withoutZeros(client, () => drop.immediate());
}

/**
 * Runs work that frees many pages at once. Zeros in each of them would make its transaction as large as the file. Pages that are
 * returned afterwards need none; a file that cannot return pages gets them.
 */
export function withoutZeros(client: Database, work: () => void): void {
  const before = String(client.pragma('secure_delete', { simple: true }));
  if (canReturnPages(client)) client.pragma('secure_delete = FAST');
  try {
    work();
  } finally {
    client.pragma(`secure_delete = ${before}`);
  }
}

export function hasUnreturnedPages(client: Database): boolean {
  return client.pragma('user_version', { simple: true }) === UNRETURNED;
}

/** Yields after each slice. */
export function* returnPages(client: Database): Generator<MoveProgress, void, void> {
  if (!hasUnreturnedPages(client)) return;
  const free = () => Number(client.pragma('freelist_count', { simple: true }));
  const total = free();
  for (let left = total; left > 0; left = free()) {
    yield { done: total - left, total };
    client.pragma(`incremental_vacuum(${SLICE_PAGES})`);
  }
  client.pragma('user_version = 0');
  yield { done: total, total };
}

/** A file from before version 0002 keeps its free pages for later rows. */
export function canReturnPages(client: Database): boolean {
  return client.pragma('auto_vacuum', { simple: true }) === INCREMENTAL_VACUUM;
}
