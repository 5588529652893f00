// Each mutation fits the current source: its tag occurs once, its edit can be made, and its tests exist.

import { globSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { condition, findTagged, mutate, namesIn, removed } from './edit.ts';
import { MUTATIONS as OTHERS } from './mutations.ts';
import { POSTGRES_MUTATIONS } from './postgres-mutations.ts';
import { taggedFiles } from './tagged-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MUTATIONS = [...OTHERS, ...POSTGRES_MUTATIONS];
const FILES = taggedFiles(ROOT);
const read = (file: string) => readFileSync(ROOT + file, 'utf8');
const TESTS = globSync('test/**/*.ts', { cwd: ROOT, exclude: ['test/mutations/**'] })
  .map(read)
  .join('\n');

// Tags whose code is copied in front of another tag.
const COPIED = ['responses-after-commit', 'upgrade-after-copy'];

test('each tag in the source has a mutation, and each mutation has a tag of its own', () => {
  const tags = MUTATIONS.map(({ tag }) => tag);
  expect([...FILES.keys()].sort()).toEqual([...tags, ...COPIED].sort());
});

const KNOWN = new Set(['Number', 'undefined']);
const namesOfFiles = new Map<string, ReadonlySet<string>>();

function namesOf(file: string): ReadonlySet<string> {
  const known = namesOfFiles.get(file) ?? namesIn(file, read(file));
  namesOfFiles.set(file, known);
  return known;
}

test.for(MUTATIONS.map(({ tag, ...mutation }) => [tag, mutation] as const))('%s', ([tag, { edit, tests, title }]) => {
  const files = FILES.get(tag) ?? [];
  expect(files, `files with the comment "// promise: ${tag}"`).toHaveLength(1);
  const [file = ''] = files;
  const source = read(file);
  const mutant = mutate(file, source, tag, edit);
  expect(mutant).not.toBe(source);
  // A name that does not occur in the file would only make the code throw.
  const names = namesOf(file);
  expect([...namesIn(file, mutant)].filter((name) => !names.has(name) && !KNOWN.has(name))).toEqual([]);
  expect(tests.length).toBeGreaterThan(0);
  for (const path of tests) expect(statSync(ROOT + path).isFile(), path).toBe(true);
  if (title !== undefined) expect(TESTS.includes(title), `a test with "${title}" in its title`).toBe(true);
});

const SOURCE = `
export function read(text: string) {
  // promise: no-empty-text
  // Another comment.
  if (text === '') throw new Error('empty');
  return [
    // promise: first
    text,
    text.length,
  ];
}
`;

test('an edit changes the statement or list member below its tag, and nothing else', () => {
  expect(mutate('a.ts', SOURCE, 'no-empty-text', condition(false))).toBe(SOURCE.replace("text === ''", 'false'));
  const [line = ''] = /\n {4}text,/.exec(SOURCE) ?? [];
  expect(mutate('a.ts', SOURCE, 'first', removed)).toBe(SOURCE.replace(line, '\n    '));
});

test('a tag that is missing, repeated or above nothing is an error that names it', () => {
  expect(() => findTagged('a.ts', SOURCE, 'other')).toThrow('a.ts has the tag "other" 0 times');
  expect(() => findTagged('a.ts', `${SOURCE}${SOURCE}`, 'first')).toThrow('a.ts has the tag "first" 2 times');
  expect(() => findTagged('a.ts', '// promise: end\n', 'end')).toThrow('below the tag "end"');
  expect(() => mutate('a.ts', SOURCE, 'first', condition(true))).toThrow('no IfStatement in: text');
  expect(() => findTagged('a.ts', '// promise: bad\nconst =', 'bad')).toThrow('a.ts: ');
});
