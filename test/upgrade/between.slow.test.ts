// An upgrade that a version in between has begun, and that was ended there, is continued by this version.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { backUp } from '../../src/store/sqlite/file/backup.ts';
import { dataMigration } from '../../src/store/sqlite/file/data-migration/data-migration.ts';
import { drizzle, migrate } from '../../src/store/sqlite/file/drizzle.ts';
import { UNVERIFIED } from '../../src/store/sqlite/file/open.ts';
import { MIGRATIONS } from '../../src/store/sqlite/file/schema-version.ts';
import { temporaryFolder } from '../support/temporary.ts';
import {
  contents,
  filesBeside,
  findings,
  generation,
  OLDER,
  SLICE,
  upgrade,
  WITH_WIDE_ROWS,
  writtenBy,
} from './written.ts';

const OLD = WITH_WIDE_ROWS.at(-1) ?? '';
const BETWEEN = OLDER.filter((version) => version > OLD);

/** The migrations that a version had. */
function migrationsOf(version: string): string {
  const folder = temporaryFolder();
  cpSync(MIGRATIONS, folder, { recursive: true });
  const path = join(folder, 'meta/_journal.json');
  const journal = JSON.parse(readFileSync(path, 'utf8')) as { readonly entries: readonly { readonly tag: string }[] };
  const entries = journal.entries.filter(({ tag }) => tag.slice(0, 4) <= version);
  writeFileSync(path, JSON.stringify({ ...journal, entries }));
  return folder;
}

/** A file to which a version has given its tables, and a part of the rows. */
function begunBy(version: string): string {
  const path = writtenBy(OLD);
  const client = new Database(path);
  client.pragma(`user_version = ${UNVERIFIED}`);
  migrate(drizzle(client), { migrationsFolder: migrationsOf(version) });
  const rows = dataMigration(client, SLICE).moveRows();
  for (let slices = 0; slices < 3; slices += 1) expect(rows.next().done).toBe(false);
  rows.return();
  client.close();
  return path;
}

test('there are versions in between', () => {
  expect(BETWEEN.length).toBeGreaterThan(3);
});

describe.each(BETWEEN)('an upgrade that the version of %s has begun', (version) => {
  test('is continued with all rows, and without a copy of a half', () => {
    const path = begunBy(version);
    upgrade(path);
    expect(contents(path)).toEqual(contents(writtenBy(OLD)));
    expect(generation(path)).toEqual({ age: 'current' });
    expect(findings(path)).toEqual([]);
    expect(filesBeside(path)).toEqual([]);
  });

  test('is not read or copied before', () => {
    const path = begunBy(version);
    expect(() => contents(path)).toThrow('in the middle of its upgrade');
    expect(() => backUp(path, join(temporaryFolder(), 'backup.db'))).toThrow('in the middle of its upgrade');
  });
});

test('pages that a version in between has not returned are returned, because they hold the rows that it removed', () => {
  const path = begunBy('0006');
  const client = new Database(path);
  for (const _ of dataMigration(client, SLICE).moveRows());
  // It ends the upgrade after the first slice of pages.
  const removing = dataMigration(client).removeMoved();
  removing.next();
  const free = () => Number(client.pragma('freelist_count', { simple: true }));
  expect(free()).toBeGreaterThan(0);
  client.close();
  upgrade(path);
  const after = new Database(path, { readonly: true });
  expect(after.pragma('user_version', { simple: true })).toBe(0);
  expect(after.pragma('freelist_count', { simple: true })).toBe(0);
  after.close();
});
