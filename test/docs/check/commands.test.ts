// What counts as a command of a page, how marks choose, and what is reported where a page shows a command wrongly.

import { describe, expect, test } from 'vitest';
import { PAGES, read } from '../pages.ts';
import { faultsOf } from './check.ts';
import { commandsOf } from './commands.ts';

const FENCE = '```';
const block = (language: string, ...lines: string[]) => [`${FENCE}${language}`, ...lines, FENCE].join('\n');
const page = (...parts: string[]) => commandsOf('a.md', parts.join('\n\n'));
const texts = (...parts: string[]) => page(...parts).commands.map(({ text }) => text);
const messages = (...parts: string[]) => faultsOf('a.md', parts.join('\n\n')).faults.map(({ message }) => message);

describe('commands', () => {
  test('are the lines of blocks, queries, and code in the text that begins with a program', () => {
    const found = texts(
      'Run `npm start`, or `SEED=1 npm run x`; `npm`, `npmrc` and `GET /v1` are not commands. See `SELECT 1`.',
      block('sh', '# a comment', 'one', '', 'two \\', '  --more', 'three'),
      block('sql', 'SELECT 2', 'FROM x;'),
      block('json', '{}'),
    );
    const inText = ['npm start', 'SEED=1 npm run x', 'SELECT 1'];
    expect(found).toEqual([...inText, 'one', 'two \\\n  --more', 'three', 'SELECT 2\nFROM x;']);
  });

  test('have their line, in lists and tables too, and over the end of a line', () => {
    const { commands } = page(
      '- a\n- b `npm run a`\n  and `npm run\n  b`',
      '| a |\n| --- |\n| `npm run c` or `npm run d\\|e` |',
      block('sh', '', 'x'),
    );
    expect(commands.map(({ line, text }) => [line, text])).toEqual([
      [2, 'npm run a'],
      [3, 'npm run b'],
      [8, 'npm run c'],
      [8, 'npm run d|e'],
      [12, 'x'],
    ]);
  });

  test('have the output that follows their block directly', () => {
    const { commands } = page(
      block('sh', 'a', 'b'),
      block('text', 'B'),
      block('sh', 'c'),
      'Some text.',
      block('json', '{}'),
    );
    expect(commands.map(({ output }) => output)).toEqual([null, { form: 'text', text: 'B' }, null]);
  });
});

describe('marks', () => {
  test('follow code in the text, and choose that command alone', () => {
    const { commands, faults } = page(
      '`npm run a` <!-- not run: needs a moon -->, `npm run b` <!-- exit code 1: it fails --><!-- without a receiver -->, `npm run c` <!-- exit code 0 or 2: it may fail -->',
    );
    expect(faults).toEqual([]);
    expect(commands).toMatchObject([
      { notRun: 'needs a moon', exitCodes: [0], withReceiver: null },
      { notRun: null, exitCodes: [1], withReceiver: false },
      { notRun: null, exitCodes: [0, 2], withReceiver: null },
    ]);
  });

  test('precede a block, and choose all of its lines or those with a beginning', () => {
    const all = '<!-- with a receiver -->';
    const some = '<!-- not run (sudo): needs rights -->';
    const { commands, faults } = page(
      '`npm start`',
      `${all}\n<!-- recipe: x -->\n${some}\n${block('sh', 'sudo a', 'b')}`,
    );
    expect(faults).toEqual([]);
    expect(commands.map(({ notRun, withReceiver }) => [notRun, withReceiver])).toEqual([
      [null, null],
      ['needs rights', true],
      [null, true],
    ]);
  });

  test.for([
    ['<!-- not run -->', 'this is not a mark'],
    ['<!-- not run: -->', 'this is not a mark'],
    ['<!-- not  here: a reason -->', 'this is not a mark'],
    ['<!-- with a receiver: a reason -->', 'this is not a mark'],
    ['<!-- exit code: it fails -->', 'this is not a mark'],
    ['<!-- not run (c): a reason -->', 'no command of the block begins with c'],
  ])('%s is reported in front of a block', ([mark, message]) => {
    expect(messages(`${mark}\n${block('sh', 'a', 'b')}`)).toEqual([expect.stringContaining(message ?? '')]);
  });

  test('beside no command, or where they would end the paragraph, are reported', () => {
    expect(messages('A text <!-- not run: a reason -->.')).toEqual([expect.stringContaining('beside no command')]);
    expect(messages(`<!-- not run: a reason -->\n\nA text.\n\n${block('sh', 'a')}`)).toEqual([
      expect.stringContaining('beside no command'),
    ]);
    expect(messages('A `npm run a`\n<!-- not run: a reason -->')).toEqual([expect.stringContaining('begins a line')]);
    expect(messages('A `npm run a` <!-- not run (npm): a reason -->')).toEqual([
      expect.stringContaining('in front of a block'),
    ]);
  });
});

test.for(['bash', 'console', 'shell'])('a block of %s is reported: its commands would not run', (language) => {
  expect(messages(block(language, 'a'))).toEqual(['give the block the language sh']);
});

test('a block without a language directly after commands is reported: it would not be compared', () => {
  expect(messages(block('sh', 'a'), block('', 'A'))).toEqual([expect.stringContaining('text or json')]);
});

test.for(['npm run x -- FILE', 'npm run x -- show|list', 'npm run x -- [a]', 'npm run x -- a…', 'curl {SOME_URL}/x'])(
  '%s is reported: a reader cannot type it',
  (command) => {
    expect(messages(`\`${command}\``)).toEqual([expect.stringContaining('is not what a reader can type')]);
    expect(messages(`\`${command}\` <!-- not run: a reason -->`)).toEqual([]);
  },
);

test('words with a value, quoted text, methods and variables pass', () => {
  expect(
    messages('`npm run executions -- show ID`, `curl -X POST -H "A: B" -H \'MY KEY\' http://x`, `SEED=17 npm run x`'),
  ).toEqual([]);
});

const CHECKED = PAGES.filter((path) => path === 'README.md' || path.startsWith('docs/'));

test.for(CHECKED)('the commands of %s can be read', (path) => {
  expect(faultsOf(path, read(path)).faults).toEqual([]);
});

/** What a newcomer has: git, Node, the two programs that the pages ask for, and those of every system. */
const PROGRAMS = ['git', 'node', 'npm', 'npx', 'curl', 'sqlite3', 'cd', 'cp', 'mkdir', 'mv'];

/** The first word of each command of a line, behind its variables. */
function programsIn(text: string): string[] {
  const unquoted = text.replaceAll(/'[^']*'|"[^"]*"|\s+# .*$/g, '');
  return unquoted.split(/&&|\|\||[;|]/).map((part) => /^\s*(?:[A-Z_]+=\S* +)*(\S*)/.exec(part)?.[1] ?? '');
}

test('the programs of a command are found', () => {
  const found = programsIn('A=1 npm run -s x | jq . && psql -c "a; b" # then c; d');
  expect(found).toEqual(['npm', 'jq', 'psql']);
});

test.for(CHECKED)('what runs on %s needs git, Node, curl and SQLite alone', (path) => {
  const { commands } = commandsOf(path, read(path));
  const running = commands.filter(({ language, notRun }) => language === 'sh' && notRun === null);
  const programs = running.flatMap(({ text }) => programsIn(text));
  expect(programs.filter((program) => !PROGRAMS.includes(program))).toEqual([]);
});
