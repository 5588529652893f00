// Finds the export files of the pruner that may hold content of executions, by the ranges and times in their names.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileTimestamp } from '../../lib/time.ts';

const EXPORT = /^(?:audit|payloads)-.*?(\d{4}-\d\d-\d\dT[\dZ-]+)\.ndjson\.gz$/;
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const OF_REFERENCES = new RegExp(`^payloads-(${UUID})-(${UUID})-`);

interface Submitted {
  readonly reference: string;
  /** Milliseconds. */
  readonly submittedAt: number;
}

/** Returns a function that names all files that may hold content of executions. @param copies of the database */
export function createCopyFinder(folder: string | null, copies: () => readonly string[]) {
  return async (executions: readonly Submitted[]): Promise<string[]> => {
    const exported = folder === null ? [] : await findExports(folder, executions);
    return executions.length === 0 ? [] : [...exported, ...copies()];
  };
}

/** Returns the paths in the order of their names; the folder itself if it cannot be read, so that it may hold any of them. */
export async function findExports(folder: string, executions: readonly Submitted[]): Promise<string[]> {
  if (executions.length === 0) return [];
  const found = await readdir(folder).catch(({ code }: NodeJS.ErrnoException) => (code === 'ENOENT' ? [] : null));
  if (found === null) return [folder];
  const names = found.filter((name) => EXPORT.test(name)).toSorted();
  return names
    .filter((name) => executions.some((execution) => mayHold(name, execution)))
    .map((name) => join(folder, name));
}

/** A file of payloads names the references in it. The other files may hold everything that was submitted before them. */
function mayHold(name: string, { reference, submittedAt }: Submitted): boolean {
  const [, first, last] = OF_REFERENCES.exec(name) ?? [];
  if (first !== undefined && last !== undefined) return first <= reference && reference <= last;
  const [, moment = ''] = EXPORT.exec(name) ?? [];
  return moment >= fileTimestamp(submittedAt);
}
