// Makes a folder and those above it.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Returns the first folder that it made; undefined if the folder exists. `mkdirSync` with `recursive` never returns where a file
 * system reports ENOENT in a folder that exists, for example in /proc (Node 24). @throws the error of the file system
 */
export function makeFolders(folder: string, mode = 0o777): string | undefined {
  const missing: string[] = [];
  for (let path = resolve(folder); !existsSync(path); path = dirname(path)) {
    missing.unshift(path);
    // A drive that does not exist, on Windows.
    if (dirname(path) === path) break;
  }
  const [first] = missing;
  // An error, if the path is that of a file.
  if (first === undefined) return mkdirSync(folder, { recursive: true });
  for (const path of missing) makeFolder(path, mode);
  return first;
}

/** Another process may make it at the same time. */
function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
