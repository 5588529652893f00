// Counts in a table whose primary key is all columns but `count`. Counts of one transaction are written once, before its commit.

import type { Database } from 'better-sqlite3';
import type { CountKey } from '../../shared/rollup-keys.ts';

interface Added {
  readonly key: CountKey;
  times: number;
}

export function createCounter(client: Database, table: string, columns: readonly string[]) {
  const added = new Map<string, Added>();
  const holes = columns.map(() => '?').join(', ');
  const add = client.prepare<unknown[]>(
    `INSERT INTO ${table} (${columns.join(', ')}, count) VALUES (${holes}, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count`,
  );
  const dropEmpty = client.prepare<unknown[]>(
    `DELETE FROM ${table} WHERE ${columns.map((column) => `${column} = ?`).join(' AND ')} AND count <= 0`,
  );
  return {
    /** Adds `times`, which may be negative, to the row of the key, in the order of the columns. */
    add: (key: CountKey, times: number): void => {
      const name = key.join('\n');
      const known = added.get(name);
      if (known === undefined) added.set(name, { key, times });
      else known.times += times;
    },
    /** Writes what was added since. Runs inside a transaction. */
    flush: (): void => {
      for (const { key, times } of added.values()) {
        if (times !== 0) add.run(...key, times);
        if (times < 0) dropEmpty.run(...key);
      }
      added.clear();
    },
    /** Drops what was added since: the transaction was rolled back. */
    discard: (): void => added.clear(),
  };
}
