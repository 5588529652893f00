// Timestamps as text: ISO 8601 in UTC, and a form of it for file names.

/** Returns a moment (milliseconds since the Unix epoch) as ISO 8601 with milliseconds; null and undefined stay as they are. */
export function isoTime<T extends number | null | undefined>(time: T): T extends number ? string : T;
export function isoTime(time: number | null | undefined): string | null | undefined {
  if (typeof time !== 'number') return time;
  // Entries of one commit have the same time, and formatting it costs as much as a small statement.
  if (latest.time !== time) latest = { time, text: new Date(time).toISOString() };
  return latest.text;
}

/** The moment that was formatted last. */
let latest = { time: Number.NaN, text: '' };

/** Returns the moment of a text that `isoTime` returned; null stays as it is. */
export function fromIso<T extends string | null>(text: T): T extends string ? number : T;
export function fromIso(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

/** Returns the moment in a form that every file system accepts in a name and that sorts by time. */
export function fileTimestamp(time: number): string {
  return isoTime(time).replaceAll(/[:.]/g, '-');
}

/** Returns the moment to the second, for people: `2026-01-31 12:00:00Z`. */
export function secondsTime(time: number): string {
  return `${isoTime(time).slice(0, 19).replace('T', ' ')}Z`;
}
