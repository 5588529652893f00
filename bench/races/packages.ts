// Installs a peer in a fixed version, outside this project, and loads it from there.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Unavailable } from './races.ts';

/**
 * Installs packages, for example `pg-boss@12.38.0`, into a folder, without their install scripts.
 * @throws Unavailable with the message of npm.
 */
export async function install(folder: string, packages: readonly string[]): Promise<void> {
  const done = join(folder, `${packages.join('+').replaceAll(/[^\w.@+-]/g, '_')}.installed`);
  if (existsSync(done)) return;
  await writeFile(join(folder, 'package.json'), '{"private": true}\n');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages];
  try {
    await promisify(execFile)('npm', args, { cwd: folder });
  } catch (error) {
    throw new Unavailable(
      `npm cannot install ${packages.join(' ')}: ${(error as { stderr?: string }).stderr ?? error}`,
    );
  }
  await writeFile(done, '');
}

/** Loads a package of the folder. `T` describes the used part of it. */
export async function load<T>(folder: string, name: string): Promise<T> {
  return (await import(await moduleOf(folder, name))) as T;
}

/** Returns the URL of a module with the exports of a package, which is resolved from the folder by the rules for imports. */
export async function moduleOf(folder: string, name: string): Promise<string> {
  const path = join(folder, `${name.replaceAll(/\W/g, '_')}.mjs`);
  await writeFile(path, `export * from '${name}';\n`);
  return pathToFileURL(path).href;
}
