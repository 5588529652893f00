// Reads the rows of a statement in batches that are bounded by their number and by their size in memory.

import type { Batch } from '../../reader-port.ts';

const MAX_ROWS = 500;
/** A single payload may have a megabyte. */
const MAX_CHARS = 1024 * 1024;

/** Reads one batch, and resets the statement before it returns. */
function readBatch<R extends object>(rows: Iterable<R>): { readonly rows: R[]; readonly isCut: boolean } {
  const taken: R[] = [];
  let chars = 0;
  for (const row of rows) {
    taken.push(row);
    for (const value of Object.values(row)) if (typeof value === 'string') chars += value.length;
    // promise: export-in-batches
    if (taken.length >= MAX_ROWS || chars > MAX_CHARS) return { rows: taken, isCut: true };
  }
  return { rows: taken, isCut: false };
}

/**
 * Yields the rows of a window in batches.
 * @param read returns the rows behind a row, or all rows of the window.
 * @param size the number of rows that the window scans; null: the number of rows that it returns.
 */
export function* batchesOf<R extends object, T>(
  read: (behind: R | null) => Iterable<R>,
  convert: (row: R) => T,
  size: number | null,
): Generator<Batch<T>, void, undefined> {
  let behind: R | null = null;
  for (;;) {
    const { rows, isCut }: { readonly rows: R[]; readonly isCut: boolean } = readBatch(read(behind));
    yield { found: rows.map(convert), scanned: isCut ? 0 : (size ?? rows.length) };
    if (!isCut) return;
    behind = rows.at(-1) ?? null;
  }
}
