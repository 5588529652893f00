// Says that something keeps happening without a log line each time.

import type { Facts, Log } from './log.ts';
import { runOutsideRequest } from './request-context.ts';
import type { World } from './world.ts';

/** At most one line in this time, milliseconds. */
const QUIET_MS = 10_000;

export type SampledWarning = (kind: string, facts?: Facts) => void;

/** Logs the first at once and then, at most every 10 s, how often each kind came since; `facts` are the latest ones. */
export function createSampledWarning(log: Log, world: Pick<World, 'now' | 'sleep'>, message: string): SampledWarning {
  let loggedAt = Number.NEGATIVE_INFINITY;
  let counts: Record<string, number> = {};
  let latest: Facts = {};
  let waiting = false;

  function tell(): void {
    log.warn({ ...counts, ...latest }, message);
    loggedAt = world.now();
    counts = {};
  }

  /** Also when nothing comes any more. */
  async function tellLater(ms: number): Promise<void> {
    await world.sleep(ms);
    waiting = false;
    if (Object.keys(counts).length > 0) tell();
  }

  return (kind, facts = {}) => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    latest = facts;
    const quietFor = QUIET_MS - Math.abs(world.now() - loggedAt);
    // A clock that was set back must not silence it.
    if (quietFor <= 0) return tell();
    if (waiting) return;
    waiting = true;
    void runOutsideRequest(() => tellLater(quietFor));
  };
}
