// The names of the threads of a process, as Linux lists them.

import { readdirSync, readFileSync } from 'node:fs';

/** Null where the system has no such list. */
export function threadNames(pid: number): string[] | null {
  if (process.platform !== 'linux') return null;
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/comm`, 'utf8').trim());
}
