// Comments, messages and pages keep to the project's English: no banned word is in a file of the project.

import { globSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ROOT, read } from './pages.ts';
import { BANNED_WORDS } from './word-list.ts';

/** The files that are checked: all that people read. */
const CHECKED = ['*.md', 'docs/**', 'deploy/**', 'examples/**', 'bench/**', '.ci/**', 'src/**', 'test/**'];

const TEXT =
  /\.(?:ts|mjs|js|css|md|sh|py|json|ya?ml|conf|service|socket)$|(?:^|\/)(?:Containerfile|Caddyfile|\.env\.example)$|^\.ci\//;

/** The list itself quotes the words, and measured results stay as they are. */
const EXEMPT = ['test/docs/word-list.ts', 'bench/results.json'];

/** One line for each banned word of a text: where it is and what to write instead. */
function bannedWords(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) =>
    BANNED_WORDS.flatMap(({ pattern, instead }) => {
      const word = pattern.exec(line)?.[0];
      return word === undefined ? [] : [`${path}:${index + 1}: "${word}": write ${instead}`];
    }),
  );
}

const files = globSync(CHECKED, { cwd: ROOT }).filter((path) => TEXT.test(path) && !EXEMPT.includes(path));

describe('the word list', () => {
  test.for(BANNED_WORDS)('finds "$example"', ({ example, pattern }) => {
    expect(bannedWords('a.ts', `\n  // ${example}`)[0]).toMatch(/^a\.ts:2: ".+": write \S/);
    expect(example).toMatch(pattern);
  });

  test('lets ordinary sentences pass', () => {
    expect(
      bannedWords('a.md', 'There is no limit. It is no longer open. A telltale. The notion is not a number.'),
    ).toEqual([]);
  });
});

test('each entry of the checked folders finds files', () => {
  expect(CHECKED.filter((pattern) => globSync(pattern, { cwd: ROOT }).length === 0)).toEqual([]);
  expect(files.length).toBeGreaterThan(50);
});

test.for(files)('%s', (path) => {
  expect(bannedWords(path, read(path))).toEqual([]);
});
