// Builds the image of deploy/Containerfile once, from packages alone: a base by mmdebstrap, Node from its npm package.

import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { run } from './command.ts';
import { type Abilities, findAbilities, probeRecipe, summaryOf } from './machine.ts';
import { DRIVERS, type Driver, podmanWith, setEnvironment, storageOf } from './storage.ts';

export interface Image {
  /** The arguments before each subcommand of podman: images, containers and volumes are in a folder of their own. */
  readonly podman: readonly string[];
  /** Where podman runs, as what it starts leaves files in its working directory. */
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
const CLEANER = fileURLToPath(new URL('cleaner.ts', import.meta.url));
const CACHE = join(PROJECT, 'node_modules/.cache/container');
const NAME = 'localhost/cxone-callback-receiver';
const BASE = 'localhost/base';
const PROBE = 'localhost/probe';
/** Debian's release. */
const SUITE = 'bookworm';
const NEEDED = ['buildah', 'podman', 'runc', 'mmdebstrap'];

/** procps has the /bin/kill of the unit. */
const PACKAGES = ['ca-certificates', 'dbus', 'libstdc++6', 'passwd', 'procps', 'systemd', 'systemd-sysv'];

const BASE_TIMEOUT_MS = 900_000;
const BUILD_TIMEOUT_MS = 900_000;
const CLEAN_TIMEOUT_MS = 300_000;

const GIB = 2 ** 30;
/** The driver vfs copies the image for each layer and each container. */
const NEEDED_BYTES = { base: 2 * GIB, overlay: 3 * GIB, vfs: 8 * GIB } as const;

const NONE: Abilities = {
  ...{ builds: false, containers: false, healthChecks: false, secrets: false },
  ...{ memoryLimits: false, processorLimits: false, systemd: false, tracing: false },
};

/** What the machine does not allow is reported, not thrown. What is thrown is a fault of the product or of the tests. */
export async function setup({ provide }: TestProject): Promise<() => void> {
  const scratch = newScratch();
  setEnvironment(scratch);
  const { storage, abilities, notChecked } = await prepare(scratch);
  if (abilities.builds) await build(scratch, storage);
  provide('image', { podman: podmanWith(storage), folder: scratch, name: NAME, base: BASE });
  provide('abilities', abilities);
  return () => {
    // At once: vitest gives the end of a run a few seconds only.
    execFileSync(process.execPath, [CLEANER, scratch], { input: '', timeout: CLEAN_TIMEOUT_MS });
    for (const line of notChecked) process.stdout.write(`NOT CHECKED on this machine: ${line}\n`);
  };
}

/** A folder for everything of the run, with a process that removes it when this one ends in whatever way. */
function newScratch(): string {
  // podman limits the path of --runroot to 50 characters.
  const parent = tmpdir().length > 20 ? '/tmp' : tmpdir();
  const scratch = mkdtempSync(join(parent, 'cxone-container-'));
  // PostgreSQL and apt use it as other users.
  chmodSync(scratch, 0o711);
  const cleaner = spawn(process.execPath, [CLEANER, scratch], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  cleaner.unref();
  return scratch;
}

interface Prepared {
  /** The arguments of podman and buildah for the storage. */
  readonly storage: readonly string[];
  readonly abilities: Abilities;
  /** What is missing here, and why. */
  readonly notChecked: readonly string[];
}

const nothing = (storage: readonly string[], error: unknown): Prepared => ({
  ...{ storage, abilities: NONE },
  notChecked: [`the image, and everything else: ${summaryOf(error)}`],
});

/** Finds what the machine can do, with the first storage driver with which an image can be built. */
async function prepare(scratch: string): Promise<Prepared> {
  let archive: string;
  try {
    await expectCommands();
    expectSpace(scratch, NEEDED_BYTES.base);
    archive = await baseArchive();
  } catch (error) {
    return nothing([], error);
  }
  let prepared = nothing([], 'no storage driver works');
  for (const driver of DRIVERS) {
    if (!prepared.abilities.builds) prepared = await prepareWith(driver, scratch, archive);
  }
  return prepared;
}

async function prepareWith(driver: Driver, scratch: string, archive: string): Promise<Prepared> {
  const storage = storageOf(scratch, driver);
  const podman = (...args: string[]) => run('podman', [...podmanWith(storage), ...args], { cwd: scratch });
  try {
    expectSpace(scratch, NEEDED_BYTES[driver]);
    await podman('import', '--quiet', archive, BASE);
    await buildProbe(storage, scratch);
  } catch (error) {
    return nothing(storage, error);
  }
  const notChecked: string[] = [];
  return { storage, abilities: await findAbilities(podman, PROBE, notChecked), notChecked };
}

async function expectCommands(): Promise<void> {
  const missing: string[] = [];
  for (const command of NEEDED) await run('which', [command]).catch(() => missing.push(command));
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}`);
  if (process.getuid?.() !== 0) throw new Error('it needs root');
}

function expectSpace(folder: string, neededBytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free < neededBytes)
    throw new Error(
      `it needs ${neededBytes / GIB} GiB of disk in ${dirname(folder)}, and ${(free / GIB).toFixed(1)} are free`,
    );
}

/** Made once for each version of Node and list of packages. */
async function baseArchive(): Promise<string> {
  const archive = join(CACHE, `base-${process.version}-${PACKAGES.length}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync(CACHE, { recursive: true });
  // The command is bin/npm-cli.js in the folder of the package.
  const npm = dirname(dirname(realpathSync(await run('which', ['npm']))));
  const hooks = [
    'chroot "$1" useradd --uid 1000 --user-group --create-home node',
    `copy-in ${process.execPath} /usr/local/bin`,
    'mkdir -p "$1/usr/local/lib/node_modules"',
    `copy-in ${npm} /usr/local/lib/node_modules`,
    'ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"',
  ];
  // A cut-off archive must not have the final name.
  const unfinished = join(CACHE, `unfinished-${process.pid}.tar`);
  const network = ['--aptopt=Acquire::Retries "5"', '--aptopt=Acquire::http::Timeout "30"'];
  const options = ['--quiet', '--variant=essential', ...network, `--include=${PACKAGES.join(',')}`];
  const all = [...options, ...hooks.map((hook) => `--customize-hook=${hook}`), SUITE, unfinished, ...(await mirrors())];
  try {
    await run('mmdebstrap', all, { timeoutMs: BASE_TIMEOUT_MS });
    renameSync(unfinished, archive);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return archive;
}

/** The mirrors from which apt of this machine gets the same suite; none: those of Debian. */
async function mirrors(): Promise<string[]> {
  const format = ['--format', 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)'];
  const lines = await run('apt-get', ['indextargets', ...format, 'Created-By: Packages']).catch(() => '');
  return [...new Set(lines.split('\n').filter((line) => line.split(' ')[2]?.startsWith(SUITE)))];
}

/** A build without anything of the receiver, as the real one is made. */
async function buildProbe(storage: readonly string[], scratch: string): Promise<void> {
  const context = mkdtempSync(join(scratch, 'context-'));
  writeFileSync(join(context, 'Containerfile'), probeRecipe(BASE));
  await run('buildah', [...storage, 'build', ...(await buildOptions(scratch)), '-t', PROBE, context]);
}

async function build(scratch: string, storage: readonly string[]): Promise<void> {
  const options = [...(await buildOptions(scratch)), '--build-arg', `BASE=${BASE}`];
  const args = [...storage, 'build', ...options, '-f', 'deploy/Containerfile', '-t', NAME, '.'];
  await run('buildah', args, { cwd: PROJECT, timeoutMs: BUILD_TIMEOUT_MS });
}

/** The steps of a build install packages from the registry that npm has here. */
async function buildOptions(scratch: string): Promise<string[]> {
  const authorities = process.env['NODE_EXTRA_CA_CERTS'];
  const settings = [`registry=${await run('npm', ['config', 'get', 'registry'])}`];
  const volumes = ['--volume', `${join(scratch, 'npmrc')}:/root/.npmrc:ro`];
  if (authorities !== undefined) {
    settings.push('cafile=/run/authorities.pem');
    volumes.push('--volume', `${authorities}:/run/authorities.pem:ro`);
  }
  writeFileSync(join(scratch, 'npmrc'), settings.join('\n'));
  return ['--isolation', 'chroot', '--format', 'docker', ...volumes];
}
