// Rows move in slices of bounded size, each with its check, and what was moved is removed only when nothing is missing.

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  moveRows,
  RowNotMoved,
  type TableMove,
} from '../../../../../src/store/sqlite/file/data-migration/move-rows.ts';
import { dropMoved, returnPages } from '../../../../../src/store/sqlite/file/data-migration/return-pages.ts';
import { temporaryFolder } from '../../../../support/temporary.ts';

const LETTERS: TableMove = {
  from: 'letters_old',
  to: 'letters',
  order: 'sent',
  lowest: '',
  key: 'name',
  content: ['text'],
  write: [
    'INSERT INTO heads (id, name, sent) SELECT rowid, name, sent FROM letters_old WHERE sent > @after AND sent <= @through',
    'INSERT INTO texts (id, text) SELECT rowid, text FROM letters_old WHERE sent > @after AND sent <= @through AND text IS NOT NULL',
  ],
};

interface Filling {
  readonly rows?: number;
  /** Of the text of one row. */
  readonly bytes?: (row: number) => number;
  readonly autoVacuum?: 'NONE' | 'INCREMENTAL';
}

function opened({ rows = 7, bytes = () => 10, autoVacuum = 'INCREMENTAL' }: Filling = {}): Database.Database {
  const client = new Database(join(temporaryFolder(), 'letters.db'));
  onTestFinished(() => void client.close());
  client.pragma(`auto_vacuum = ${autoVacuum}`);
  client.exec('VACUUM');
  client.pragma('journal_mode = WAL');
  client.pragma('secure_delete = ON');
  client.exec(`CREATE TABLE letters_old (name TEXT PRIMARY KEY, sent TEXT NOT NULL UNIQUE, text TEXT) STRICT;
    CREATE TABLE heads (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, sent TEXT NOT NULL) STRICT;
    CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
    CREATE VIEW letters AS SELECT name, sent, (SELECT text FROM texts WHERE texts.id = heads.id) AS text FROM heads`);
  const insert = client.prepare('INSERT INTO letters_old VALUES (?, ?, ?)');
  for (let row = 0; row < rows; row += 1) {
    // Not in the order of the names.
    const text = row % 5 === 4 ? null : 'x'.repeat(bytes(row));
    insert.run(`letter ${(row * 7) % 101}-${row}`, `2026-01-01 ${String(row).padStart(4, '0')}`, text);
  }
  return client;
}

const all = (client: Database.Database, table: string) => client.prepare(`SELECT * FROM ${table} ORDER BY sent`).all();
const userVersion = (client: Database.Database) => client.pragma('user_version', { simple: true });
const SMALL = { rows: 3, contentBytes: 1_000_000 };

describe('the rows of a table', () => {
  test('move in slices, and the progress after each is reported', () => {
    const client = opened();
    expect([...moveRows(client, [LETTERS], SMALL)]).toEqual([
      { done: 0, total: 7 },
      { done: 3, total: 7 },
      { done: 6, total: 7 },
      { done: 7, total: 7 },
    ]);
    expect(all(client, 'letters')).toEqual(all(client, 'letters_old'));
  });

  test('move in slices of bounded content, and a larger row has a slice of its own', () => {
    const client = opened({ rows: 6, bytes: (row) => (row === 2 ? 5_000 : 400) });
    const done = [...moveRows(client, [LETTERS], { rows: 100, contentBytes: 1_000 })].map((progress) => progress.done);
    expect(done).toEqual([0, 3, 6]);
  });

  test.each([1, 2, 3])('continue where a process ended after %i slices', (slices) => {
    const client = opened();
    const first = moveRows(client, [LETTERS], SMALL);
    for (let i = 0; i <= slices; i += 1) first.next();
    const rest = [...moveRows(client, [LETTERS], SMALL)];
    expect(rest[0]).toEqual({ done: Math.min(7, 3 * slices), total: 7 });
    expect(all(client, 'letters')).toEqual(all(client, 'letters_old'));
  });

  test('continue from one table to the next', () => {
    const client = opened();
    client.exec(`CREATE TABLE notes_old (name TEXT NOT NULL, sent INTEGER PRIMARY KEY) STRICT;
      INSERT INTO notes_old VALUES ('a', -5), ('b', 0), ('c', 9);
      CREATE TABLE notes (name TEXT NOT NULL, sent INTEGER PRIMARY KEY) STRICT`);
    const notes: TableMove = {
      ...{ from: 'notes_old', to: 'notes', order: 'sent', lowest: Number.MIN_SAFE_INTEGER, key: 'sent', content: [] },
      write: ['INSERT INTO notes SELECT name, sent FROM notes_old WHERE sent > @after AND sent <= @through'],
    };
    const first = moveRows(client, [LETTERS, notes], { ...SMALL, rows: 2 });
    for (let i = 0; i < 6; i += 1) first.next();
    expect([...moveRows(client, [LETTERS, notes], { ...SMALL, rows: 2 })]).toEqual([
      { done: 9, total: 10 },
      { done: 10, total: 10 },
    ]);
    expect(all(client, 'notes')).toEqual(all(client, 'notes_old'));
  });

  test.each([
    ['a changed value', "UPDATE texts SET text = 'y' WHERE id = NEW.id"],
    ['a value that is gone', 'DELETE FROM texts WHERE id = NEW.id'],
    ['a row that is gone', 'DELETE FROM heads WHERE id = NEW.id'],
  ])('stop at %s, which stays in its old table', (_, damage) => {
    const client = opened();
    client.exec(`CREATE TRIGGER damage AFTER INSERT ON texts WHEN NEW.id = 6 BEGIN ${damage}; END`);
    const move = moveRows(client, [LETTERS], { ...SMALL, rows: 2 });
    for (let i = 0; i < 3; i += 1) move.next();
    expect(() => move.next()).toThrow(RowNotMoved);
    expect(all(client, 'letters')).toEqual(all(client, 'letters_old').slice(0, 4));
    expect(() => dropMoved(client, [LETTERS])).toThrow('letters had 7 rows and has 4');
    expect(all(client, 'letters_old')).toHaveLength(7);
  });

  test('stop at a row that has no place in the new table', () => {
    const client = opened();
    client.exec(
      "CREATE TRIGGER no_place BEFORE INSERT ON heads WHEN NEW.id = 2 BEGIN SELECT RAISE(ABORT, 'too long'); END",
    );
    expect(() => [...moveRows(client, [LETTERS])]).toThrow(/a row of letters has no place.*too long/);
  });
});

describe('what was moved', () => {
  test('is removed, and its space returned in slices, which continue after an end of the process', () => {
    const client = opened({ rows: 3_000, bytes: () => 8_000 });
    for (const _ of moveRows(client, [LETTERS]));
    const before = Number(client.pragma('page_count', { simple: true }));
    dropMoved(client, [LETTERS]);
    expect(client.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'letters_old'").get()).toBeUndefined();
    const first = returnPages(client);
    first.next();
    first.next();
    expect(client.pragma('freelist_count', { simple: true })).not.toBe(0);
    const rest = [...returnPages(client)];
    expect(rest.at(-1)?.done).toBe(rest.at(-1)?.total);
    expect(client.pragma('freelist_count', { simple: true })).toBe(0);
    expect(Number(client.pragma('page_count', { simple: true }))).toBeLessThan(0.6 * before);
    expect(userVersion(client)).toBe(0);
    expect([...returnPages(client)]).toEqual([]);
    expect(client.pragma('integrity_check', { simple: true })).toBe('ok');
  });

  test('leaves no content in the free pages of a file that cannot return them', () => {
    const client = opened({ autoVacuum: 'NONE', bytes: () => 20_000 });
    for (const _ of moveRows(client, [LETTERS]));
    client.exec('DELETE FROM texts');
    dropMoved(client, [LETTERS]);
    client.pragma('wal_checkpoint(TRUNCATE)');
    expect(client.serialize().includes('x'.repeat(1_000))).toBe(false);
    expect(userVersion(client)).toBe(0);
  });
});
