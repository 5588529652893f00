// Packs the package once and installs the tarball into an empty folder, with the oldest Node that it may have and the newest in addition to the current one.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

/** The report of `npm pack`. */
export interface Tarball {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

export interface Installation {
  readonly tarball: Tarball;
  /** The folder of the installation. */
  readonly folder: string;
  /** The installed package. */
  readonly home: string;
  /** A folder with TypeScript 5, which still has the resolution `node10`, and public checkers and generators of types. */
  readonly checkers: string;
  /** The folders that contain `node`, by its major version. */
  readonly nodes: Readonly<Record<'22' | '24' | '26', string>>;
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly installation: Installation;
  }
}

/** Public generators of types from an OpenAPI document. */
const GENERATORS = ['openapi-typescript@7.13.0', '@hey-api/openapi-ts@0.99.0'];

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

export function setup({ provide }: TestProject): () => void {
  const scratch = mkdtempSync(join(tmpdir(), 'cxone-callback-receiver-package-'));
  const inside = (name: string, manifest: object) => {
    const folder = join(scratch, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, ...manifest }));
    return folder;
  };
  const installNode = (version: string) => {
    const name = `node-${process.platform}-${process.arch}`;
    const place = inside(`node-${version}`, {});
    npm(place, 'install', `${name}@${version}`);
    return join(place, 'node_modules', name, 'bin');
  };
  const checkers = inside('checkers', { type: 'module' });
  npm(checkers, 'install', '@arethetypeswrong/core@0.18.5', 'typescript@5.9.3', ...GENERATORS);
  const [tarball] = JSON.parse(npm(PROJECT, 'pack', '--json', '--silent', '--pack-destination', scratch)) as Tarball[];
  if (tarball === undefined) throw new Error('npm pack made nothing');
  const folder = inside('app', { type: 'module' });
  npm(folder, 'install', join(scratch, tarball.filename));
  provide('installation', {
    tarball,
    folder,
    checkers,
    home: join(folder, 'node_modules/cxone-callback-receiver'),
    nodes: { 22: installNode('22.18.0'), 24: dirname(process.execPath), 26: installNode('26.10.0') },
  });
  return () => rmSync(scratch, { recursive: true, force: true });
}

function npm(cwd: string, ...args: readonly string[]): string {
  const quietly = ['--no-audit', '--no-fund', '--prefer-offline'];
  return execFileSync('npm', [...args, ...quietly], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
