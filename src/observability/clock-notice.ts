// Notices of the clock: a step with which the times of waiting work were moved, and a difference from the clock of the database.

import { isoTime } from '../lib/time.ts';
import type { World } from '../lib/world.ts';
import type { DueWork } from '../store/port.ts';
import type { ClockStep } from '../store/upkeep-port.ts';

/** The notice is given for this time after the step. */
const SHOWN_MS = 86_400_000;

/** @param now milliseconds. Returns null without a recent step. */
export function clockNotice(step: ClockStep | null, now: number): string | null {
  if (step === null || Math.abs(now - step.to) > SHOWN_MS) return null;
  const how = step.to < step.from ? 'back' : 'forward again';
  const times = `from ${isoTime(step.from)} to ${isoTime(step.to)}`;
  return `the clock was set ${how}, ${times}, and the times of waiting work were moved with it`;
}

/** Returns a function that lists the notice, if there is one. */
export function createClockNotices(store: Pick<DueWork, 'lastClockStep'>, world: Pick<World, 'now'>) {
  return async (): Promise<string[]> => {
    const notice = clockNotice(await store.lastClockStep(), world.now());
    return notice === null ? [] : [notice];
  };
}

/** A larger difference is a fault of one of the clocks. */
export const MAX_CLOCK_DIFFERENCE_MS = 2_000;

/** Returns what is wrong and the remedy; null while the clocks agree. @param aheadMs how far the clock of this machine is ahead */
export function clockDifferenceProblem(aheadMs: number): string | null {
  // promise: clock-difference-is-reported
  if (Math.abs(aheadMs) <= MAX_CLOCK_DIFFERENCE_MS) return null;
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1);
  const how = aheadMs > 0 ? 'ahead of' : 'behind';
  return `the clock of this machine is ${seconds} s ${how} the clock of the database: set both right (NTP)`;
}
