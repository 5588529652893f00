// Finds out that a file of the open database was removed or replaced: commits would then go to a file that no start reads.
//
// A look at the log itself makes the next commit longer: since Linux 6.13, a file system notes the exact time of a write if someone has asked
// for that of the one before, and fsync waits for the note. A look at the folder shows that a name in it has changed.

import { type BigIntStats, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface FileWatch {
  /** Returns the path that no longer leads to the open file; null while all do. A few microseconds. */
  missing(): string | null;
}

/** The time between two looks at the files while their folder stays the same: a mount over a file changes no folder. Milliseconds. */
const LOOK_EVERY_MS = 1_000;

/** A folder whose time has been the same for so long may be relied on: file systems count time in steps of up to 10 ms. */
const SETTLED_MS = 1_000;

/** To be called while the database is open in WAL mode, when all of its files exist. @param elapsed a clock in milliseconds */
export function createFileWatch(file: string, lock: string, elapsed = () => performance.now()): FileWatch {
  const paths = [file, `${file}-wal`, `${file}-shm`, lock];
  const folders = [...new Set(paths.map((path) => dirname(path)))];
  const opened = paths.map(identityOf);
  /** The folders as they were seen last, and since when. */
  let seen = '';
  let since = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;

  function missing(): string | null {
    const now = elapsed();
    const state = folders.map(stateOf).join(' ');
    // promise: change-of-a-name-is-noticed-at-once
    if (state !== seen) [seen, since, lookedAt] = [state, now, Number.NEGATIVE_INFINITY];
    // promise: changed-folder-is-looked-into
    if (lookedAt - since >= SETTLED_MS && now - lookedAt < LOOK_EVERY_MS) return null;
    lookedAt = now;
    return paths.find((path, index) => opened[index] !== null && identityOf(path) !== opened[index]) ?? null;
  }

  return { missing };
}

function identityOf(path: string): string | null {
  const stats = statsOf(path);
  return stats === undefined ? null : `${stats.dev}:${stats.ino}`;
}

/** Names of a folder change with its time; the one of the inode, which no program can set back, as `rsync -a` does with the other. */
function stateOf(folder: string): string {
  const { dev, ino, ctimeNs } = statsOf(folder) ?? {};
  return `${dev}:${ino}:${ctimeNs}`;
}

function statsOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}
