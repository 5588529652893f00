// The requests to CXone that the receivers of a cluster have noted (`note-sends.ts`), and how many of them are close together.

import { openSync, readSync } from 'node:fs';

export interface Send {
  /** The id of the process. */
  readonly by: number;
  /** By a clock that all processes share, milliseconds. */
  readonly ms: number;
  /** How long the process may have been busy or without a processor right before, milliseconds. */
  readonly lagMs: number;
}

export interface Sends {
  readonly made: Send[];
  readonly written: Send[];
}

/** A process that was stopped for longer does not lead any more: nothing that it had admitted before may be sent. */
const LONGEST_LAG_MS = 5_000;

/** Returns a function that returns all requests that are in the file by then. It reads what was added since the call before. */
export function readSends(path: string): () => Sends {
  const file = openSync(path, 'r');
  const buffer = Buffer.alloc(65_536);
  const sends: Sends = { made: [], written: [] };
  let rest = '';
  return () => {
    for (let bytes = readSync(file, buffer); bytes > 0; bytes = readSync(file, buffer)) {
      const lines = (rest + buffer.toString('latin1', 0, bytes)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { what, ...send } = JSON.parse(line) as Send & { readonly what: keyof Sends };
        sends[what].push(send);
      }
    }
    return sends;
  };
}

/** Returns the highest number of these requests that were admitted in one window of this length, however late they were made. */
export function mostWithin(windowMs: number, sends: readonly Pick<Send, 'ms' | 'lagMs'>[]): number {
  const sorted = sends.toSorted((a, b) => a.ms - b.ms);
  let most = 0;
  for (let from = 0; from < sorted.length; from += 1) {
    let earliest = Number.POSITIVE_INFINITY;
    let to = from;
    for (; to < sorted.length; to += 1) {
      const { ms, lagMs } = sorted[to] as Send;
      if (to > from && ms >= earliest + windowMs) break;
      earliest = Math.min(earliest, ms - (lagMs > LONGEST_LAG_MS ? 0 : lagMs));
    }
    most = Math.max(most, to - from);
  }
  return most;
}
