// The one way to state numbers, shares and durations to people, in the terminal and on the pages.

import { DAY_MS, HOUR_MS, MINUTE_MS } from './time.ts';

const FORMAT = new Intl.NumberFormat('en-US');

/** Returns `1,200`. A formatter that is made per number costs more than all else on a page. */
export function grouped(count: number): string {
  return FORMAT.format(count);
}

/** Returns `1 execution`, `3 executions`, `1,200 audit entries`. */
export function many(count: number, noun: string): string {
  return `${grouped(count)} ${count === 1 ? noun : pluralOf(noun)}`;
}

function pluralOf(noun: string): string {
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

/**
 * Returns `12.5 %` with one decimal at most, or null for a share of nothing. Only what is exactly none or all is `0 %` or `100 %`:
 * a share close to it is `<0.1 %` or `>99.9 %`.
 */
export function percent(part: number, whole: number): string | null {
  if (whole === 0) return null;
  const exact = (100 * part) / whole;
  const rounded = Number(exact.toFixed(1));
  // promise: share-near-none-is-not-none
  if (rounded === 0 && exact > 0) return '<0.1 %';
  if (rounded === 100 && exact < 100) return '>99.9 %';
  return `${rounded} %`;
}

const UNITS = [
  [DAY_MS, 'd'],
  [HOUR_MS, 'h'],
  [MINUTE_MS, 'min'],
  [1_000, 's'],
] as const;

/** Returns `850 ms`, `2.4 s`, `12 min`; a negative duration as `0 ms`. */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, Math.round(milliseconds));
  const [size, unit] = UNITS.find(([least]) => ms >= least) ?? [1, 'ms'];
  const value = ms / size;
  return `${size === 1 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${unit}`;
}
