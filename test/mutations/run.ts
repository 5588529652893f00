// `npm run test:mutations`: breaks the promises one at a time in a copy of the project and shows that a test turns red for each.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTATIONS, type Mutation } from './mutations.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PARTS = [
  'src',
  'bench',
  'test',
  'migrations',
  'package.json',
  'vitest.config.ts',
  'tsconfig.json',
  'README.md',
  '.env.example',
];

interface Report {
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[];
  }[];
}

/** The titles of the tests that fail in the copy as it is, of the first `bail` alone unless that is 0. @throws when none ran. */
async function redTests(copy: string, tests: readonly string[], bail: number): Promise<string[]> {
  const output = join(copy, 'report.json');
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', ...tests, '--reporter=json', `--outputFile=${output}`, `--bail=${bail}`];
  const child = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as Report;
  rmSync(output);
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  if (all.length === 0) throw new Error(`no test ran: ${testResults[0]?.message ?? stderr}`);
  return all.filter(({ status }) => status === 'failed').map(({ title }) => title);
}

/** The test that notices the mutation first, if one does. @throws when the mutation cannot be judged. */
async function firstToNotice(copy: string, { file, find, replace, tests }: Mutation): Promise<string | undefined> {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`its text occurs ${places} times in ${file}: put the mutation right`);
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  try {
    const [first] = await redTests(copy, tests, 1);
    return first;
  } finally {
    writeFileSync(path, source);
  }
}

async function judge(copy: string, mutation: Mutation): Promise<{ noticed: boolean; words: string }> {
  try {
    const first = await firstToNotice(copy, mutation);
    return { noticed: first !== undefined, words: first ?? 'NOTHING NOTICED' };
  } catch (error) {
    return { noticed: false, words: String(error) };
  }
}

function copyOfProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'mutations-'));
  for (const part of PARTS) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

// One for each processor: they are broken side by side.
const copies = Array.from({ length: availableParallelism() }, copyOfProject);
const left = [...MUTATIONS];
let survivors = 0;

async function breakInTurn(copy: string): Promise<void> {
  for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
    const { noticed, words } = await judge(copy, mutation);
    if (!noticed) survivors += 1;
    process.stdout.write(`${noticed ? '✓' : '✗'} ${mutation.breaks}\n    ${words}\n`);
  }
}

try {
  // A test that fails anyway would notice everything.
  const red = await redTests(copies[0] ?? '', [...new Set(MUTATIONS.flatMap(({ tests }) => tests))], 0);
  if (red.length > 0) throw new Error(`these fail without any mutation: ${red.join('; ')}`);
  await Promise.all(copies.map(breakInTurn));
  process.stdout.write(`\n${MUTATIONS.length - survivors} of ${MUTATIONS.length} broken promises were noticed.\n`);
} finally {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
}
process.exitCode = survivors === 0 ? 0 : 1;
