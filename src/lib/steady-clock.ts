// A wall clock that is set back only when its user says so: until then it continues as if it had not been set.

import type { World } from './world.ts';

/** Smaller differences between wall clock and elapsed time are those of a clock that is being adjusted, not set. */
export const MIN_STEP_MS = 250;

/** A start by a wall clock that is behind the last one by less than this continues with the wall clock. */
export const MIN_STEP_AT_START_MS = 1_000;

/** A step forward within this time after a step back undoes it. Later, it is a step of its own, for example after a suspension. */
const UNDO_MS = 3_600_000;

export type SteadyClock = ReturnType<typeof createSteadyClock>;

export function createSteadyClock(world: World) {
  /** The wall clock minus the elapsed time, as `now` follows it. */
  let offset = world.now() - world.elapsed();
  let setBackMs = 0;
  let undoableUntil = Number.NEGATIVE_INFINITY;
  let movedMs = 0;
  const behindMs = () => (world.elapsed() < undoableUntil ? setBackMs : 0);

  /** Returns the step that is not followed; follows any other. */
  function unfollowed(wall: number, elapsed: number): number {
    const stepMs = wall - elapsed - offset;
    // promise: set-back-waits-for-due-times
    if (stepMs <= -MIN_STEP_MS) return Math.round(stepMs);
    // promise: undone-set-back-waits-for-due-times
    if (stepMs >= MIN_STEP_MS && behindMs() > 0) return Math.round(stepMs);
    offset += stepMs;
    return 0;
  }

  // The wall clock is read first: a pause of the process in between then looks like a step back, which the next reading undoes.
  const read = () => {
    const wall = world.now();
    const stepMs = unfollowed(wall, world.elapsed());
    return { now: wall - stepMs, stepMs };
  };

  return {
    /**
     * The given world, with a `now` that follows a clock that is set back only after `follow`. Meanwhile, times that were stored
     * before the step remain comparable with `now`. A clock that is set forward is followed at once, unless that undoes a step back.
     */
    world: { ...world, now: () => read().now },
    /**
     * Begins with the wall clock as it is now, or with the newest time of an earlier process (milliseconds; null for none) if the wall
     * clock is behind it.
     */
    continueFrom: (newest: number | null): void => {
      const wall = world.now();
      const isBehind = newest !== null && newest - wall > MIN_STEP_AT_START_MS;
      offset = (isBehind ? newest : wall) - world.elapsed();
    },
    /** Returns the step of the wall clock that `now` has not followed, in milliseconds: negative if it was set back; 0 without one. */
    stepMs: (): number => read().stepMs,
    /** Returns how far the clock was set back in the last hour and not forward again since, in milliseconds. */
    behindMs,
    /** Returns the sum of all steps that `now` has followed by `follow`: by so much, stored times have moved since the start. Milliseconds. */
    movedMs: (): number => movedMs,
    /** Moves `now` by `ms`. */
    follow: (ms: number): void => {
      offset += ms;
      movedMs += ms;
      setBackMs = Math.max(0, behindMs() - ms);
      if (ms < 0) undoableUntil = world.elapsed() + UNDO_MS;
    },
  };
}
