// Moves the rows of a table of an older version to what takes its place, in slices: each slice is one transaction of bounded size.

import type { Database } from 'better-sqlite3';
import { reasonOf } from '../../../../lib/log.ts';

/**
 * A table whose rows are moved. It keeps them until the last one is moved, and they are moved in the order of `order`: the number of
 * rows on the other side states how far a process came that was ended, so that there is no cursor that could disagree with the rows.
 */
export interface TableMove {
  /** The table of the older version. */
  readonly from: string;
  /** The table or view that has the same columns with the same values afterwards. */
  readonly to: string;
  /** A unique, indexed column of `from`: rows are moved in its order. */
  readonly order: string;
  /** A value below all that `order` has. */
  readonly lowest: string | number;
  /** A unique column by which `to` finds a row quickly. */
  readonly key: string;
  /** Columns without a limit on their size. */
  readonly content: readonly string[];
  /** Statements that write the rows whose `order` is above `@after`, through `@through`. */
  readonly write: readonly string[];
}

export interface MoveProgress {
  readonly done: number;
  readonly total: number;
}

/** Limits of a slice. One row is moved even if it is larger. */
export interface SliceLimits {
  readonly rows: number;
  readonly contentBytes: number;
}

/** Takes well below a second, so that a stop waits for no longer, and the write-ahead log stays short. */
const SLICE: SliceLimits = { rows: 5_000, contentBytes: 16 * 1024 * 1024 };

/** A row has no place in the tables of this version, or is not the same there. Its slice was rolled back. */
export class RowNotMoved extends Error {
  override readonly name = 'RowNotMoved';
}

/** Continues where an earlier process ended, at whatever moment that was. Yields after each slice. @throws {RowNotMoved | SqliteError} */
export function* moveRows(
  client: Database,
  moves: readonly TableMove[],
  limits: SliceLimits = SLICE,
): Generator<MoveProgress, void, void> {
  const slices = moves.map((move) => slicesOf(client, move, limits));
  const total = slices.reduce((sum, { rows }) => sum + rows, 0);
  let done = slices.reduce((sum, { moved }) => sum + moved, 0);
  yield { done, total };
  for (const { next } of slices) {
    for (let rows = next(); rows > 0; rows = next()) {
      done += rows;
      yield { done, total };
    }
  }
}

function slicesOf(client: Database, move: TableMove, limits: SliceLimits) {
  const { from, to, order, lowest } = move;
  const count = (table: string) => client.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
  const nth = client.prepare<[number], string | number>(
    `SELECT ${order} FROM ${from} ORDER BY ${order} LIMIT 1 OFFSET ?`,
  );
  const moved = count(to);
  let after = (moved === 0 ? undefined : nth.pluck().get(moved - 1)) ?? lowest;
  const find = client.prepare<[object], Slice>(sliceQuery(move));
  const write = move.write.map((sql) => client.prepare<[Range]>(sql));
  const check = prepareCheck(client, move);
  const slice = client.transaction((): Slice | null => {
    const found = find.get({ after, ...limits });
    if (found === undefined || found.through === null) return null;
    const range = { after, through: found.through };
    for (const statement of write) demandPlace(to, () => statement.run(range));
    // promise: moved-rows-are-compared
    check(range, found.rows);
    return found;
  });
  return {
    moved,
    rows: count(from),
    /** Returns the number of rows in the slice. */
    next: (): number => {
      const found = slice.immediate();
      // After the commit: a slice that was rolled back is repeated.
      after = found?.through ?? after;
      return found?.rows ?? 0;
    },
  };
}

function demandPlace(to: string, write: () => unknown): void {
  try {
    write();
  } catch (error) {
    const { code = '' } = error as { readonly code?: string };
    if (!code.startsWith('SQLITE_CONSTRAINT')) throw error;
    throw new RowNotMoved(`a row of ${to} has no place in the tables of this version (${reasonOf(error)})`, {
      cause: error,
    });
  }
}

interface Slice {
  readonly through: string | number | null;
  readonly rows: number;
}

/** `octet_length` reads no overflow page: it takes the length of a value from the head of the row. */
function sliceQuery({ from, order, content }: TableMove): string {
  const bytes = ['0', ...content.map((column) => `coalesce(octet_length(${column}), 0)`)].join(' + ');
  return `SELECT max(position) AS through, count(*) AS rows FROM (
      SELECT position, sum(bytes) OVER (ORDER BY position) - bytes AS before FROM (
        SELECT ${order} AS position, ${bytes} AS bytes FROM ${from} WHERE ${order} > @after ORDER BY ${order} LIMIT @rows
      )
    ) WHERE before < @contentBytes`;
}

interface Range {
  readonly after: string | number;
  readonly through: string | number;
}

/** Compares every column of the rows of a slice with what is read back. */
function prepareCheck(client: Database, { from, to, order, key }: TableMove): (range: Range, rows: number) => void {
  const columns = client
    .prepare<[string], string>('SELECT name FROM pragma_table_info(?)')
    .pluck()
    .all(from)
    .join(', ');
  const slice = `FROM ${from} WHERE ${order} > @after AND ${order} <= @through`;
  const moved = `FROM ${to} WHERE ${key} IN (SELECT ${key} ${slice})`;
  const differing = client.prepare<[Range], string | number>(
    `SELECT ${key} FROM (SELECT ${columns} ${slice} EXCEPT SELECT ${columns} ${moved}) LIMIT 1`,
  );
  const count = client.prepare<[Range], number>(`SELECT count(*) ${moved}`).pluck();
  return (range, rows) => {
    const different = differing.pluck().get(range);
    if (different !== undefined) throw new RowNotMoved(`${key} ${different} of ${to} is not the same after its move`);
    const found = count.get(range);
    if (found !== rows) throw new RowNotMoved(`${rows} rows of ${to} are ${found} after their move`);
  };
}
