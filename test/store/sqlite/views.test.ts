// The views: tools read a declared type for each column, and SQLite 3.37, the first with STRICT tables, can read the schema.

import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openStore } from '../../cli/harness.ts';
import { live } from '../../support/lives.ts';
import { START } from '../../support/manual-world.ts';

async function withExecutions(): Promise<Database.Database> {
  const { store, path } = openStore();
  for (const life of ['callback', 'poll', 'timeout', 'late', 'called-back-later', 'pending', 'queued'] as const) {
    await live(store, life, START, { correlationId: life });
  }
  await store.close();
  return new Database(path, { readonly: true });
}

const TYPEOF: Readonly<Record<string, string>> = { INT: 'integer', INTEGER: 'integer', REAL: 'real', TEXT: 'text' };

test('each column of a view has a declared type, and its values have that type', async () => {
  const client = await withExecutions();
  const views = client.prepare("SELECT name FROM sqlite_schema WHERE type = 'view'").pluck().all() as string[];
  expect(views).toHaveLength(12);
  const wrong: string[] = [];
  let values = 0;
  for (const view of views) {
    for (const { name, type } of client.pragma(`table_info(${view})`) as { name: string; type: string }[]) {
      const found = client.prepare(`SELECT DISTINCT typeof("${name}") FROM "${view}"`).pluck().all() as string[];
      values += found.length;
      for (const one of found) {
        if (one !== 'null' && one !== TYPEOF[type]) wrong.push(`${view}.${name}: ${type}, but ${one}`);
      }
      if (TYPEOF[type] === undefined) wrong.push(`${view}.${name}: no type`);
    }
  }
  client.close();
  expect(wrong).toEqual([]);
  expect(values).toBeGreaterThan(50);
});

test('the schema has no syntax that SQLite 3.37 does not know: one such view makes the whole file unreadable', async () => {
  const client = await withExecutions();
  const objects = client.prepare('SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL').all();
  client.close();
  const newer =
    /->|\bIS\s+(NOT\s+)?DISTINCT\s+FROM\b|\b(unixepoch|octet_length|format|concat|string_agg|timediff)\s*\(/i;
  const found = (objects as { name: string; sql: string }[]).filter(({ sql }) => newer.test(sql));
  expect(found.map(({ name }) => name)).toEqual([]);
});
