// A moment as servers state it: seconds from now, a Unix time in seconds or milliseconds, or a date.

/** A number counts as a Unix time if it is within this distance of now, in milliseconds: ten years. */
const NEAR_MS = 10 * 365 * 86_400_000;

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
