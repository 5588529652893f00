// Moves the rows of migration 0005: after its tables are there, and before a receiver uses the file.

import type { Database } from 'better-sqlite3';
import { type MoveProgress, moveRows, type SliceLimits, type TableMove } from './move-rows.ts';
import { NARROW_ROWS } from './narrow-rows.ts';
import { dropMoved, returnPages, withoutZeros } from './return-pages.ts';

/** Keys that apps choose are in no order: their index should fit. Negative: KiB. */
const CACHE_KIB = -128 * 1024;

/** Whether the file has tables of an older version, whose rows are to be moved. */
export function isMoveBegun(client: Database): boolean {
  return movesIn(client).length > 0;
}

/** Whether rows are still in tables of an older version. */
export function holdsOldRows(client: Database): boolean {
  return movesIn(client).some(({ from }) => client.prepare(`SELECT 1 FROM ${from} LIMIT 1`).get() !== undefined);
}

/** The rest of an upgrade, once the file has the tables of this version. Each part continues where it was ended, and yields after each slice. */
export interface DataMigration {
  /** @throws {RowNotMoved | SqliteError} with all rows where they were */
  moveRows(): Generator<MoveProgress, void, void>;
  /** Removes what was moved, and returns the space. @throws {Error} before that if rows are missing */
  removeMoved(): Generator<MoveProgress, void, void>;
}

export function dataMigration(client: Database, limits?: SliceLimits): DataMigration {
  return {
    moveRows: function* () {
      const moves = movesIn(client);
      if (moves.length === 0) return;
      // New rows fill their pages, so that the file grows less.
      const dropAll = client.transaction(() => {
        for (const move of moves) dropIndexes(client, move);
      });
      withoutZeros(client, dropAll);
      const cache = client.pragma('cache_size', { simple: true });
      client.pragma(`cache_size = ${CACHE_KIB}`);
      try {
        yield* moveRows(client, moves, limits);
      } finally {
        client.pragma(`cache_size = ${cache}`);
      }
    },
    removeMoved: function* () {
      const moves = movesIn(client);
      if (moves.length > 0) dropMoved(client, moves);
      yield* returnPages(client);
    },
  };
}

function movesIn(client: Database): readonly TableMove[] {
  const table = client.prepare<[string]>("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  return NARROW_ROWS.filter(({ from }) => table.get(from) !== undefined);
}

/** Keeps the index in whose order the rows are read. */
function dropIndexes(client: Database, { from, order }: TableMove): void {
  const names = client
    .prepare<[string, string], string>(
      `SELECT name FROM sqlite_schema AS s WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL
        AND (SELECT name FROM pragma_index_info(s.name) WHERE seqno = 0) <> ?`,
    )
    .pluck()
    .all(from, order);
  for (const name of names) client.exec(`DROP INDEX "${name}"`);
}
