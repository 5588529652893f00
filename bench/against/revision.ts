// Another revision of this repository, checked out into a git worktree in a temporary folder, with the packages that it needs.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A revision that cannot be measured, with the remedy. */
export class UnusableRevision extends Error {
  override readonly name = 'UnusableRevision';
}

export interface Revision {
  /** As the command line has it, with the commit: `main~3 (d1aca47)`, or the commit alone. */
  readonly name: string;
  /** The full hash of the commit. */
  readonly commit: string;
}

export interface CheckedOut extends Revision, Disposable {
  readonly folder: string;
}

/** The files that run, prepare and check a receiver: `benchOf` uses them. */
export const PROGRAM = {
  main: 'src/main.ts',
  prepared: 'bench/prepared.ts',
  requests: 'bench/load/requests.ts',
  contenders: 'bench/servers/contenders.ts',
  receiver: 'bench/servers/receiver.ts',
  sweeper: 'bench/sweeper.ts',
} as const;

const SHORT = 7;

/** @throws {UnusableRevision} if there is no such commit, or if it has no receiver with a bench. */
export function findRevision(root: string, name: string): Revision {
  if (tryGit(root, 'rev-parse', '--is-inside-work-tree') !== 'true')
    throw new UnusableRevision('--against: needs git and a clone of the repository, to check the revision out');
  const commit = tryGit(root, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`);
  if (commit === null)
    throw new UnusableRevision(`--against: there is no commit ${name} in this clone; git fetch, or see git log`);
  const missing = Object.values(PROGRAM).filter(
    (path) => tryGit(root, 'cat-file', '-e', `${commit}:./${path}`) === null,
  );
  if (missing.length > 0)
    throw new UnusableRevision(`--against: ${name} has no ${missing.join(', ')}; choose a later revision`);
  const isHash = commit.startsWith(name.toLowerCase());
  return { name: isHash ? commit.slice(0, SHORT) : `${name} (${commit.slice(0, SHORT)})`, commit };
}

/** Describes the present build, for example `49cb959 with 2 uncommitted files`. */
export function presentBuild(root: string): string {
  const commit = git(root, 'rev-parse', 'HEAD').slice(0, SHORT);
  const changed = git(root, 'status', '--porcelain').split('\n').filter(Boolean).length;
  if (changed === 0) return commit;
  return `${commit} with ${changed} uncommitted ${changed === 1 ? 'file' : 'files'}`;
}

/**
 * Checks the revision out. Packages come from this clone if the lock files are equal, else from npm. Disposal, also by the end of
 * this process, removes everything.
 * @throws {UnusableRevision} if the packages cannot be installed.
 */
export async function checkOut(root: string, revision: Revision, signal: AbortSignal): Promise<CheckedOut> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-against-'));
  const remove = () => {
    process.off('exit', remove);
    tryGit(root, 'worktree', 'remove', '--force', '--force', folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.on('exit', remove);
  try {
    // Without the hooks of this clone, which may do anything after a checkout.
    const unhooked = ['-c', 'core.hooksPath=/dev/null'];
    git(root, ...unhooked, 'worktree', 'add', '--quiet', '--detach', folder, revision.commit);
    if (haveSameLock(root, folder)) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    else await installPackages(folder, revision, signal);
    return { ...revision, folder, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function haveSameLock(...folders: readonly [string, string]): boolean {
  const [present, other] = folders.map((folder) => readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  return present === other;
}

async function installPackages(folder: string, { name }: Revision, signal: AbortSignal): Promise<void> {
  // Development packages too: the bench of the revision prepares its databases.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const npm = spawn('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = () => void npm.kill();
  signal.addEventListener('abort', stop);
  const [[code], stderr] = await Promise.all([once(npm, 'close'), npm.stderr.toArray()]).finally(() =>
    signal.removeEventListener('abort', stop),
  );
  signal.throwIfAborted();
  if (code !== 0) throw new UnusableRevision(`--against: npm ci fails for ${name}:\n${Buffer.concat(stderr)}`);
}

/** @throws Error with what git reports. */
function git(root: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** Returns null if git fails. */
function tryGit(root: string, ...args: readonly string[]): string | null {
  try {
    return git(root, ...args);
  } catch {
    return null;
  }
}
