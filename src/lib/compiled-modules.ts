// Keeps compiled modules on the disk, so that a program that runs from its TypeScript sources does not strip their types at each start.

import { enableCompileCache, getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Part of the installation: in a shared folder like /tmp, another user could place code. */
const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/compiled-modules/', import.meta.url));

/**
 * Reads modules that are imported from now on as an earlier process compiled them, and stores new ones when the process ends. Has no
 * effect for the built package, whose modules have no types, and where the folder cannot be written. NODE_COMPILE_CACHE names another
 * folder, and NODE_DISABLE_COMPILE_CACHE=1 switches this off.
 */
export function keepCompiledModules(): void {
  if (import.meta.url.endsWith('.ts')) enableCompileCache(FOLDER);
}

/** Returns the variables with which a thread does the same as its process. */
export function compiledModulesVariables(): Readonly<Record<string, string>> {
  const folder = getCompileCacheDir();
  // Node's own folder, which it names after its version.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}
