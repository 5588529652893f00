// What makes `npm ci` work on any machine: exact versions, a complete lockfile, and packages without install scripts.

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface Package {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly os?: string | readonly string[];
  readonly cpu?: string | readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const HOME = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
const { dependencies, devDependencies, optionalDependencies, allowScripts, scripts, version } = read('package.json');
const locked: Readonly<Record<string, Package>> = read('package-lock.json').packages;

const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

test('every version is exact: under an older Node npm quietly picks an older release for a range', () => {
  const versions: string[] = Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(versions.filter((wanted) => !/^\d+\.\d+\.\d+$/.test(wanted))).toEqual([]);
});

test('the lockfile names no registry, so that a mirror serves as well', () => {
  expect(Object.keys(locked).filter((path) => locked[path]?.resolved !== undefined)).toEqual([]);
});

test('every package is locked to its content: `npm ci` installs these bytes or nothing', () => {
  const paths = Object.keys(locked).filter((path) => path !== '');
  expect(paths.length).toBeGreaterThan(100);
  expect(paths.filter((path) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(locked[path]?.integrity ?? ''))).toEqual([]);
});

test('the lockfile holds what each platform needs, else `npm ci` refuses it', () => {
  const names = new Set(Object.keys(locked).map(nameOf));
  const wanted = Object.values(locked).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
  expect(wanted.length).toBeGreaterThan(10);
  expect(wanted.filter((name) => !names.has(name))).toEqual([]);
});

const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

test('no package of the lockfile has an install script', () => {
  expect(Object.keys(locked).filter((path) => locked[path]?.hasInstallScript === true)).toEqual([]);
});

test('no installed package has an install script, and this one has none either', () => {
  const manifests = globSync('node_modules/**/package.json', { cwd: HOME });
  expect(manifests.length).toBeGreaterThan(100);
  const withScript = manifests.filter((path) => INSTALL_SCRIPTS.some((name) => name in (read(path).scripts ?? {})));
  expect(withScript).toEqual([]);
  expect([...INSTALL_SCRIPTS, 'prepare'].filter((name) => name in scripts)).toEqual([]);
});

test('npm builds nothing: it would run node-gyp for a package with a binding.gyp unless package.json refuses that', () => {
  const gypFiles = globSync('node_modules/**/binding.gyp', { cwd: HOME });
  const native = gypFiles.filter((path) => existsSync(join(HOME, dirname(path), 'package.json')));
  expect(allowScripts).toEqual(Object.fromEntries(native.map((path) => [nameOf(dirname(path)), false])));
});

test('the Node of the scripts is a locked package, of which npm installs the one for the system and the processor', () => {
  const targets = Object.keys(optionalDependencies).map((name) => {
    const { os, cpu } = locked[`node_modules/${name}`] ?? {};
    return { name, target: [os, cpu].flat().join('-').replace('win32', 'win') };
  });
  expect(targets.length).toBeGreaterThan(2);
  expect(targets.filter(({ name, target }) => name !== `node-${target}`)).toEqual([]);
  const print = 'console.log(process.platform, process.arch, process.version)';
  const output = execFileSync('npm', ['exec', '--no', '--', 'node', '-e', print], { cwd: HOME, encoding: 'utf8' });
  const [platform, arch, used] = output.trim().split(' ');
  const target = `${platform}-${arch}`.replace('win32', 'win');
  const wanted = optionalDependencies[`node-${target}`];
  if (wanted !== undefined) expect(used).toBe(`v${wanted}`);
});

test('the changelog has an entry for the current version', () => {
  expect(readFileSync(new URL('../CHANGELOG.md', import.meta.url), 'utf8')).toMatch(`## [${version}]`);
});
