// The locks of this process on a file, as Linux lists them.

import { readFileSync, statSync } from 'node:fs';

/** Other systems have no such list. */
export const LISTS_LOCKS = process.platform === 'linux';

/** A program with an SQLite before 3.51 removes the write-ahead log at its end if no process has a lock on the database. */
export function hasLock(path: string): boolean {
  const isOurs = ` ${process.pid} `;
  const isOfFile = `:${statSync(path).ino} `;
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .some((line) => line.includes(isOurs) && line.includes(isOfFile));
}
