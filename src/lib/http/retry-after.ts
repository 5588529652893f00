// Retry-After (RFC 9110, section 10.2.3): how long a server asks not to be called again.

/** Seconds or a date, as milliseconds from `now`, at most `mostMs`; 0 for none or nonsense. */
export function parseRetryAfter(value: string | null, now: number, mostMs: number): number {
  const text = value?.trim() ?? '';
  const wait = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : dateOf(text) - now;
  return Number.isNaN(wait) ? 0 : Math.ceil(Math.min(Math.max(wait, 0), mostMs));
}

/** HTTP dates are in GMT, also in the one of the three formats that does not say so. */
function dateOf(text: string): number {
  if (!/^[A-Za-z]{3,9},? /.test(text)) return Number.NaN;
  return Date.parse(/GMT$/.test(text) ? text : `${text} GMT`);
}
