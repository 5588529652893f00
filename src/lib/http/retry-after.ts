// Retry-After (RFC 9110, section 10.2.3): how long a client should wait before its next request.

/** Parses seconds or a date into milliseconds from `now`, at most `maxMs`. Returns 0 for an absent or invalid value. */
export function parseRetryAfter(value: string | null, now: number, maxMs: number): number {
  const text = value?.trim() ?? '';
  const wait = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : dateOf(text) - now;
  return Number.isNaN(wait) ? 0 : Math.ceil(Math.min(Math.max(wait, 0), maxMs));
}

/** HTTP dates are in GMT, including the one of the three formats that does not say so. */
function dateOf(text: string): number {
  if (!/^[A-Za-z]{3,9},? /.test(text)) return Number.NaN;
  return Date.parse(/GMT$/.test(text) ? text : `${text} GMT`);
}
