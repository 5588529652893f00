// The one format of durations for people, in the terminal and on the pages.

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** Returns `850 ms`, `2.4 s`, `12 min`; a negative duration as `0 ms`. */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, Math.round(milliseconds));
  const [size, unit] = UNITS.find(([least]) => ms >= least) ?? [1, 'ms'];
  const value = ms / size;
  return `${size === 1 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${unit}`;
}
