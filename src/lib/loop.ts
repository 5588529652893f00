// The one loop behind every background verb: work, sleep until the next due moment, wake early when nudged, drain on stop.

import type { Log } from './log.ts';
import { reasonOf } from './log.ts';
import type { World } from './world.ts';

/** One round of work. It returns in how many milliseconds the next is due; null when nothing is due until a nudge. */
export type Work = (round: Round) => Promise<number | null>;

export interface Round {
  /** Aborts when the loop is to stop: what waits lets go. */
  readonly signal: AbortSignal;
  /** Lets a task go on beside the loop; stopping waits for it. */
  spawn(task: Promise<void>): void;
}

export interface Loop {
  /** Something is due at `at` (milliseconds since the epoch): no sleeping past it. */
  nudge(at: number): void;
  /** Whether rounds still come to an end. */
  alive(): boolean;
  /** Starts nothing new; resolves when the round and all that it spawned have ended. */
  stop(): Promise<void>;
}

/** The wall clock may be set, so no loop sleeps longer than this on what it read from it. */
const MAX_SLEEP_MS = 30_000;
const AFTER_ERROR_MS = 1_000;
/** A round that takes longer than this is stuck. */
const STUCK_MS = 120_000;

export function startLoop(name: string, work: Work, world: World, log: Log): Loop {
  const stopping = new AbortController();
  const tasks = new Set<Promise<void>>();
  /** The earliest moment told by a nudge since the round began: the round may have looked past it. */
  let nudgedAt = Number.POSITIVE_INFINITY;
  let asleep: { readonly until: number; readonly waker: AbortController } | null = null;
  let workingSince: number | null = null;

  /** What does not end in time when the service stops loses its store: given up, as is meant to be, and no fault. */
  function complain(error: unknown, message: string): void {
    log[stopping.signal.aborted ? 'warn' : 'error']({ loop: name, reason: reasonOf(error) }, message);
  }

  const round: Round = {
    signal: stopping.signal,
    spawn: (task) => {
      const guarded = task
        .catch((error: unknown) => complain(error, 'a task of a loop failed'))
        .finally(() => tasks.delete(guarded));
      tasks.add(guarded);
    },
  };

  async function oneRound(): Promise<number> {
    workingSince = world.now();
    try {
      return (await work(round)) ?? MAX_SLEEP_MS;
    } catch (error) {
      complain(error, 'a round of a loop failed');
      await world.sleep(AFTER_ERROR_MS, stopping.signal);
      return 0;
    } finally {
      workingSince = null;
    }
  }

  async function sleepUntil(until: number): Promise<void> {
    const waker = new AbortController();
    asleep = { until, waker };
    await world.sleep(until - world.now(), AbortSignal.any([waker.signal, stopping.signal]));
    asleep = null;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      nudgedAt = Number.POSITIVE_INFINITY;
      const delay = await oneRound();
      const now = world.now();
      const until = Math.min(now + Math.min(delay, MAX_SLEEP_MS), nudgedAt);
      if (until > now && !stopping.signal.aborted) await sleepUntil(until);
    }
  }

  const running = run();

  return {
    nudge: (at) => {
      nudgedAt = Math.min(nudgedAt, at);
      // With a reason, as else an exception is made for each, stack and all.
      if (asleep && at < asleep.until) asleep.waker.abort('nudged');
    },
    alive: () => !stopping.signal.aborted && (workingSince === null || world.now() - workingSince < STUCK_MS),
    stop: async () => {
      stopping.abort();
      await running;
      while (tasks.size > 0) await Promise.all(tasks);
    },
  };
}
