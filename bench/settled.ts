// Detects when a newly started receiver has read back its statistics and is idle.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Process } from './process.ts';

const LOOK_MS = 500;
/** Number of consecutive quiet samples. */
const QUIET_LOOKS = 3;
/** Share of one processor. */
const QUIET_SHARE = 0.05;
const PATIENCE_MS = 180_000;

/** Resolves with the elapsed milliseconds. @throws Error when the receiver is still busy after three minutes, or ends. */
export async function settled(process: Pick<Process, 'cpuMicroseconds'>, signal: AbortSignal): Promise<number> {
  const begun = performance.now();
  let quiet = 0;
  let [at, spent] = [begun, await process.cpuMicroseconds()];
  while (quiet < QUIET_LOOKS) {
    await sleep(LOOK_MS, undefined, { signal });
    const [now, cpu] = [performance.now(), await process.cpuMicroseconds()];
    quiet = (cpu - spent) / 1000 / (now - at) < QUIET_SHARE ? quiet + 1 : 0;
    [at, spent] = [now, cpu];
    if (now - begun > PATIENCE_MS) throw new Error('the receiver is still busy by itself after three minutes');
  }
  return performance.now() - begun;
}
