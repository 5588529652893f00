// The loop behind every worker: work, sleep until the next due time, wake early when nudged, drain on stop.

import type { Log } from './log.ts';
import { reasonOf } from './log.ts';
import type { World } from './world.ts';

/** One round of work. Returns the milliseconds until the next round is due; null if nothing is due before a nudge. */
export type Work = (round: Round) => Promise<number | null>;

export interface Round {
  /** Aborts when the loop stops: all waiting must end. */
  readonly signal: AbortSignal;
  /** Runs a task beside the loop. `stop` waits for it. */
  spawn(task: Promise<void>): void;
}

export interface Loop {
  /** Wakes the loop at `at` (milliseconds since the Unix epoch) at the latest. */
  nudge(at: number): void;
  /** Wakes the loop now: the wall clock was set forward, so that more may be due than the loop sleeps for. */
  wake(): void;
  /** Returns whether the current round is not stuck. */
  alive(): boolean;
  /** Starts no further round. Resolves when the current round and all its tasks have ended. */
  stop(): Promise<void>;
}

/** A loop without a due time, or with one far away, looks for work this often. */
const MAX_SLEEP_MS = 30_000;
const AFTER_ERROR_MS = 1_000;
/** The same failure of rounds in a row is logged this often. */
const REPEAT_MS = 60_000;
/** A round that takes longer counts as stuck. */
const STUCK_MS = 120_000;

// One function because the rounds of a loop share its state.
export function startLoop(name: string, work: Work, world: World, log: Log): Loop {
  const stopping = new AbortController();
  const tasks = new Set<Promise<void>>();
  // Times in here are those of `elapsed`: a time of the wall clock would be wrong after a step.
  /** The earliest time of a nudge since the round began: the round may have missed what is due then. */
  let nudgedAt = Number.POSITIVE_INFINITY;
  let asleep: { readonly until: number; readonly waker: AbortController } | null = null;
  let workingSince: number | null = null;
  /** The failure of the last round, and when it was logged. */
  let failed: { readonly reason: string; readonly at: number } | null = null;

  /** A task that outlives the drain time loses its store when the service stops: expected, so only a warning. */
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

  /** A store that is away for a minute would otherwise fill the log with equal lines of each loop. */
  function complainOfRound(error: unknown): void {
    const reason = reasonOf(error);
    const isRepeat = failed?.reason === reason && world.elapsed() - failed.at < REPEAT_MS;
    if (isRepeat) return;
    failed = { reason, at: world.elapsed() };
    complain(error, 'a round of a loop failed');
  }

  async function oneRound(): Promise<number> {
    workingSince = world.elapsed();
    try {
      const delay = (await work(round)) ?? MAX_SLEEP_MS;
      failed = null;
      return delay;
    } catch (error) {
      complainOfRound(error);
      await world.sleep(AFTER_ERROR_MS, stopping.signal);
      return 0;
    } finally {
      workingSince = null;
    }
  }

  async function sleepUntil(until: number): Promise<void> {
    const waker = new AbortController();
    asleep = { until, waker };
    await world.sleep(until - world.elapsed(), waker.signal);
    asleep = null;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      nudgedAt = Number.POSITIVE_INFINITY;
      const delay = await oneRound();
      const now = world.elapsed();
      const until = Math.min(now + Math.min(delay, MAX_SLEEP_MS), nudgedAt);
      if (until > now && !stopping.signal.aborted) await sleepUntil(until);
    }
  }

  function nudgeIn(ms: number): void {
    const at = world.elapsed() + ms;
    nudgedAt = Math.min(nudgedAt, at);
    // With a reason: without one, each abort creates an exception with its stack.
    if (asleep && at < asleep.until) asleep.waker.abort('nudged');
  }

  const running = run();

  return {
    nudge: (at) => nudgeIn(Math.max(0, at - world.now())),
    wake: () => nudgeIn(0),
    alive: () => !stopping.signal.aborted && (workingSince === null || world.elapsed() - workingSince < STUCK_MS),
    stop: async () => {
      stopping.abort();
      asleep?.waker.abort('stopped');
      await running;
      while (tasks.size > 0) await Promise.all(tasks);
    },
  };
}
