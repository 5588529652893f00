// The mark of a database that was made from exports: for inspection only.

import type { Database } from 'better-sqlite3';
import { IS_MARK } from '../file/move/mark.ts';

/** Returns true for a file with imported rows: it may lack rows that were not exported, and no receiver starts on it. */
export function isImported(client: Database): boolean {
  const table = client.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'imports'").get();
  return (
    table !== undefined && client.prepare(`SELECT 1 FROM imports WHERE NOT ${IS_MARK} LIMIT 1`).get() !== undefined
  );
}
