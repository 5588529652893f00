// Compares the views of a file and of a PostgreSQL database: after the same events they show the same rows.

import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { TYPES } from '../../../src/store/postgres/connection/connect.ts';
import { storable } from '../../../src/store/postgres/storable-json.ts';
import { withClient } from './databases.ts';

/** Ages, which depend on the moment of the query. */
const AGES: ReadonlySet<string> = new Set(['age_seconds', 'oldest_seconds']);

/** Rows as text that PostgreSQL can store, in an order that both databases share, with their columns. */
function comparable(rows: readonly unknown[]): string[] {
  return rows
    .map((row) => Object.entries(row as object).filter(([name]) => !AGES.has(name)))
    .map((columns) => JSON.stringify(columns, (_name, value) => (typeof value === 'string' ? storable(value) : value)))
    .toSorted();
}

export async function expectSameViews({ url, path }: { url: string; path: string }): Promise<void> {
  const file = new Database(path, { readonly: true });
  const views = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'view'").pluck().all() as string[];
  const names = [...views, 'notifications', 'operator_activity', 'unknown_status_words', 'audit_checkpoint'];
  expect(names).toHaveLength(16);
  for (const view of names) {
    const expected = comparable(file.prepare(`SELECT * FROM ${view}`).all());
    const query = { text: `SELECT * FROM ${view}`, types: TYPES };
    const { rows } = await withClient(url, (client) => client.query(query));
    expect([view, ...comparable(rows)]).toEqual([view, ...expected]);
  }
  file.close();
}
