// Rows that each submission and each audit entry appends: those of one transaction are inserted together, many with one statement.
// A statement for each row opens cursors, seeks the end of each index and saves each page for a rollback, row by row.

import type { Database, Statement } from 'better-sqlite3';
import type { Writer } from '../group-commit.ts';

/** Rows of one statement, the most first. */
const SIZES = [16, 4, 1] as const;

export interface AppendedTable {
  /** Appends a row: at once, or with others while work is collected. */
  add(row: readonly unknown[]): void;
  /** Returns the number of rows that wait. */
  waiting(): number;
}

export type AppendedRows = ReturnType<typeof createAppendedRows>;

export function createAppendedRows(client: Database) {
  const tables: { readonly write: () => void; readonly discard: () => void }[] = [];
  let isCollecting = false;

  const write = () => {
    for (const table of tables) table.write();
  };

  return {
    /** `columns` and `holes` are lists in parentheses. Tables are written in the order of their definition. */
    table: (name: string, columns: string, holes: string): AppendedTable => {
      const insert = SIZES.map((size) => {
        const rows = Array(size).fill(holes).join(', ');
        return { size, statement: client.prepare<unknown[]>(`INSERT INTO ${name} ${columns} VALUES ${rows}`) };
      });
      /** The values of the rows that wait, one row after the other. */
      let values: unknown[] = [];
      let waiting = 0;
      const take = () => {
        const taken = { values, rows: waiting };
        [values, waiting] = [[], 0];
        return taken;
      };
      tables.push({
        write: () => {
          if (waiting > 0) insertAll(insert, take());
        },
        discard: take,
      });
      return {
        add: (row) => {
          values.push(...row);
          waiting += 1;
          // promise: only-collected-rows-wait
          if (!isCollecting) write();
        },
        waiting: () => waiting,
      };
    },
    /** Runs work whose rows may wait until they are written with others. It must not read them, nor those that wait. */
    collect: <T>(work: () => T): T => {
      isCollecting = true;
      try {
        return work();
      } finally {
        isCollecting = false;
      }
    },
    /** Inserts the rows that wait. */
    write,
    /** Drops the rows that wait: the transaction was rolled back. */
    discard: (): void => {
      for (const table of tables) table.discard();
    },
  };
}

interface Insertion {
  readonly size: number;
  readonly statement: Statement<unknown[]>;
}

interface TakenRows {
  readonly values: readonly unknown[];
  readonly rows: number;
}

function insertAll(insertions: readonly Insertion[], { values, rows }: TakenRows): void {
  const width = values.length / rows;
  let from = 0;
  for (const { size, statement } of insertions) {
    for (; rows - from >= size; from += size) statement.run(...values.slice(from * width, (from + size) * width));
  }
}

/** Returns a writer whose mutations may read all rows: those that wait are written before each. */
export function afterWrittenRows<C>(
  writer: Pick<Writer<C>, 'mutate' | 'close'>,
  rows: Pick<AppendedRows, 'write'>,
): Pick<Writer<C>, 'mutate' | 'close'> {
  return {
    close: writer.close,
    mutate: (work, options) =>
      writer.mutate(() => {
        // promise: mutations-see-collected-rows
        rows.write();
        return work();
      }, options),
  };
}
