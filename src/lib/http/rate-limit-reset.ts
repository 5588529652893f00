// Rate limit headers in their public dialects: the drafts of RateLimit, and X-RateLimit with seconds, epochs or dates.

import { parseMoment } from '../time.ts';

interface Window {
  readonly remaining: number;
  readonly resetMs: number;
}

/** The names of the headers that carry one number each. `Reset-After` is always in seconds. */
const PREFIXES = ['ratelimit', 'x-ratelimit', 'x-rate-limit'];

/**
 * Returns the milliseconds from `now` until requests are allowed again; 0 while some are left or nothing is stated. With
 * `refused` (a 429), nothing is left, whatever the headers state.
 */
export function parseRateLimitReset(headers: Pick<Headers, 'get'>, now: number, refused = false): number {
  const combined = headers.get('ratelimit') ?? '';
  const windows = [
    ...(combined.includes(';') ? structuredWindows(combined, now) : combinedWindow(combined, now)),
    ...PREFIXES.flatMap((prefix) => separateWindows(headers, prefix, now)),
  ];
  const exhausted = windows.filter(({ remaining }) => remaining <= 0);
  const counted = refused && exhausted.length === 0 ? windows : exhausted;
  return Math.ceil(Math.max(0, ...counted.map(({ resetMs }) => resetMs)));
}

/** Draft 8 and later, a list of structured fields: `"default";r=0;t=7, "daily";r=900;t=3600`. */
function structuredWindows(value: string, now: number): Window[] {
  return value.split(',').flatMap((item) => windowOf(parametersIn(item, ';'), 'r', 't', now));
}

/** Draft 7, one list of names: `limit=10, remaining=0, reset=7`. */
function combinedWindow(value: string, now: number): Window[] {
  return windowOf(parametersIn(value, ','), 'remaining', 'reset', now);
}

/** Drafts 3 to 6 and the X- headers. A header that occurs several times has one value for each window. */
function separateWindows(headers: Pick<Headers, 'get'>, prefix: string, now: number): Window[] {
  const list = (name: string) =>
    (headers.get(`${prefix}-${name}`) ?? '').split(/,(?=\s*\d)/).filter((text) => text !== '');
  const resets = list('reset').length > 0 ? list('reset') : list('reset-after');
  const remaining = list('remaining');
  return resets.flatMap((reset, index) => {
    const resetMs = momentOf(reset, now);
    return resetMs === null ? [] : [{ remaining: numberOf(remaining[index] ?? remaining[0]), resetMs }];
  });
}

function windowOf(parameters: ReadonlyMap<string, string>, remaining: string, reset: string, now: number): Window[] {
  const resetMs = momentOf(parameters.get(reset) ?? '', now);
  return resetMs === null ? [] : [{ remaining: numberOf(parameters.get(remaining)), resetMs }];
}

function parametersIn(text: string, separator: string): ReadonlyMap<string, string> {
  const pairs = text.split(separator).map((part) => part.split('=').map((side) => side.trim()));
  return new Map(pairs.map(([name = '', value = '']) => [name.toLowerCase(), value]));
}

function momentOf(text: string, now: number): number | null {
  return parseMoment(text.replace(/;.*/s, ''), now)?.inMs ?? null;
}

/** A missing count does not mean that nothing is left. */
function numberOf(text: string | undefined): number {
  const value = Number.parseFloat(text ?? '');
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}

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
