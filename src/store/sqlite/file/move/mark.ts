// The mark of a file whose content was moved to a PostgreSQL database: no receiver starts on the file, so that none continues there.
//
// The mark is a row of `imports`. Earlier versions of the receiver, too, do not start on a file that has one.

import type { Database } from 'better-sqlite3';
import type { AuditHead } from '../../../port.ts';

export interface MoveMark {
  /** The URL of the database, without user and password. */
  readonly url: string;
  /** The hash of the newest audit entry. */
  readonly hash: string;
  /** ISO 8601. */
  readonly movedAt: string;
}

/** Matches the column `file` of a mark. The name of an export does not begin like this. */
export const IS_MARK = `file LIKE 'postgres://%'`;

const HAS_TABLE = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'imports'";

/** Returns the mark; null for a file that was not moved. */
export function readMoveMark(client: Database): MoveMark | null {
  if (client.prepare(HAS_TABLE).get() === undefined) return null;
  const statement = `SELECT file AS url, sha256 AS hash, imported_at AS movedAt FROM imports WHERE ${IS_MARK}`;
  return client.prepare<[], MoveMark>(statement).get() ?? null;
}

/** Marks the file, also one that has a mark. */
export function markMoved(client: Database, url: string, head: AuditHead, now: string): void {
  client.transaction(() => {
    removeMoveMark(client);
    const insert = 'INSERT INTO imports (file, sha256, rows, imported_at) VALUES (?, ?, ?, ?)';
    client.prepare<[string, string, number, string]>(insert).run(url, head.hash, head.id, now);
  })();
}

export function removeMoveMark(client: Database): void {
  client.prepare(`DELETE FROM imports WHERE ${IS_MARK}`).run();
}

/** The message of a start on a marked file. */
export function movedMessage(file: string, { url, movedAt }: MoveMark): string {
  return `${file} was moved to ${url} at ${movedAt}: set DATABASE_URL to that database and remove DATABASE_PATH. If the move was interrupted, run it again, or end it with "move --cancel"`;
}
