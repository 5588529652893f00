// Lowers the priority of a thread: where processors are few, the thread that answers callbacks goes first.

import { existsSync, readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';

/** Added to the nice value of the process; see setpriority(2). */
const NICENESS = 5;
const MAX_NICENESS = 19;

/** On Linux a thread has a priority of its own. */
const OWN_THREAD = '/proc/thread-self';

/** Lowers the priority of the thread that calls it. On other systems than Linux, the threads share the processors evenly. */
export function giveWay(): void {
  if (!existsSync(OWN_THREAD)) return;
  try {
    const thread = Number(basename(readlinkSync(OWN_THREAD)));
    setPriority(thread, Math.min(MAX_NICENESS, getPriority(thread) + NICENESS));
  } catch {
    // A sandbox may forbid it.
  }
}
