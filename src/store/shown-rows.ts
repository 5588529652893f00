// What a database shows of its rows: digests, by which a moved database is compared with its source.

export interface ShownRow {
  readonly key: string | number;
  /** Hex SHA-256 of the columns. */
  readonly digest: string;
}

export interface ShownQuery {
  readonly view: string;
  readonly key: string;
  readonly columns: readonly string[];
  /** The last key of the page before; null: from the beginning. */
  readonly after: string | number | null;
  readonly limit: number;
}

export interface Shown {
  columns(view: string): Promise<readonly string[]>;
  /** Rows in the order of their keys, texts by their bytes. */
  rows(query: ShownQuery): Promise<readonly ShownRow[]>;
  count(statement: string): Promise<number>;
}

/** Stands for NULL, which differs from every text. */
export const NULL_MARK = '\u001e';
export const SEPARATOR = '\u001f';
