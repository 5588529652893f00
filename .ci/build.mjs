// Builds dist/, which the package runs, because Node does not strip types under node_modules. dist/ is next to src/, so that
// relative paths (migrations, package.json) work from both.

import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';

process.chdir(join(import.meta.dirname, '..'));
const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc');

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
// Types for the client only: the other modules are not an interface.
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.client.json'], { stdio: 'inherit' });
// The client again for CommonJS, and for resolvers that do not read "exports".
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.client-cjs.json'], { stdio: 'inherit' });
writeFileSync('dist/client/cjs/package.json', '{"type":"commonjs"}\n');
// Files that the sources read: styles, the script of the page, the shipped profiles.
cpSync('src', 'dist', { recursive: true, filter: (path) => extname(path) !== '.ts' });
