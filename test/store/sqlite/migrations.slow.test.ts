// The migrations: they are what the schema says, and none of them can lose data on its way.

import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const HOME = fileURLToPath(new URL('../../..', import.meta.url));
const DRIZZLE_KIT = join(dirname(createRequire(import.meta.url).resolve('drizzle-kit')), 'bin.cjs');

// A rebuild runs inside the migrator's transaction with foreign keys on: rows, cascades and triggers are lost silently.
const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  'a table that is rebuilt': /__new_/i,
  'a table that is dropped': /\bDROP\s+TABLE\b/i,
  'a cascade': /\bCASCADE\b/i,
  'foreign keys switched, which does nothing inside a transaction': /\bPRAGMA\s+\w*foreign_keys\b/i,
  'a table that is not STRICT': /\bCREATE\s+TABLE\b(?![^;]*\)\s*(WITHOUT\s+ROWID\s*,\s*)?STRICT\b)/i,
};

function faultsIn(sql: string): string[] {
  const statements = sql.replace(/--.*$/gm, '');
  return Object.keys(FORBIDDEN).filter((fault) => FORBIDDEN[fault]?.test(statements));
}

const files = readdirSync(join(HOME, 'migrations')).filter((name) => name.endsWith('.sql'));
const { entries } = JSON.parse(readFileSync(join(HOME, 'migrations/meta/_journal.json'), 'utf8')) as {
  entries: { idx: number; tag: string; when: number }[];
};

describe('no migration loses data', () => {
  test.for(files)('%s has nothing that is forbidden', (name) => {
    expect(faultsIn(readFileSync(join(HOME, 'migrations', name), 'utf8'))).toEqual([]);
  });

  test('what is forbidden would be found', () => {
    const rebuild = 'PRAGMA foreign_keys=OFF;\nCREATE TABLE `__new_a` (`id` integer);\nDROP TABLE `a`;';
    expect(faultsIn(rebuild)).toEqual(Object.keys(FORBIDDEN).filter((fault) => fault !== 'a cascade'));
    expect(faultsIn('ALTER TABLE `a` ADD `b` text REFERENCES c(id) ON DELETE cascade;')).toEqual(['a cascade']);
    expect(faultsIn('CREATE TABLE `a` (`id` integer CHECK (id > 0)) STRICT;\n-- DROP TABLE `a`;')).toEqual([]);
  });

  test('the journal names each file once, in order of number and of time: the migrator skips what is older than the last', () => {
    expect(entries.map(({ tag }) => `${tag}.sql`)).toEqual(files.toSorted());
    expect(entries.map(({ idx }) => idx)).toEqual(entries.map((_, index) => index));
    const times = entries.map(({ when }) => when);
    expect(times).toEqual([...new Set(times)].toSorted((one, other) => one - other));
  });
});

describe('the migrations are what the schema says', () => {
  let copy: string;
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'migrations-'));
    for (const name of ['migrations', 'src', 'drizzle.config.ts', 'package.json']) {
      cpSync(join(HOME, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(HOME, 'node_modules'), join(copy, 'node_modules'));
  });
  afterEach(() => rmSync(copy, { recursive: true }));

  function generate(): string[] {
    execFileSync(process.execPath, [DRIZZLE_KIT, 'generate'], { cwd: copy, stdio: 'pipe', timeout: 60_000 });
    return readdirSync(join(copy, 'migrations')).filter((name) => name.endsWith('.sql') && !files.includes(name));
  }

  test('nothing is left to generate', () => {
    expect(generate()).toEqual([]);
  });

  test('a schema change without a generated migration is detected', () => {
    const table = `\nimport { sqliteTable as another, text as column } from 'drizzle-orm/sqlite-core';\nexport const more = another('more', { id: column().primaryKey() });\n`;
    appendFileSync(join(copy, 'src/store/sqlite/schema.ts'), table);
    expect(generate()).toHaveLength(1);
  });
});
