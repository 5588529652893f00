// The state of the clock as a command sees it, from the times that a receiver wrote.

import { formatDuration } from '../lib/figures.ts';
import { MIN_STEP_AT_START_MS } from '../lib/steady-clock.ts';
import { isoTime } from '../lib/time.ts';
import { clockNotice } from '../observability/clock-notice.ts';
import type { StoreReader } from '../store/reader-port.ts';

export interface ClockState {
  /** How far this clock is behind the newest time that a receiver wrote. */
  readonly behindMs: number;
  /** The last step that moved the times of waiting work. */
  readonly lastStep: { readonly from: string; readonly to: string } | null;
  /** In words; null if there is nothing to say. */
  readonly notice: string | null;
}

/** @param now milliseconds. */
export async function clockOf(
  reader: Pick<StoreReader, 'lastClockStep' | 'newestTime'>,
  now: number,
): Promise<ClockState> {
  const step = await reader.lastClockStep();
  const behindMs = Math.max(0, ((await reader.newestTime()) ?? now) - now);
  const remedy = 'correct it if it is wrong; else the receiver moves the times of waiting work back with it';
  const behind = `this clock is ${formatDuration(behindMs)} behind the newest time that a receiver wrote: ${remedy}`;
  return {
    behindMs,
    lastStep: step && { from: isoTime(step.from), to: isoTime(step.to) },
    notice: behindMs > MIN_STEP_AT_START_MS ? behind : clockNotice(step, now),
  };
}
