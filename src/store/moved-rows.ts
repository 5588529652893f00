// Rows as they are moved between a SQLite file and a PostgreSQL database, by the names of PostgreSQL's tables and columns.

/** Times in milliseconds, codes of words, bytes as buffers. */
export type MovedRow = Readonly<Record<string, unknown>>;

export interface MovedTable {
  /** The name of the table in PostgreSQL. */
  readonly name: string;
  count(): number | Promise<number>;
  /** Reads the rows one by one. */
  rows(): Iterable<MovedRow> | AsyncIterable<MovedRow>;
}
