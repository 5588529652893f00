// A wall clock that is set back only when its user says so: until then it continues as if it had not been set.

import type { World } from './world.ts';

/** Smaller differences between wall clock and elapsed time are those of a clock that is being adjusted, not set. */
export const MIN_STEP_MS = 250;

export interface SteadyClock {
  /**
   * The given world, with a `now` that follows a clock that is set forward at once, and a clock that is set back only after
   * `follow`. Meanwhile, times that were stored before the step remain comparable with `now`.
   */
  readonly world: World;
  /** Returns the milliseconds by which the wall clock was set back, and `now` has not followed. */
  behindMs(): number;
  /** Sets `now` back by `ms`. */
  follow(ms: number): void;
}

export function createSteadyClock(world: World): SteadyClock {
  /** The wall clock minus the elapsed time, as `now` follows it. */
  let offset = world.now() - world.elapsed();

  /** Returns how far the wall clock is behind; follows it otherwise. */
  function behind(wall: number, elapsed: number): number {
    const stepMs = wall - elapsed - offset;
    // promise: set-back-waits-for-due-times
    if (stepMs <= -MIN_STEP_MS) return Math.round(-stepMs);
    offset += stepMs;
    return 0;
  }

  // The wall clock is read first: a pause of the process in between then looks like a step back, which the next reading undoes.
  const read = () => {
    const wall = world.now();
    const behindMs = behind(wall, world.elapsed());
    return { now: wall + behindMs, behindMs };
  };

  return {
    world: { ...world, now: () => read().now },
    behindMs: () => read().behindMs,
    follow: (ms) => {
      offset -= ms;
    },
  };
}
