import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Returns the folder of compiled modules of a process, and the variables of its threads. */
function inProcess(env: Readonly<Record<string, string>>): { folder?: string; variables: unknown } {
  const program = `
    import { getCompileCacheDir } from 'node:module';
    import { keepCompiledModules, compiledModulesVariables } from './src/lib/compiled-modules.ts';
    keepCompiledModules();
    console.log(JSON.stringify({ folder: getCompileCacheDir(), variables: compiledModulesVariables() }));`;
  const args = ['--input-type=module', '--eval', program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' }));
}

test('a process and its threads keep compiled modules in the installation, not in a folder that other users can write', () => {
  const folder = `${ROOT}node_modules/.cache/compiled-modules`;
  const { folder: used, variables } = inProcess({});
  expect(used).toMatch(new RegExp(`^${RegExp.escape(folder)}/v\\d+`));
  expect(variables).toEqual({ NODE_COMPILE_CACHE: folder });
});

test('NODE_DISABLE_COMPILE_CACHE switches it off, for threads as well', () => {
  expect(inProcess({ NODE_DISABLE_COMPILE_CACHE: '1' })).toEqual({ variables: {} });
});
