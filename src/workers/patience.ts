// How long an execution stays open after its deadline although no last poll reaches CXone: for the length of another polling window.

import type { Execution } from '../execution/execution.ts';
import type { World } from '../lib/world.ts';

/** Executions of which a last poll has failed that are remembered, and for how long at least. */
const MAX_TRIED = 100_000;
const TRIED_FOR_MS = 3_600_000;

export interface Patience {
  /** Notes that a poll has reached CXone. */
  reached(execution: Execution): void;
  /** Returns whether the patience with an execution has ended of which a poll has just failed. */
  ends(execution: Execution, now: number): boolean;
  /** Returns whether the patience with an execution has ended that waits for its poll. */
  endsUnpolled(execution: Execution, now: number): boolean;
}

/**
 * Patience begins at the deadline, or at the start of this process, or later: after an outage many polls are due, and wait for each other.
 * @param maxTried executions that are remembered; default: 100,000
 */
export function createPatience(world: Pick<World, 'now' | 'elapsed'>, maxTried = MAX_TRIED): Patience {
  /** Elapsed time of the last poll that reached CXone; at first, that of the start. */
  let reachedAt = world.elapsed();
  /** Elapsed times of the first last polls that failed, oldest first. */
  const tried = new Map<string, number>();

  /** @param since elapsed time */
  function isOver({ deadline, timeoutSeconds }: Execution, since: number, now: number): boolean {
    const sinceOnClock = world.now() - Math.round(world.elapsed() - since);
    return deadline !== null && now >= Math.max(deadline, sinceOnClock) + timeoutSeconds * 1000;
  }

  /** Without room for another one, its patience begins later, when others have ended. */
  function triedAt(reference: string): number {
    const known = tried.get(reference);
    if (known !== undefined) return known;
    const now = world.elapsed();
    for (const [oldest, at] of tried) {
      if (tried.size < maxTried || now - at < TRIED_FOR_MS) break;
      tried.delete(oldest);
    }
    if (tried.size < maxTried) tried.set(reference, now);
    // promise: each-last-poll-of-a-backlog-is-retried
    return now;
  }

  return {
    reached: ({ reference }) => {
      reachedAt = world.elapsed();
      tried.delete(reference);
    },
    ends: (execution, now) => {
      if (!isPast(execution.deadline, now)) return false;
      // promise: last-poll-of-a-backlog-is-retried
      const hasEnded = isOver(execution, triedAt(execution.reference), now);
      if (hasEnded) tried.delete(execution.reference);
      return hasEnded;
    },
    // promise: backlog-is-polled-before-timeout
    endsUnpolled: (execution, now) => isOver(execution, reachedAt, now),
  };
}

export function isPast(moment: number | null, now: number): boolean {
  return moment !== null && now >= moment;
}
