// What makes `npm ci` work on any machine: exact versions, a complete lockfile, and a word on every install script.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Package {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
const { dependencies, devDependencies, allowScripts, version } = read('package.json');
const locked: Readonly<Record<string, Package>> = read('package-lock.json').packages;

const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

test('every version is exact: under an older Node npm quietly picks an older release for a range', () => {
  const versions: string[] = Object.values({ ...dependencies, ...devDependencies });
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

test('every install script is allowed or refused by name', () => {
  const withScript = Object.keys(locked).filter((path) => locked[path]?.hasInstallScript === true);
  expect(withScript.map(nameOf).filter((name) => !(name in allowScripts))).toEqual([]);
});

test('the changelog has an entry for the current version', () => {
  expect(readFileSync(new URL('../CHANGELOG.md', import.meta.url), 'utf8')).toMatch(`## [${version}]`);
});
