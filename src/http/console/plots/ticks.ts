// The marks of axes: round times in UTC, round counts, and round durations on a logarithmic scale.

import { DAY_MS, HOUR_MS, isoTime, MINUTE_MS, SECOND_MS } from '../../../lib/time.ts';
import { duration } from '../format.ts';

export interface Tick {
  readonly value: number;
  readonly label: string;
}

const TIME_STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 5, 10, 20, 50].map((days) => days * DAY_MS),
];

/** Labels that fit on a phone: short ones with a time or a date, long ones with both. */
const MAX_SHORT = 6;
const MAX_LONG = 3;

/** Returns the round times of a period with their labels, a handful. */
export function timeTicks(from: number, to: number): Tick[] {
  const span = to - from;
  const isLong = span > 25 * HOUR_MS && span < MAX_SHORT * DAY_MS;
  const stepMs = TIME_STEPS_MS.find((step) => span / step <= (isLong ? MAX_LONG : MAX_SHORT)) ?? span;
  const ticks: Tick[] = [];
  for (let at = Math.ceil(from / stepMs) * stepMs; at <= to; at += stepMs) {
    ticks.push({ value: at, label: timeLabel(at, stepMs, isLong) });
  }
  return ticks;
}

function timeLabel(at: number, stepMs: number, isLong: boolean): string {
  const iso = isoTime(at);
  if (stepMs >= DAY_MS) return iso.slice(5, 10);
  const time = iso.slice(11, stepMs < MINUTE_MS ? 19 : 16);
  return isLong ? `${iso.slice(5, 10)} ${time}` : time;
}

const ROUND = [1, 2, 3, 4, 5, 6, 8, 10];

/** Returns the next round number with one digit before its zeros; 1 at least. */
export function roundUp(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (ROUND.find((factor) => factor * power >= value) ?? 10) * power;
}

const DURATIONS_MS = [
  ...[1, 10, 100],
  ...[1, 10].map((seconds) => seconds * SECOND_MS),
  ...[1, 10].map((minutes) => minutes * MINUTE_MS),
  ...[1, 10].map((hours) => hours * HOUR_MS),
  ...[4, 40].map((days) => days * DAY_MS),
];

/** Returns round durations, the first of which is at most `least`. */
export function durationTicks(least: number, greatest: number): Tick[] {
  const first = Math.max(
    0,
    DURATIONS_MS.findLastIndex((ms) => ms <= least),
  );
  return DURATIONS_MS.slice(first)
    .filter((ms, index) => index === 0 || ms <= greatest)
    .map((ms) => ({ value: ms, label: duration(ms) }));
}
