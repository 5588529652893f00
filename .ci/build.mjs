// Makes dist/, which is what the package runs: Node refuses to strip types under node_modules. It lies where src/ lies, so
// that whatever is found by a relative path (migrations, package.json) is found from both.

import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';

process.chdir(join(import.meta.dirname, '..'));
const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc');

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
// Types for the client alone: the rest is no interface.
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.client.json'], { stdio: 'inherit' });
// What the sources read as it is: styles, the script of the page, the shipped profiles.
cpSync('src', 'dist', { recursive: true, filter: (path) => extname(path) !== '.ts' });
