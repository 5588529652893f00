// Finds out that a file of the open database was removed or replaced: commits would then go to a file that no start reads.

import { type BigIntStats, statSync } from 'node:fs';

export interface FileWatch {
  /** Returns the path that no longer leads to the open file; null while all do. A few microseconds. */
  missing(): string | null;
}

/** To be called while the database is open in WAL mode, when all of its files exist. */
export function createFileWatch(file: string, lock: string): FileWatch {
  const paths = [file, `${file}-wal`, `${file}-shm`, lock];
  const opened = paths.map(identityOf);
  return {
    missing: () => paths.find((path, index) => opened[index] !== null && identityOf(path) !== opened[index]) ?? null,
  };
}

function identityOf(path: string): string | null {
  const stats: BigIntStats | undefined = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : `${stats.dev}:${stats.ino}`;
}
