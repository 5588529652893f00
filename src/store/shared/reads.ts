// Statements that read, in the SQL that both databases understand: `$1` is the first value, and names in camel case have quotes.

export interface Reads {
  /** @throws {StoreUnavailable} while the database cannot be read. */
  all<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  first<Row>(text: string, values?: readonly unknown[]): Promise<Row | undefined>;
}

/** Returns the reads of a connection, by the function that runs its statements. */
export function readsThrough(all: (text: string, values: readonly unknown[]) => Promise<unknown[]>): Reads {
  return {
    all: (text, values = []) => all(text, values) as Promise<never[]>,
    first: async (text, values = []) => (await all(text, values))[0] as never,
  };
}
