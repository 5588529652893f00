// Gives the database and everything beside it the mode that the operator set, whatever the umask is.

import { chmodSync, closeSync, existsSync, fchmodSync, openSync, statSync } from 'node:fs';

/** Read and write for the owner alone. */
export const PRIVATE_MODE = 0o600;

/** What lies beside a database. SQLite creates -wal, -shm and -journal with the mode of the file that they belong to. */
const BESIDE = ['-wal', '-shm', '-journal', '.lock', '.lock-journal'];

export interface ModeChange {
  readonly path: string;
  /** As `ls` counts: 0o644. */
  readonly before: number;
}

/** Creates an empty file unless there is one. SQLite alone would apply the umask. */
export function createWithMode(path: string, mode: number): void {
  if (existsSync(path)) return;
  try {
    closeSync(openWithMode(path, mode));
  } catch (error) {
    // SQLite opens the file next, and its error is the one that has advice.
    if (!['EACCES', 'EROFS'].includes((error as { code?: string }).code ?? '')) throw error;
  }
}

/** Creates a file that must not exist, with this mode whatever the umask. Returns its descriptor. */
export function openWithMode(path: string, mode: number): number {
  const handle = openSync(path, 'ax', mode);
  fchmodSync(handle, mode);
  return handle;
}

/** Sets the mode of a database and of what lies beside it. Returns the files that had another one. */
export function setDatabaseMode(file: string, mode: number): ModeChange[] {
  const changed: ModeChange[] = [];
  for (const path of [file, ...BESIDE.map((suffix) => file + suffix)]) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || (stats.mode & 0o777) === mode) continue;
    // Only the owner may change it. Another user that may write the file can still run the receiver; doctor reports the mode.
    if (stats.uid !== process.geteuid?.() && process.geteuid?.() !== 0) continue;
    chmodSync(path, mode);
    changed.push({ path, before: stats.mode & 0o777 });
  }
  return changed;
}
