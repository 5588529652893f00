// Loop that notices when the wall clock is set: the other loops then continue within a second, in either direction.

import { type Log, reasonOf } from '../lib/log.ts';
import type { Loop, Work } from '../lib/loop.ts';
import { MIN_STEP_MS, type SteadyClock } from '../lib/steady-clock.ts';
import { isoTime } from '../lib/time.ts';
import { type CommitProbe, type DueWork, StoreUnavailable } from '../store/port.ts';
import type { DatabaseFile } from '../store/receiver-store.ts';
import { retryUntilCommitted } from '../store/retry-until-committed.ts';

/** Interval of the checks, and thereby the longest delay of due work after a step. */
const CHECK_MS = 750;

/**
 * Interval of the heartbeats. A step back while the receiver is down is measured from the last one: after a crash, work is
 * delayed by this time at most.
 */
const HEARTBEAT_MS = 10_000;

export interface ClockWatchTools {
  readonly clock: SteadyClock;
  readonly store: Pick<DueWork, 'moveDueTimes'>;
  readonly log: Log;
  readonly loops: () => ReadonlyMap<string, Loop>;
  /** Whether due times are those of this receiver: another one that leads moves them by its own clock. */
  readonly leads: () => boolean;
}

/**
 * A step back would postpone stored work: its due times move back by as much, and the clock of the receiver follows once that has
 * begun. A step forward moves them forward as far as it undoes steps back; beyond that, it may make stored work due at once: the
 * loops look for it.
 */
export function createClockWatch({ clock, store, log, loops, leads }: ClockWatchTools): Work {
  const { world } = clock;
  const offset = () => world.now() - world.elapsed();
  let seen = offset();

  async function follow(signal: AbortSignal): Promise<void> {
    const stepMs = clock.stepMs();
    const movedMs = Math.min(stepMs, clock.behindMs());
    if (movedMs === 0) return;
    const from = Math.round(world.now());
    const step = { from, to: from + movedMs };
    let isFollowed = false;
    const begun = () => {
      if (isFollowed) return;
      isFollowed = true;
      clock.follow(movedMs);
      seen += movedMs;
    };
    const move = async () => (leads() && !isFollowed ? store.moveDueTimes(step, begun) : undefined);
    await retryUntilCommitted(move, world, signal);
    begun();
    const facts = { ...(movedMs < 0 ? { setBackMs: -movedMs } : { setForwardMs: movedMs }), ...inIso(step) };
    const how = movedMs < 0 ? 'back' : 'forward again';
    log.warn(facts, `the clock was set ${how}: the times of waiting work were moved with it`);
  }

  return async ({ signal }) => {
    await follow(signal);
    const setForwardMs = Math.round(offset() - seen);
    seen = offset();
    if (setForwardMs >= MIN_STEP_MS) {
      log.warn({ setForwardMs }, 'the clock was set forward: work that is due by it starts now');
      // promise: forward-step-wakes-loops
      for (const loop of loops().values()) loop.wake();
    }
    return CHECK_MS;
  };
}

function inIso({ from, to }: { readonly from: number; readonly to: number }) {
  return { from: isoTime(from), to: isoTime(to) };
}

interface WatchTools extends ClockWatchTools {
  readonly store: ClockWatchTools['store'] & CommitProbe & { readonly file: Pick<DatabaseFile, 'checkFile'> | null };
  /** Returns what is wrong with the clock of this machine, in words; null while nothing is. */
  readonly clockProblem: () => string | null;
}

/**
 * Returns the work of one loop, since all of it wakes every second. It also finds a lost file of the database without any request
 * (the store checks before each commit, too), and notes the time, so that the next start notices a clock that was set back.
 */
export function createFileAndClockWatch(tools: WatchTools): Work {
  const { clock, store, log, clockProblem } = tools;
  const { world } = clock;
  const watchClock = createClockWatch(tools);
  let noteAt = Number.NEGATIVE_INFINITY;
  let isWrong = false;

  function reportClock(): void {
    const problem = clockProblem();
    if (problem !== null && !isWrong) log.warn({ problem }, 'this receiver is not ready because of its clock');
    if (problem === null && isWrong) log.info({}, 'the clock of this machine agrees with that of the database again');
    isWrong = problem !== null;
  }

  return async (round) => {
    store.file?.checkFile();
    reportClock();
    const next = await watchClock(round);
    // Until it is noted, each check tries, and while the store refused a commit: it is found to have room by that.
    const isDue = world.elapsed() >= noteAt || (store.unavailable?.() ?? null) !== null;
    if (isDue && (await noteTime(store, world.now(), log))) {
      noteAt = world.elapsed() + HEARTBEAT_MS;
    }
    return next;
  };
}

/** Notes the time in the store. Returns false if the store takes no writes: the next start notices a clock that was set back later then. */
export async function noteTime(store: CommitProbe, now: number, log: Log): Promise<boolean> {
  try {
    await store.ping(now);
    return true;
  } catch (error) {
    // Readiness reports a store that takes no writes.
    if (!(error instanceof StoreUnavailable)) throw error;
    log.debug(() => ({ reason: reasonOf(error) }), 'the time could not be noted in the database');
    return false;
  }
}
