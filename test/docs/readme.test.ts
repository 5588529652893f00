// What the README says can be done, can be done.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { VARIABLES } from '../../src/config/variables.ts';
import { AUDIT_EVENTS } from '../../src/execution/event.ts';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { temporaryFolder } from '../support/temporary.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('every SQL recipe runs as it stands', () => {
  const path = join(temporaryFolder(), 'receiver.db');
  openDatabase(path).close();
  const sql = new Database(path, { readonly: true });
  const recipes = [...README.matchAll(/```sql\n(.*?)```/gs)].flatMap(([, block = '']) =>
    block.split(';').filter((statement) => statement.trim() !== ''),
  );
  expect(recipes.length).toBeGreaterThan(7);
  for (const recipe of recipes) expect(() => sql.prepare(recipe).all(), recipe).not.toThrow();
  sql.close();
});

test('every variable is in its table', () => {
  const table = README.slice(README.indexOf('## Configuration'), README.indexOf('**Upstream profile.**'));
  for (const { name } of VARIABLES) expect(table).toContain(`\`${name}\``);
});

test('every audit event is explained', () => {
  for (const event of AUDIT_EVENTS) expect(README).toContain(`\`${event}\``);
});

test('every npm script that it names is there', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const named = [
    ...README.matchAll(
      /npm (?:run )?(start|test:[a-z]+|test|demo|simulator|check|format|doctor|audit|backup|restore)\b/g,
    ),
  ].map(([, name]) => name);
  expect(new Set(named).size).toBeGreaterThan(4);
  for (const name of named) expect(scripts).toHaveProperty(name as string);
});

test('every file of its tree is there', () => {
  const tree = README.slice(README.indexOf('src/\n'), README.indexOf('migrations/  '));
  for (const [, name = ''] of tree.matchAll(/^ {2}([a-z-]+\.ts)/gm)) {
    expect(() => readFileSync(new URL(`../../src/${name}`, import.meta.url)), name).not.toThrow();
  }
});
