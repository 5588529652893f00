// Another revision is checked out, measured beside the present build, and removed, however the bench ends.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { compareLatency, compareThroughput } from '../../bench/against/compare.ts';
import { compareResident } from '../../bench/against/resident.ts';
import { checkOut, findRevision, PROGRAM, presentBuild, UnusableRevision } from '../../bench/against/revision.ts';
import { compareMemory, compareRestart, compareSweeper } from '../../bench/against/scale.ts';
import { compareSize } from '../../bench/against/size.ts';
import { temporaryFolder } from '../support/temporary.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const PARTS = ['src', 'bench', 'test', 'migrations', 'package.json', 'package-lock.json', 'tsconfig.json'];
const NEVER = new AbortController().signal;

const git = (root: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@example.org', ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

function commit(root: string): string {
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '--message', 'A revision');
  return git(root, 'rev-parse', 'HEAD');
}

const LOCK = { name: 'x', version: '1.0.0', lockfileVersion: 3, packages: { '': { name: 'x', version: '1.0.0' } } };
const write = (root: string, path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

/** A repository whose program is empty files, with one package. */
function smallRepository(): string {
  const root = temporaryFolder();
  git(root, 'init', '--quiet', '--initial-branch=main');
  for (const path of Object.values(PROGRAM)) write(root, path, '');
  write(root, 'package.json', JSON.stringify({ name: 'x', version: '1.0.0' }));
  write(root, 'package-lock.json', JSON.stringify(LOCK));
  write(root, '.gitignore', 'node_modules/\n');
  write(root, 'node_modules/package/index.js', 'the package');
  commit(root);
  return root;
}

/** This project in a repository of its own, so that tests leave the real one alone. */
function projectRepository(): string {
  const root = temporaryFolder();
  git(root, 'init', '--quiet');
  for (const part of PARTS) cpSync(join(PROJECT, part), join(root, part), { recursive: true });
  write(root, '.gitignore', 'node_modules\ndata/\n');
  symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'));
  commit(root);
  return root;
}

const worktrees = (root: string) => git(root, 'worktree', 'list').split('\n').length;
const checkouts = () => readdirSync(tmpdir()).filter((name) => name.startsWith('bench-against-'));

describe('a revision is found', () => {
  test('by its hash, an abbreviation, a branch or an expression, and is named with its commit', () => {
    const root = smallRepository();
    const first = git(root, 'rev-parse', 'HEAD');
    write(root, 'new', '');
    const second = commit(root);
    const short = (hash: string) => hash.slice(0, 7);
    expect(findRevision(root, first)).toEqual({ name: short(first), commit: first });
    expect(findRevision(root, first.slice(0, 10))).toEqual({ name: short(first), commit: first });
    expect(findRevision(root, 'main')).toEqual({ name: `main (${short(second)})`, commit: second });
    expect(findRevision(root, 'main~1')).toEqual({ name: `main~1 (${short(first)})`, commit: first });
  });

  test.each(['nothing', '--all', '', 'HEAD:src', '0000000000000000000000000000000000000000'])(
    'if it is a commit; %j is reported as unknown',
    (name) => {
      const root = smallRepository();
      expect(() => findRevision(root, name)).toThrow(UnusableRevision);
      expect(() => findRevision(root, name)).toThrow(`--against: there is no commit ${name} in this clone`);
    },
  );

  test('if it has the program and its bench; what is missing is named', () => {
    const root = smallRepository();
    git(root, 'rm', '--quiet', PROGRAM.prepared);
    commit(root);
    expect(() => findRevision(root, 'HEAD')).toThrow('HEAD has no bench/prepared.ts; choose a later revision');
    expect(findRevision(root, 'HEAD~1').name).toMatch(/^HEAD~1 /);
  });

  test('in a clone only', () => {
    expect(() => findRevision(temporaryFolder(), 'HEAD')).toThrow('--against: needs git and a clone of the repository');
  });
});

test('the present build is named with its commit and the number of uncommitted files', () => {
  const root = smallRepository();
  const head = git(root, 'rev-parse', 'HEAD').slice(0, 7);
  expect(presentBuild(root)).toBe(head);
  write(root, PROGRAM.main, 'changed');
  expect(presentBuild(root)).toBe(`${head} with 1 uncommitted file`);
  write(root, 'new', '');
  expect(presentBuild(root)).toBe(`${head} with 2 uncommitted files`);
});

describe('a checkout', () => {
  test('has the files of the revision and the packages of the clone, and disposal removes both and nothing else', async () => {
    const root = smallRepository();
    write(root, PROGRAM.main, 'changed since');
    const { folder, [Symbol.dispose]: remove } = await checkOut(root, findRevision(root, 'HEAD'), NEVER);
    expect(readFileSync(join(folder, PROGRAM.main), 'utf8')).toBe('');
    expect(readFileSync(join(folder, 'node_modules/package/index.js'), 'utf8')).toBe('the package');
    expect(worktrees(root)).toBe(2);
    remove();
    expect(existsSync(folder)).toBe(false);
    expect(worktrees(root)).toBe(1);
    expect(readFileSync(join(root, 'node_modules/package/index.js'), 'utf8')).toBe('the package');
    expect(readFileSync(join(root, PROGRAM.main), 'utf8')).toBe('changed since');
  });

  test('runs no hook of the clone', async () => {
    const root = smallRepository();
    writeFileSync(join(root, '.git/hooks/post-checkout'), `#!/bin/sh\ntouch "${root}/hooked"\n`, { mode: 0o755 });
    using checkout = await checkOut(root, findRevision(root, 'HEAD'), NEVER);
    expect(existsSync(checkout.folder)).toBe(true);
    expect(existsSync(join(root, 'hooked'))).toBe(false);
  });

  test('installs its own packages if its lock file is another one', async () => {
    const root = smallRepository();
    write(root, 'package-lock.json', JSON.stringify({ ...LOCK, packages: {} }));
    using checkout = await checkOut(root, findRevision(root, 'HEAD'), NEVER);
    expect(existsSync(join(checkout.folder, 'node_modules/package'))).toBe(false);
  });

  test('whose packages cannot be installed is removed, and the words of npm are reported', async () => {
    const root = smallRepository();
    const package_ = { name: 'x', version: '1.0.0', dependencies: { absent: '1.0.0' } };
    write(root, 'package.json', JSON.stringify(package_));
    commit(root);
    write(root, 'package-lock.json', JSON.stringify({ ...LOCK, packages: {} }));
    const before = checkouts();
    await expect(checkOut(root, findRevision(root, 'HEAD'), NEVER)).rejects.toThrow(
      /^--against: npm ci fails for HEAD [\s\S]*absent/,
    );
    expect(checkouts()).toEqual(before);
    expect(worktrees(root)).toBe(1);
  });
});

describe('the present build and a revision', { timeout: 480_000 }, () => {
  test('are measured in the same rounds, every row is a ratio, and nothing stays behind', async () => {
    const root = projectRepository();
    const scratch = temporaryFolder();
    const settings = { quick: true, log: () => {}, scratch, signal: NEVER };
    using revision = await checkOut(root, findRevision(root, 'HEAD'), NEVER);
    const rates = await compareThroughput(revision, settings, {
      ...{ open: 2_000, submissions: 1_000, rounds: 2, seconds: 0.1 },
    });
    const latencies = await compareLatency(revision, settings, {
      ...{ open: 8_000, warmCount: 20, loneRounds: 2, loneCount: 20, peakRounds: 1, halfRounds: 2, seconds: 0.1 },
    });
    const beside = [...rates, ...latencies].filter((row) => row.beside === revision.name);
    expect(beside).toHaveLength(5 * 2 + 2 + 4);
    for (const { value, unit, goal } of beside) {
      expect({ unit, goal, samples: value?.samples }).toEqual({ unit: 'times', goal: null, samples: 2 });
      expect(value?.median).toBeGreaterThan(0);
    }
    expect(beside.map(({ measure }) => measure)).toContain('CPU per submission, 64 kept-alive connections');
    const shares = [...rates].filter((row) => row.beside === 'a bare Hono handler').map(({ measure }) => measure);
    expect(shares).toContain('submissions/s, 64 kept-alive connections');
    expect(shares).toContain(`${revision.name}: submissions/s, 64 kept-alive connections`);
    expect(shares).toHaveLength(2 * 6);
    expect(readdirSync(scratch).filter((name) => !name.startsWith('prepared-'))).toEqual([]);
  });

  test('are compared in size, restart, memory and sweeps, with a database that the code of each has prepared', async () => {
    const root = projectRepository();
    const scratch = temporaryFolder();
    const settings = { quick: true, log: () => {}, scratch, signal: NEVER };
    using revision = await checkOut(root, findRevision(root, 'HEAD'), NEVER);
    const sizes = { open: 1_500, trials: 1, callbacks: 50, seconds: 1, sweeps: 2 };
    const rows = [
      ...(await compareSize(revision, settings, 1_500)),
      ...(await compareRestart(revision, settings, sizes)),
      ...(existsSync('/proc/self/status') ? await compareMemory(revision, settings, sizes) : []),
      ...(await compareSweeper(revision, settings, sizes)),
    ];
    for (const { measure, beside, value, unit } of rows) {
      expect({ measure, beside, unit }).toEqual({ measure, beside: revision.name, unit: 'times' });
      expect(value?.samples).toBe(1);
      expect(value?.median).toBeGreaterThan(0);
    }
    // The random ids fill the pages of indexes to different degrees.
    expect(rows[0]?.value?.median).toBeCloseTo(1, 1);
    expect(rows[0]).toMatchObject({ measure: 'size of the database, 1,500 open' });
    expect(rows.map(({ measure }) => measure)).toContain('sweeper: 200 due among 1,500 open');
    const prepared = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.db'));
    expect(prepared(join(scratch, 'prepared-revision'))).toEqual(prepared(scratch));
    expect(readdirSync(scratch).filter((name) => !name.startsWith('prepared-'))).toEqual([]);
  });

  test.runIf(existsSync('/proc/self/status'))(
    'serve the same executions at the same time, their resident memory is compared, and the row states for how long',
    async () => {
      const root = projectRepository();
      const scratch = temporaryFolder();
      const settings = { quick: true, log: () => {}, scratch, signal: NEVER };
      using revision = await checkOut(root, findRevision(root, 'HEAD'), NEVER);
      const [row] = await compareResident(revision, settings, { perSecond: 20, seconds: 3, looks: 2 });
      expect(row).toMatchObject({
        measure: 'resident memory after 3 s at 20 executions/s',
        ...{ beside: revision.name, unit: 'times', goal: null, value: { samples: 2 } },
      });
      expect(row?.context?.['ours, MiB']).toBeGreaterThan(10);
      expect(row?.context?.['theirs, MiB']).toBeGreaterThan(10);
      expect(readdirSync(scratch)).toEqual([]);
    },
  );

  test.each([
    [['--minutes', '5'], '--minutes: only with --against'],
    [['--against', 'HEAD', '--minutes', '0'], '--minutes: must be a number of minutes over 0'],
    [['--against', 'HEAD', '--minutes', 'ten'], '--minutes: must be a number of minutes over 0'],
  ])('are not measured with the options %j, and the reason is stated', (args, reason) => {
    const bench = spawnSync(process.execPath, ['bench/main.ts', ...args], { cwd: PROJECT, encoding: 'utf8' });
    expect({ code: bench.status, stderr: bench.stderr }).toEqual({ code: 2, stderr: expect.stringContaining(reason) });
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('leave nothing behind after %s', async (signal) => {
    const root = projectRepository();
    const before = checkouts();
    const out = temporaryFolder();
    const args = ['bench/main.ts', '--quick', '--against', 'HEAD', '--out', out];
    const bench = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void bench.kill('SIGKILL'));
    const ended = once(bench, 'exit');
    for await (const line of createInterface(bench.stdout)) {
      if (line.includes('beside HEAD')) expect(line).toMatch(/beside HEAD \([0-9a-f]{7}\)/);
      // The phase has begun: the checkout exists and is in use.
      if (line.startsWith('  throughput: callbacks')) break;
    }
    expect(worktrees(root)).toBe(2);
    bench.kill(signal);
    expect(await ended).toEqual([130, null]);
    expect(worktrees(root)).toBe(1);
    expect(checkouts()).toEqual(before);
    expect(readdirSync(out)).toEqual([]);
  });

  test('are not measured if the bench of the revision has other functions, and the missing ones are named', async () => {
    const root = projectRepository();
    write(root, PROGRAM.prepared, 'export {};\n');
    commit(root);
    using revision = await checkOut(root, findRevision(root, 'HEAD'), NEVER);
    const settings = { quick: true, log: () => {}, scratch: temporaryFolder(), signal: NEVER };
    const size = { open: 100, submissions: 100, rounds: 1, seconds: 0.1 };
    await expect(compareThroughput(revision, settings, size)).rejects.toThrow(
      /the bench of HEAD \([0-9a-f]{7}\) has no preparedIn, copyOf, callbackPaths; choose a later revision/,
    );
  });
});
