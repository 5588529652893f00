// The README and the pages of docs/ name variables, events, scripts, files and metrics that exist, and miss none.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VARIABLES } from '../../src/config/variables.ts';
import { AUDIT_EVENTS } from '../../src/execution/event.ts';
import { SUITES } from '../support/suites.ts';
import { PAGES, ROOT, read, tokensOfType } from './pages.ts';

const README = read('README.md');
const HANDWRITTEN = PAGES.filter((path) => path !== 'CHANGELOG.md');

/** The text between two markers. @throws {Error} unless both are there. */
function between(text: string, first: string, last: string): string {
  const start = text.indexOf(first);
  const end = text.indexOf(last, start);
  if (start < 0 || end < 0) throw new Error(`"${first}" … "${last}" is missing`);
  return text.slice(start + first.length, end);
}

/** The names in code in the first column of each table of a page. */
function firstColumn(markdown: string): string[] {
  return tokensOfType(markdown, 'table').flatMap(({ rows }) =>
    rows.flatMap(([cell]) => [...(cell?.text ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)),
  );
}

describe('the README', () => {
  test('has at most 220 lines', () => {
    expect(README.split('\n').length).toBeLessThanOrEqual(221);
  });

  test('names the required variables, all of them and no other', () => {
    const required = read('.env.example')
      .split('\n')
      .flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? []);
    expect(required).toHaveLength(6);
    const named = firstColumn(between(README, '## For operators', '## What it promises'));
    expect(named.toSorted()).toEqual(required.toSorted());
  });

  test('counts the alert rules', () => {
    const rules = read('deploy/prometheus/alerts.yml').match(/^ *- alert: /gm) ?? [];
    expect(README).toContain(`with ${rules.length} alert rules`);
  });

  test('takes its promises from the list of guarantees', () => {
    const promises = (text: string) =>
      tokensOfType(text, 'table').flatMap(({ rows }) => rows.map(([cell]) => cell?.text));
    const all = promises(between(read('docs/guarantees.md'), '## Promised', '## Not promised'));
    const strongest = promises(between(README, '## What it promises', '## How fast'));
    expect(strongest).toHaveLength(5);
    expect(strongest.filter((promise) => !all.includes(promise))).toEqual([]);
  });
});

test('the table of variables has each variable of the schema, and no other', () => {
  const table = between(read('docs/configuration.md'), '<!-- variables -->', '<!-- /variables -->');
  const named = firstColumn(table).filter((name) => /^[A-Z]/.test(name));
  expect(named.toSorted()).toEqual(VARIABLES.map(({ name }) => name).toSorted());
});

test('the table of audit events has each event, in order, and no other', () => {
  const events = firstColumn(read('docs/sql.md').slice(read('docs/sql.md').indexOf('## Audit events')));
  expect(events.toSorted()).toEqual([...AUDIT_EVENTS].toSorted());
});

describe('what a page names exists', () => {
  const { scripts } = JSON.parse(read('package.json'));

  test.for(HANDWRITTEN)('in %s', (path) => {
    const text = read(path);
    const named = [...text.matchAll(/\bnpm run (?:-s )?([a-z][a-z:]*[a-z])/g)].map(([, name = '']) => name);
    expect(
      named.filter((name) => !(name in scripts)),
      'npm scripts',
    ).toEqual([]);
    const files = [...text.matchAll(/`((?:src|test|deploy|bench|docs|examples|migrations|\.ci)\/[\w./-]+)`/g)];
    expect(
      files.map(([, name = '']) => name).filter((name) => !existsSync(join(ROOT, name))),
      'files',
    ).toEqual([]);
  });
});

test('CONTRIBUTING lists each suite of tests', () => {
  const listed = firstColumn(read('CONTRIBUTING.md'));
  expect(Object.values(SUITES).filter(({ command }) => !listed.includes(command))).toEqual([]);
});

test('the pages name scripts', () => {
  expect(HANDWRITTEN.filter((path) => /npm run /.test(read(path))).length).toBeGreaterThan(8);
});
