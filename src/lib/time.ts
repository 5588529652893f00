// Timestamps as text: ISO 8601 in UTC, a form of it for file names, and a moment as servers state it; and the units of time.

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

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

/** An ISO 8601 date, or a time with its offset. Without flags, so that JSON Schema can express it. */
export const ISO_DATE_OR_TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2}))?$/;

/** Returns the moment of a text that a caller wrote; null for one that is not a date or time, or that no calendar has. */
export function readIsoTime(text: string): number | null {
  const [, date] = ISO_DATE_OR_TIME.exec(text) ?? [];
  const time = date === undefined ? Number.NaN : Date.parse(text);
  if (date === undefined || Number.isNaN(time)) return null;
  // Date.parse reads 30 February as 2 March.
  return new Date(date).toISOString().startsWith(date) ? time : null;
}

/** Returns the moment in a form that every file system accepts in a name and that sorts by time. */
export function fileTimestamp(time: number): string {
  return isoTime(time).replaceAll(/[:.]/g, '-');
}

/** Returns the moment to the second, for people: `2026-01-31 12:00:00Z`. */
export function secondsTime(time: number): string {
  return `${isoTime(time).slice(0, 19).replace('T', ' ')}Z`;
}

/** A number counts as a Unix time if it is within this distance of now, in milliseconds: ten years. */
const NEAR_MS = 10 * 365 * DAY_MS;

export interface Moment {
  /** Milliseconds from now; negative for a moment in the past. */
  readonly inMs: number;
  /** True if the text states a duration instead of a time. */
  readonly relative: boolean;
}

/** Returns null for a text that states no moment. */
export function parseMoment(text: string, now: number): Moment | null {
  const trimmed = text.trim();
  const value = trimmed === '' ? Number.NaN : Number(trimmed);
  if (Number.isFinite(value)) {
    for (const time of [value * 1000, value]) {
      if (Math.abs(time - now) < NEAR_MS) return { inMs: time - now, relative: false };
    }
    return { inMs: value * 1000, relative: true };
  }
  const date = /^(?:\d{4}-\d\d|[A-Za-z]{3,9},? )/.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(date) ? null : { inMs: date - now, relative: false };
}
