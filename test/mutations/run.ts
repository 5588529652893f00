// `npm run test:mutations`: breaks the promises one at a time in a copy of the project and shows that a test fails for each.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutate } from './edit.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';
import { taggedFiles } from './tagged-files.ts';

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
  'docs',
  '.env.example',
];

const FILES = taggedFiles(ROOT);

/** A limit that only a hang reaches, also on a busy machine; each test has its own time limit. */
const MAX_RUN_MS = 60 * 60_000;

interface Report {
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[];
  }[];
}

/** Returns the titles of the tests that fail in the copy; stops after `bail` of them unless that is 0. @throws when no test ran, or the run did not end. */
async function failingTests(copy: string, tests: readonly string[], bail: number): Promise<string[]> {
  const output = join(copy, 'report.json');
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', ...tests, '--reporter=json', `--outputFile=${output}`, `--bail=${bail}`];
  const child = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'ignore', 'pipe'], timeout: MAX_RUN_MS });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [, signal] = await once(child, 'close');
  if (signal !== null) throw new Error(`the tests were ended by ${signal}`);
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as Report;
  rmSync(output);
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  if (all.length === 0) throw new Error(`no test ran: ${testResults[0]?.message ?? stderr}`);
  return all.filter(({ status }) => status === 'failed').map(({ title }) => title);
}

/** Returns the title of the first test that detects the mutation, if one does. @throws when the mutation cannot be judged. */
async function firstToDetect(copy: string, { tag, edit, tests }: Mutation): Promise<string | undefined> {
  const [file, ...others] = FILES.get(tag) ?? [];
  if (file === undefined || others.length > 0) throw new Error(`the tag "${tag}" must be in exactly one place`);
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, mutate(file, source, tag, edit));
  try {
    const [first] = await failingTests(copy, tests, 1);
    return first;
  } finally {
    writeFileSync(path, source);
  }
}

async function judge(copy: string, mutation: Mutation): Promise<{ detected: boolean; text: string }> {
  try {
    const first = await firstToDetect(copy, mutation);
    return { detected: first !== undefined, text: first ?? 'NOT DETECTED' };
  } catch (error) {
    return { detected: false, text: String(error) };
  }
}

function copyOfProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'mutations-'));
  for (const part of PARTS) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

// One for each processor, so that mutations run in parallel.
const copies = Array.from({ length: availableParallelism() }, copyOfProject);
const chosen = process.argv.slice(2);
const mutations = MUTATIONS.filter(({ tag }) => chosen.length === 0 || chosen.includes(tag));
const left = [...mutations];
let survivors = 0;

async function runMutations(copy: string): Promise<void> {
  for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
    const { detected, text } = await judge(copy, mutation);
    if (!detected) survivors += 1;
    process.stdout.write(`${detected ? '✓' : '✗'} ${mutation.tag}: ${mutation.promise}\n    ${text}\n`);
  }
}

try {
  // A test that fails without a mutation would detect every mutation.
  const failing = await failingTests(copies[0] ?? '', [...new Set(mutations.flatMap(({ tests }) => tests))], 0);
  if (failing.length > 0) throw new Error(`these fail without any mutation: ${failing.join('; ')}`);
  await Promise.all(copies.map(runMutations));
  process.stdout.write(`\n${mutations.length - survivors} of ${mutations.length} mutations were detected.\n`);
} finally {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
}
process.exitCode = survivors === 0 ? 0 : 1;
