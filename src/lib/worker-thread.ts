// Starts a worker thread from a module of the receiver, from the sources as well as from the built package, and lowers the priority of one.

import { existsSync, readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { compiledModulesVariables } from './compiled-modules.ts';

/** Default limit of a young generation, MiB: that of the main thread with the flag of `npm start`, three semi-spaces. */
const MAX_YOUNG_MIB = 48;

/**
 * Starts the module `new URL('./name.ts', import.meta.url)` on a thread. The thread has none of the environment variables,
 * because none of its work needs a secret.
 * @throws {Error} if threads are not allowed (Node's permission model). A module that cannot be loaded is an `error` event.
 */
export function startWorkerThread(module: URL, options: Omit<WorkerOptions, 'env' | 'eval'>): Worker {
  // The flag of `npm start` would override the thread's own limit. The main thread has read it at its start, and keeps its own.
  // promise: threads-have-their-own-limits
  setFlagsFromString('--max-semi-space-size=0');
  const resourceLimits = { maxYoungGenerationSizeMb: MAX_YOUNG_MIB, ...options.resourceLimits };
  const env = compiledModulesVariables();
  return new Worker(moduleBeside(module, import.meta.url), { ...options, resourceLimits, env });
}

/** Returns the URL of a module as it is named where `running` is: the build rewrites the extensions of imports, but not of URLs. */
export function moduleBeside(module: URL, running: string): URL {
  return running.endsWith('.js') ? new URL(module.href.replace(/\.ts$/, '.js')) : module;
}

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
