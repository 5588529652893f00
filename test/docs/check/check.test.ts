// The check fails for a page that is wrong, in each way in which a page can be wrong.

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { checkPage } from './check.ts';
import { createShell, npmVariables } from './shell.ts';
import type { Stage } from './stage.ts';

const FENCE = '```';
const block = (language: string, ...lines: string[]) => [`${FENCE}${language}`, ...lines, FENCE].join('\n');

let stage: Stage;
let prepared: (boolean | null)[];

beforeEach(() => {
  const folder = temporaryFolder();
  prepared = [];
  const refuse = () => Promise.reject(new Error('no receiver here'));
  stage = {
    ...{ shell: createShell(folder, {}), folder, port: 1, appKey: 'a-key', appUrl: 'http://127.0.0.1:1' },
    prepare: async ({ receiver }) => void prepared.push(receiver),
    ...{
      setVariables: () => {},
      adopt: () => {},
      call: refuse,
      submit: refuse,
      endPage: async () => {},
      close: async () => {},
    },
  };
});

const check = async (...parts: string[]) => {
  const { faults, ran, notRun } = await checkPage('a.md', parts.join('\n\n'), {
    stage,
    seen: new Set(),
    begin: () => {},
    report: () => {},
  });
  return { faults: faults.map(({ line, message }) => `${line}: ${message}`), ran, notRun: notRun.length };
};

test('a page that is right has no fault', async () => {
  const right = [block('sh', 'mkdir inner && cd inner', 'pwd | sed "s,.*/,,"'), block('text', 'inner')];
  expect(await check(...right, '`node --version`', '`npm run bench` <!-- not run: takes minutes -->')).toEqual({
    ...{ faults: [], ran: 3, notRun: 1 },
  });
});

test('a command that does not exist is a fault, with its line and message', async () => {
  const { faults } = await check('A text.', block('sh', 'true', 'no-such-command-of-the-docs'));
  expect(faults).toEqual([expect.stringMatching(/^5: it ended with exit code 127:\n.*no-such-command-of-the-docs/)]);
});

test('a command in the text that fails is a fault', async () => {
  expect((await check('Run `node --no-such-option`.')).faults).toEqual([expect.stringContaining('no-such-option')]);
});

test('a command that does not end is killed, and is a fault that names the limit', async () => {
  const shell = createShell(temporaryFolder(), {}, { commandMs: 300, startMs: 300, stopMs: 300 });
  // A program that leaves the group of processes keeps the output open.
  const left =
    "node -e \"require('child_process').spawn('sleep', ['5'], { detached: true, stdio: 'inherit' }).unref()\"";
  const run = { stage: { ...stage, shell }, seen: new Set<string>(), begin: () => {}, report: () => {} };
  const { faults } = await checkPage('a.md', block('sh', 'sleep 30', left), run);
  expect(faults).toMatchObject([2, 3].map((line) => ({ line, message: 'it did not end within 0.3 s:' })));
});

test('a registry that the environment names reaches npm in the home of the fresh machine', async () => {
  vi.stubEnv('npm_config_registry', 'http://127.0.0.1:1/npm/');
  onTestFinished(() => void vi.unstubAllEnvs());
  const shell = createShell(temporaryFolder(), npmVariables());
  const { stdout } = await shell.run('npm config get registry', stage.folder);
  expect(stdout).toBe('http://127.0.0.1:1/npm/\n');
});

test('another output than the page shows is a fault', async () => {
  const { faults } = await check(block('sh', 'echo one'), block('text', 'two'));
  expect(faults).toEqual([expect.stringMatching(/^2: the output differs.*two.*\none$/s)]);
});

test('another exit code than the mark states is a fault', async () => {
  expect((await check('`node --eval "process.exit(1)"` <!-- exit code 1: nothing was found -->')).faults).toEqual([]);
  expect((await check('`node --eval 1` <!-- exit code 1: nothing was found -->')).faults).toEqual([
    expect.stringContaining('it ended with exit code 0'),
  ]);
});

test('a command that a reader cannot type is a fault, and does not run', async () => {
  const { faults, ran } = await check('`node --eval UNKNOWN`');
  expect([faults.length, ran]).toEqual([1, 0]);
});

test('a wrong query is a fault', async () => {
  const { faults } = await check(block('sql', 'SELECT no_such_column FROM executions'));
  expect(faults).toHaveLength(1);
});

test('a program that ends before it is ready is a fault', async () => {
  const { faults } = await check('`npm run simulator`');
  expect(faults).toEqual([expect.stringMatching(/it ended with exit code \d+ before it printed/)]);
});

test('a receiver runs beside code in the text, and beside a block where the page requests it', async () => {
  await check(
    '`node --version`',
    block('sh', 'true'),
    `<!-- with a receiver -->\n${block('sh', 'true')}`,
    '`node --eval 1` <!-- without a receiver -->',
  );
  expect(prepared).toEqual([true, null, true, ...[true, false]]);
});

test('a receiver that does not end well is a fault of the page that started it', async () => {
  const failing = { ...stage, endPage: () => Promise.reject(new Error('the receiver ended with exit code 1')) };
  const { faults } = await checkPage('a.md', 'A\ntext.', {
    stage: failing,
    seen: new Set(),
    begin: () => {},
    report: () => {},
  });
  expect(faults).toMatchObject([{ line: 2, message: 'the receiver ended with exit code 1' }]);
});
