// Loop that notices when the wall clock is set: the other loops then continue within a second, in either direction.

import type { Log } from '../lib/log.ts';
import type { Loop, Work } from '../lib/loop.ts';
import { MIN_STEP_MS, type SteadyClock } from '../lib/steady-clock.ts';
import type { DueWork } from '../store/port.ts';
import { retryUntilCommitted } from '../store/retry-until-committed.ts';

/** Interval of the checks, and thereby the longest delay of due work after a step. */
const CHECK_MS = 750;

export interface ClockWatchTools {
  readonly clock: SteadyClock;
  readonly store: Pick<DueWork, 'moveDueTimesBack'>;
  readonly log: Log;
  readonly loops: () => ReadonlyMap<string, Loop>;
}

/**
 * A step forward may make stored work due at once: the loops look for it. A step back would postpone stored work: its due times
 * move back by as much, and only then does the clock of the receiver follow.
 */
export function createClockWatch({ clock, store, log, loops }: ClockWatchTools): Work {
  const { world } = clock;
  const offset = () => world.now() - world.elapsed();
  let seen = offset();

  async function followBack(signal: AbortSignal): Promise<void> {
    const setBackMs = clock.behindMs();
    if (setBackMs === 0) return;
    await retryUntilCommitted(() => store.moveDueTimesBack(setBackMs), world, signal);
    clock.follow(setBackMs);
    seen -= setBackMs;
    log.warn({ setBackMs }, 'the clock was set back: the times of waiting work were moved with it');
  }

  return async ({ signal }) => {
    await followBack(signal);
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

interface FileAndClockTools extends ClockWatchTools {
  readonly store: ClockWatchTools['store'] & { checkFile(): unknown };
}

/**
 * Returns the work of one loop, since both wake every second. It finds a lost file of the database without any request; the store
 * checks before each commit, too.
 */
export function createFileAndClockWatch(tools: FileAndClockTools): Work {
  const watchClock = createClockWatch(tools);
  return (round) => {
    tools.store.checkFile();
    return watchClock(round);
  };
}
