// Statements that read, in the SQL that both databases understand: `$1` is the first value, and names in camel case have quotes.

export interface Reads {
  /** With a name PostgreSQL keeps the plan of the statement. @throws {StoreUnavailable} while the database cannot be read. */
  all<Row>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]>;
  first<Row>(text: string, values?: readonly unknown[], name?: string): Promise<Row | undefined>;
}

/** Returns the reads of a connection, by the function that runs its statements. */
export function readsThrough(
  all: (text: string, values: readonly unknown[], name?: string) => Promise<unknown[]>,
): Reads {
  return {
    all: (text, values = [], name) => all(text, values, name) as Promise<never[]>,
    first: async (text, values = [], name) => (await all(text, values, name))[0] as never,
  };
}
