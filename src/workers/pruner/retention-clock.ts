// The clock by which data is old enough to be deleted. What a wrong clock deletes is lost, so that a leap forward is doubted at first.

import { DAY_MS } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';

/** A longer leap forward is doubted: of a clock that is set, or of a machine that was suspended. */
const DOUBTED_LEAP_MS = 3_600_000;
/** How long the clock must stand by such a leap before retention follows it, milliseconds. */
const DOUBT_MS = DAY_MS;

/**
 * Returns the present time for retention: that of the wall clock, but after a leap forward, for a day, the time as if it had not leapt.
 * The clock at the start is believed: how long the receiver was down is unknown.
 */
export function createRetentionClock(world: Pick<World, 'now' | 'elapsed'>): () => number {
  let believed = { at: world.now(), elapsed: world.elapsed() };
  let doubtedSince: number | null = null;
  return () => {
    const [now, elapsed] = [world.now(), world.elapsed()];
    const expected = believed.at + elapsed - believed.elapsed;
    // promise: leap-of-the-clock-prunes-nothing
    if (now - expected >= DOUBTED_LEAP_MS) {
      doubtedSince ??= elapsed;
      if (elapsed - doubtedSince < DOUBT_MS) return expected;
    }
    doubtedSince = null;
    believed = { at: now, elapsed };
    return now;
  };
}
