// Sets what a promise depends on, and makes sure that SQLite has accepted it.

import type { Database } from 'better-sqlite3';
import { DatabaseRefused } from '../../shared/database-refused.ts';

/** @throws {DatabaseRefused} if the setting has another value afterwards. */
export function setAndReadBack(client: Database, name: string, value: string, expected: unknown): void {
  client.pragma(`${name} = ${value}`);
  const actual = client.pragma(name, { simple: true });
  if (actual !== expected) throw new DatabaseRefused(`PRAGMA ${name} is ${String(actual)}, it must be ${value}`);
}
