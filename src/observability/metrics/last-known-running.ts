// When CXone was last known to be at work on each open execution: what ended after that went unnoticed no longer than since then.

import { isTerminal } from '../../execution/execution.ts';
import type { Change } from '../../store/port.ts';

/** Past so many open executions, those that come last are not timed. */
const MOST = 100_000;

export interface WorkingSince {
  heard(change: Change): void;
  /** Forgets the execution; undefined when nothing was known, such as from before a restart. */
  ended(reference: string): number | undefined;
}

export function createWorkingSince(): WorkingSince {
  const known = new Map<string, number>();
  return {
    heard: ({ execution: { reference, status }, entry }) => {
      const { event, timestamp, latencyMs } = entry;
      if (isTerminal(status) || !SAYS_AT_WORK.has(event)) return;
      // CXone looked at some moment between question and answer: the first of them is on the safe side.
      if (known.has(reference) || known.size < MOST) known.set(reference, timestamp - (latencyMs ?? 0));
    },
    ended: (reference) => {
      const since = known.get(reference);
      known.delete(reference);
      return since;
    },
  };
}

const SAYS_AT_WORK: ReadonlySet<string> = new Set(['SUBMITTED', 'POLL_PROGRESS', 'CALLBACK_PROGRESS']);
