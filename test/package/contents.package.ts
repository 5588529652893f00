// The contents of the tarball: every file that the package needs, no other, and a bounded size.

import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { expect, inject, test } from 'vitest';

const { tarball, home } = inject('installation');
const paths = tarball.files.map(({ path }) => path);
const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));

/** The limits that docs/quick-start.md states. */
const MOST_PACKED = 1_200_000;
const MOST_UNPACKED = 3_800_000;

const BELONGS = [
  /^dist\/.+\.(js|json|css)$/,
  /^(dist|src)\/client\/(cjs\/)?[a-z-]+(\.d)?\.ts$/,
  /^migrations\/(postgres\/)?\d{4}_[a-z_]+\.sql$/,
  /^migrations\/meta\/_journal\.json$/,
  /^docs\/([a-z-]+\/)?[A-Za-z-]+\.(md|png)$/,
  /^(package\.json|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE|\.env\.example)$/,
];

/** Returns the packages among the imports of a module: `hono/html` belongs to `hono`. */
function packagesIn(folder: string): string[] {
  const modules = readdirSync(join(home, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  );
  const imports = /^(?:import|export) (?:[\w*{}, \n]+ from )?'([^']+)'|\b(?:import|require)\('([^']+)'/gm;
  const named = modules.flatMap((name) => [...readFileSync(join(home, folder, name), 'utf8').matchAll(imports)]);
  const packages = named
    .map(([, from = '', later = '']) => from || later)
    .filter((from) => !from.startsWith('.') && !isBuiltin(from));
  return [...new Set(packages.map((from) => /^(@[^/]+\/)?[^/]+/.exec(from)?.[0] ?? ''))].sort();
}

/** Returns the packages that a package expects to be installed next to it. */
function requiredPeers(name: string): string[] {
  const text = readFileSync(join(PROJECT, 'node_modules', name, 'package.json'), 'utf8');
  const { peerDependencies = {}, peerDependenciesMeta = {} } = JSON.parse(text);
  return Object.keys(peerDependencies).filter((peer) => !peerDependenciesMeta[peer]?.optional);
}

test('the tarball holds the program, the migrations and the documents: no tests, no data, no secrets', () => {
  expect(paths.filter((path) => !BELONGS.some((pattern) => pattern.test(path)))).toEqual([]);
});

test('the tarball holds every module, and every file that a module reads', () => {
  const sources = readdirSync(join(PROJECT, 'src'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const wanted = sources.map(({ parentPath, name }) =>
    join('dist', parentPath.slice(join(PROJECT, 'src').length), name.replace(/\.ts$/, '.js')),
  );
  expect(wanted.length).toBeGreaterThan(300);
  expect(wanted.filter((path) => !paths.includes(path))).toEqual([]);
  const migrations = readdirSync(join(PROJECT, 'migrations'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.sql'),
  );
  expect(migrations.some((name) => name.startsWith('postgres/'))).toBe(true);
  expect(migrations.filter((name) => !paths.includes(`migrations/${name}`))).toEqual([]);
});

test('the tarball is as small as docs/quick-start.md states', () => {
  const { size, unpackedSize, files } = tarball;
  process.stdout.write(`package: ${size} bytes packed, ${unpackedSize} unpacked, ${files.length} files\n`);
  expect(size).toBeLessThan(MOST_PACKED);
  expect(unpackedSize).toBeLessThan(MOST_UNPACKED);
});

test('the package depends on exactly the packages that it imports, and on those that they require of it', () => {
  const imported = packagesIn('dist');
  const peers = imported.flatMap((name) => requiredPeers(name));
  expect(Object.keys(manifest.dependencies).sort()).toEqual([...new Set([...imported, ...peers])].sort());
});

test('the client imports no package', () => {
  expect(packagesIn('dist/client')).toEqual([]);
});

test('publint reports nothing', async () => {
  const { messages, pkg } = await publint({ pkgDir: home, pack: false, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});
