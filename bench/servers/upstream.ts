// The CXone of measured receivers: the project's own simulator, whose actions run for a day.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Place, startProcess } from '../process.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const POLL_MS = 20;

export interface Upstream {
  readonly url: string;
  stop(): Promise<void>;
}

export interface UpstreamOptions {
  readonly scratch: string;
  readonly place: Place;
  /** Further options of the simulator. */
  readonly flags?: readonly string[];
}

export async function startUpstream({ scratch, place, flags = [] }: UpstreamOptions): Promise<Upstream> {
  const logFile = join(scratch, 'upstream.log');
  const args = ['simulator', '--port', '0', '--quiet', '--run', '86400000', ...flags];
  const child = startProcess({ file: MAIN, args, place, logFile, cwd: scratch });
  for (;;) {
    const over = await Promise.race([child.ended, sleep(POLL_MS)]);
    if (over !== undefined) throw over;
    const url = /CXone simulator on (\S+)/.exec(await readFile(logFile, 'utf8'))?.[1];
    if (url !== undefined) return { url, stop: child.stop };
  }
}
