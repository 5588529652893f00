// Says that something keeps happening without a log line each time.

import type { Facts, Log } from '../log.ts';
import type { World } from '../world.ts';

/** At most one line in this time, milliseconds. */
const QUIET_MS = 10_000;

export type Notice = (kind: string, facts?: Facts) => void;

/** Logs the first at once and from then on, at most every 10 s, how often each kind came since; `facts` are the latest ones. */
export function createNotice(log: Log, world: Pick<World, 'now'>, message: string): Notice {
  let loggedAt = Number.NEGATIVE_INFINITY;
  let counts: Record<string, number> = {};
  return (kind, facts = {}) => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    const now = world.now();
    // A clock that was set back must not silence it.
    if (Math.abs(now - loggedAt) < QUIET_MS) return;
    log.warn({ ...counts, ...facts }, message);
    loggedAt = now;
    counts = {};
  };
}
