// The phases of a process: running, draining, ended.

import type { Loop } from './loop.ts';
import type { World } from './world.ts';

/** The state that parts read which are built before the loops exist. */
export function createLifecycle(world: World, sockets: readonly number[] = []) {
  let loops: ReadonlyMap<string, Loop> = new Map();
  let draining = false;
  const ended = new AbortController();
  const inherited = {
    /** Inherited sockets queue new connections for the next process, so everything that this one accepted is served. */
    // promise: sockets-outlive-restart
    outlive: sockets.length > 0,
  };
  return {
    /** Whether the sockets stay open when this process ends. */
    socketsOutlive: inherited.outlive,
    loops: () => loops,
    started: (running: ReadonlyMap<string, Loop>) => {
      loops = running;
    },
    draining: () => draining,
    drain: () => {
      draining = true;
    },
    refusesSubmissions: () => draining && !inherited.outlive,
    /** Sleeps end when the receiver has stopped, so that delayed log lines are written at once. */
    world: {
      ...world,
      sleep: (ms, signal) => world.sleep(ms, signal ? AbortSignal.any([signal, ended.signal]) : ended.signal),
    } satisfies World as World,
    end: () => ended.abort(),
  };
}

/** Waits for the work, until `deadline` (a time of `World.elapsed`) at most. */
export async function within(
  world: Pick<World, 'elapsed' | 'sleep'>,
  work: Promise<unknown>,
  deadline: number,
): Promise<void> {
  const done = new AbortController();
  const timer = world.sleep(deadline - world.elapsed(), done.signal);
  await Promise.race([work.finally(() => done.abort()), timer]);
}
