// Takes rows off a statement a stretch at a time: neither many rows nor long ones are ever in memory together.

const MOST_ROWS = 500;
/** Payloads may be as long as a megabyte each. */
const MOST_CHARS = 1024 * 1024;

/** At most so many rows, and few if they are long; the statement is let go of before this returns. */
function stretchOf<R extends object>(rows: Iterable<R>): { readonly rows: R[]; readonly isCut: boolean } {
  const taken: R[] = [];
  let chars = 0;
  for (const row of rows) {
    taken.push(row);
    for (const value of Object.values(row)) if (typeof value === 'string') chars += value.length;
    // promise: export-in-batches
    if (taken.length >= MOST_ROWS || chars > MOST_CHARS) return { rows: taken, isCut: true };
  }
  return { rows: taken, isCut: false };
}

/** What is looked through, and what was found in it. */
export interface Batch<T> {
  readonly found: readonly T[];
  /** How many were looked at for it, as far as that is known. */
  readonly looked: number;
}

/**
 * All of a window, stretch by stretch.
 * @param read the rows from there on, or from the beginning of the window.
 */
export function* batchesOf<R extends object, T>(
  read: (behind: R | null) => Iterable<R>,
  made: (row: R) => T,
  size: number | null,
): Generator<Batch<T>, void, undefined> {
  let behind: R | null = null;
  for (;;) {
    const { rows, isCut }: { readonly rows: R[]; readonly isCut: boolean } = stretchOf(read(behind));
    yield { found: rows.map(made), looked: isCut ? 0 : (size ?? rows.length) };
    if (!isCut) return;
    behind = rows.at(-1) ?? null;
  }
}
