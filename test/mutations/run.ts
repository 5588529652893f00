// `npm run test:mutations`: breaks the promises one at a time in a copy of the project and shows that a test fails for each.
// Arguments choose mutations by their tags. With `--passed`, the tests are known to pass without a mutation, and are not run without one.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findPostgres } from '../../src/demo/cluster/postgres-server.ts';
import { mutate } from './edit.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';
import { POSTGRES_MUTATIONS } from './postgres-mutations.ts';
import type { Order, Report } from './runner.ts';
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

/** A copy of the project, and a process that runs tests in it. */
interface Copy {
  readonly folder: string;
  readonly runner: ChildProcess;
}

/** Mutations that the same tests must detect. */
interface Group {
  readonly tests: readonly string[];
  readonly mutations: readonly Mutation[];
}

async function openCopy(): Promise<Copy> {
  const folder = mkdtempSync(join(tmpdir(), 'mutations-'));
  for (const part of PARTS) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
  const runner = fork(fileURLToPath(new URL('runner.ts', import.meta.url)), [], { cwd: folder, stdio: [...stdio] });
  await messageOf(runner);
  return { folder, runner };
}

async function closeCopy({ folder, runner }: Copy): Promise<void> {
  const exited = once(runner, 'exit');
  if (runner.connected) runner.disconnect();
  if (runner.exitCode === null && runner.signalCode === null) await exited;
  rmSync(folder, { recursive: true, force: true });
}

/** @throws when the process ends instead, or a run of its tests hangs. */
async function messageOf(runner: ChildProcess): Promise<unknown> {
  const received = new AbortController();
  const signal = AbortSignal.any([received.signal, AbortSignal.timeout(MAX_RUN_MS)]);
  const ended = once(runner, 'exit', { signal }).then(() => {
    throw new Error('the process that runs the tests has ended');
  });
  try {
    const [message] = await Promise.race([once(runner, 'message', { signal }), ended]);
    return message;
  } finally {
    received.abort();
  }
}

/** Returns the title of the first test that fails in the copy, if one does. @throws when no test ran. */
async function firstToFail({ runner }: Copy, order: Order): Promise<string | undefined> {
  runner.send(order);
  const report = (await messageOf(runner)) as Report;
  if ('error' in report) throw new Error(report.error);
  return report.failed[0];
}

/** Returns the title of the first test that detects the mutation, if one does. @throws when the mutation cannot be judged. */
async function firstToDetect(copy: Copy, { tag, edit, tests, title }: Mutation): Promise<string | undefined> {
  const [edited, ...others] = FILES.get(tag) ?? [];
  if (edited === undefined || others.length > 0) throw new Error(`the tag "${tag}" must be in exactly one place`);
  const path = join(copy.folder, edited);
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, mutate(edited, source, tag, edit));
  try {
    return await firstToFail(copy, { tests, title, edited });
  } finally {
    writeFileSync(path, source);
  }
}

/** Returns the groups, the largest first, so that the copies end at about the same time. */
function groupsOf(mutations: readonly Mutation[]): Group[] {
  const groups = Map.groupBy(mutations, ({ tests }) => tests.join(' '));
  return [...groups.values()]
    .map((members) => ({ tests: members[0]?.tests ?? [], mutations: members }))
    .sort((one, other) => other.mutations.length - one.mutations.length);
}

const { values: options, positionals: chosen } = parseArgs({
  options: { passed: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const hasPostgres = findPostgres() !== null;
if (!hasPostgres) process.stdout.write('Left out: the mutations of the store on PostgreSQL, which is not installed\n');
const all = hasPostgres ? [...MUTATIONS, ...POSTGRES_MUTATIONS] : MUTATIONS;
const mutations = all.filter(({ tag }) => chosen.length === 0 || chosen.includes(tag));
const groups = groupsOf(mutations);
let survivors = 0;

function report({ tag, promise }: Mutation, detected: boolean, text: string): void {
  if (!detected) survivors += 1;
  process.stdout.write(`${detected ? '✓' : '✗'} ${tag}: ${promise}\n    ${text}\n`);
}

async function judgeGroups(copy: Copy): Promise<void> {
  for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
    // A test that fails without a mutation would detect every mutation.
    const failing = options.passed
      ? undefined
      : await firstToFail(copy, { tests: group.tests, edited: null }).catch(String);
    for (const mutation of group.mutations) {
      if (failing !== undefined) {
        report(mutation, false, `fails without any mutation: ${failing}`);
        continue;
      }
      try {
        const first = await firstToDetect(copy, mutation);
        report(mutation, first !== undefined, first ?? 'NOT DETECTED');
      } catch (error) {
        report(mutation, false, String(error));
      }
    }
  }
}

// One more than processors, because some mutations let a test wait for its time limit.
const copies = await Promise.all(Array.from({ length: availableParallelism() + 1 }, openCopy));
try {
  await Promise.all(copies.map(judgeGroups));
  process.stdout.write(`\n${mutations.length - survivors} of ${mutations.length} mutations were detected.\n`);
} finally {
  await Promise.all(copies.map(closeCopy));
}
process.exitCode = survivors === 0 ? 0 : 1;
