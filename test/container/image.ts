// Builds the image of deploy/Containerfile once, from packages alone: a base by mmdebstrap, Node from its npm package.

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { type Abilities, findAbilities, NONE } from './machine.ts';

export interface Image {
  /** The arguments before each subcommand of podman: images, containers and volumes are in a folder of their own. */
  readonly podman: readonly string[];
  /** Where podman runs: its monitor leaves a file named `oom` there when the kernel kills a container. */
  readonly folder: string;
  readonly name: string;
  /** The base on which it is built. */
  readonly base: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly image: Image;
    readonly abilities: Abilities;
  }
}

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(PROJECT, 'node_modules/.cache/container');
const NAME = 'localhost/cxone-callback-receiver';
const BASE = 'localhost/base';
const ISOLATION = ['--isolation', 'chroot'];
const NEEDED = ['buildah', 'podman', 'runc', 'mmdebstrap', 'strace'];

/** procps has the /bin/kill of the unit. */
const PACKAGES = ['ca-certificates', 'dbus', 'libstdc++6', 'passwd', 'procps', 'systemd', 'systemd-sysv'];

export async function setup({ provide }: TestProject): Promise<() => void> {
  const missing = NEEDED.filter((command) => !isInstalled(command));
  if (missing.length > 0 || process.getuid?.() !== 0) {
    throw new Error(
      `test:container needs root and ${NEEDED.join(', ')}; not installed: ${missing.join(', ') || 'none'}`,
    );
  }
  // podman limits the path of --runroot to 50 characters.
  const scratch = mkdtempSync(join(tmpdir(), 'cxone-container-'));
  try {
    const notChecked: string[] = [];
    const storage = storageWithBase(scratch, notChecked);
    const podman = podmanWith(storage ?? []);
    const abilities =
      storage === null ? NONE : await findAbilities(podman, BASE, () => buildNothing(storage, scratch), notChecked);
    if (storage !== null && abilities.builds) build(scratch, storage);
    provide('image', { podman, folder: scratch, name: NAME, base: BASE });
    provide('abilities', abilities);
    return () => {
      if (abilities.containers) run('podman', ...podman, 'rm', '--all', '--force', '--time', '0');
      remove(scratch);
      for (const line of notChecked) process.stdout.write(`NOT CHECKED on this machine: ${line}\n`);
    };
  } catch (error) {
    remove(scratch);
    throw error;
  }
}

const podmanWith = (storage: readonly string[]): readonly string[] => [
  ...storage,
  ...['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'],
];

/**
 * Imports the base with the first storage driver that works here. vfs needs nothing of the kernel, but copies the image for each
 * container. Null if the base cannot be made or imported, which has nothing to do with the receiver.
 */
function storageWithBase(scratch: string, notChecked: string[]): readonly string[] | null {
  const reasons: unknown[] = [];
  for (const driver of ['overlay', 'vfs']) {
    const folder = join(scratch, driver);
    const storage = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', driver];
    try {
      run('podman', ...podmanWith(storage), 'import', '--quiet', baseArchive(), BASE);
      return storage;
    } catch (error) {
      reasons.push(error);
    }
  }
  notChecked.push(`the image, and everything else, because it has no base: ${reasons.join('; ')}`);
  return null;
}

/** The driver overlay leaves its folder mounted on itself. */
function remove(scratch: string): void {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const points = mounts.map((line) => line.split(' ')[1] ?? '').filter((point) => point.startsWith(scratch));
  for (const point of points.reverse()) run('umount', point);
  rmSync(scratch, { recursive: true, force: true });
}

/** Made once for each version of Node and list of packages. */
function baseArchive(): string {
  const archive = join(CACHE, `base-${process.version}-${PACKAGES.length}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync(CACHE, { recursive: true });
  // The command is bin/npm-cli.js in the folder of the package.
  const npm = dirname(dirname(realpathSync(run('which', 'npm').trim())));
  const hooks = [
    'chroot "$1" useradd --uid 1000 --user-group --create-home node',
    `copy-in ${process.execPath} /usr/local/bin`,
    'mkdir -p "$1/usr/local/lib/node_modules"',
    `copy-in ${npm} /usr/local/lib/node_modules`,
    'ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"',
  ];
  // A cut-off archive must not have the final name.
  const unfinished = join(dirname(archive), 'unfinished.tar');
  const options = [
    '--quiet',
    '--variant=essential',
    '--aptopt=Acquire::Retries "5"',
    `--include=${PACKAGES.join(',')}`,
  ];
  run('mmdebstrap', ...options, ...hooks.map((hook) => `--customize-hook=${hook}`), 'bookworm', unfinished);
  renameSync(unfinished, archive);
  return archive;
}

/** A build without anything of the receiver, with the isolation of the real one. */
function buildNothing(storage: readonly string[], scratch: string): void {
  const context = join(scratch, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'Containerfile'), `FROM ${BASE}\nRUN true\n`);
  run('buildah', ...storage, 'build', '--quiet', ...ISOLATION, context);
}

/** The build installs packages from the registry that npm has here. */
function build(scratch: string, storage: readonly string[]): void {
  const authorities = process.env['NODE_EXTRA_CA_CERTS'];
  const settings = [`registry=${run('npm', 'config', 'get', 'registry').trim()}`];
  const volumes = ['--volume', `${join(scratch, 'npmrc')}:/root/.npmrc:ro`];
  if (authorities !== undefined) {
    settings.push('cafile=/run/authorities.pem');
    volumes.push('--volume', `${authorities}:/run/authorities.pem:ro`);
  }
  writeFileSync(join(scratch, 'npmrc'), settings.join('\n'));
  const options = [...ISOLATION, '--format', 'docker', '--build-arg', `BASE=${BASE}`, ...volumes];
  run('buildah', ...storage, 'build', '--quiet', ...options, '-f', 'deploy/Containerfile', '-t', NAME, '.');
}

function isInstalled(command: string): boolean {
  try {
    execFileSync('which', [command], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { cwd: PROJECT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
