// Searches as forms and URLs. The URL holds the whole search, so that it can be bookmarked and shared.

import type { Context } from 'hono';
import { html } from 'hono/html';
import { OPEN_STATUSES } from '../../execution/execution.ts';
import { DAY_MS, isoTime, MINUTE_MS } from '../../lib/time.ts';
import type { Html } from '../html.ts';
import { TIME_RULE } from '../request/list-parameters.ts';
import { REVERSED, type Validated } from '../request/validate.ts';
import { type HeaderFields, respond } from '../response/json.ts';
import type { FieldError } from '../response/problem.ts';
import { stamp } from './format.ts';
import { datalist, type Suggestion } from './suggestions.ts';

/** The query of the page, without empty parameters. */
export type Search = URLSearchParams;

const TIMES: ReadonlySet<string> = new Set(['from', 'to']);

/** A time without an offset is UTC, as all times of the page are. */
function asGiven(name: string, value: string): string {
  if (!TIMES.has(name)) return value;
  const [, date, time] = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)$/.exec(value) ?? [];
  return date === undefined ? value : `${date}T${time}Z`;
}

/** Returns the URL without empty parameters and with the offset of times, or null if there are none. */
export function tidied(url: URL): string | null {
  const given = [...url.searchParams];
  const trimmed = given.map(([name, value]): [string, string] => [name, asGiven(name, value.trim())]);
  const filled = trimmed.filter(([, value]) => value !== '');
  // Times that were chosen count, and not the period that the form still has.
  const hasTimes = filled.some(([name]) => TIMES.has(name));
  const kept = filled.filter(([name]) => name !== 'last' || !hasTimes);
  if (kept.length === given.length && kept.every(([, value], index) => value === given[index]?.[1])) return null;
  const query = new URLSearchParams(kept).toString();
  return url.pathname + (query === '' ? '' : `?${query}`);
}

export function searchOf(c: Context): Search {
  const url = new URL(c.req.url);
  return new URL(tidied(url) ?? url.href, url).searchParams;
}

export function seeOther(location: string, headers: HeaderFields = {}): Response {
  return respond(303, null, { location, ...headers });
}

export function urlWith(path: string, search: Search, changes: { readonly [name: string]: string | null }): string {
  const next = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  const query = next.toString();
  return query === '' ? path : `${path}?${query}`;
}

export function field(search: Search, name: string, label: string, suggestions?: readonly Suggestion[]): Html {
  const suggested = suggestions && suggestions.length > 0 ? suggestions : undefined;
  return html`<p><label for="${name}">${label}</label>
<input id="${name}" name="${name}" value="${search.get(name) ?? ''}"${suggested && html` list="${name}-suggestions"`} autocomplete="off" spellcheck="false">${suggested && datalist(`${name}-suggestions`, suggested)}</p>`;
}

export function secondsField(search: Search, name: string, label: string): Html {
  return html`<p><label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="number" min="0" step="any" value="${search.get(name) ?? ''}"></p>`;
}

/** A time picker. What it cannot show, for example a time with another offset, stays in a text field as it was typed. */
export function timeField(search: Search, name: string, label: string): Html {
  const given = search.get(name) ?? '';
  const [, date, time = '00:00'] = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2})?)(?:\.0+)?Z)?$/.exec(given) ?? [];
  const input =
    given === '' || date !== undefined
      ? html`type="datetime-local" step="1" value="${date === undefined ? '' : `${date}T${time}`}"`
      : html`value="${given}"`;
  return html`<p><label for="${name}">${label} (UTC)</label>
<input id="${name}" name="${name}" ${input} autocomplete="off"></p>`;
}

export function select(search: Search, name: string, label: string, values: Options): Html {
  const chosen = search.get(name);
  const hasDefault = values.some(([value]) => value === '');
  const options = values.map((one) => {
    const [value, text] = typeof one === 'string' ? [one, one] : one;
    return html`<option value="${value}"${value === chosen ? html` selected` : ''}>${text}</option>`;
  });
  return html`<p><label for="${name}">${label}</label>
<select id="${name}" name="${name}">${hasDefault ? '' : html`<option value="">any</option>`}${options}</select></p>`;
}

/** The values of a select, each with the text to show where that is another one. Without an empty value, it offers `any`. */
type Options = readonly (string | readonly [value: string, text: string])[];

/** The orders of a list. */
export const ORDERS: Options = [
  ['', 'newest first'],
  ['oldest', 'oldest first'],
];

/** Periods that end now: an address that names one stays true. */
const PERIODS: Spans = {
  '5min': ['5 min', 5 * MINUTE_MS],
  '15min': ['15 min', 15 * MINUTE_MS],
  '1h': ['hour', 60 * MINUTE_MS],
  '6h': ['6 hours', 6 * 60 * MINUTE_MS],
  '24h': ['24 hours', DAY_MS],
  '7d': ['7 days', 7 * DAY_MS],
};

const WAITS: Spans = {
  '10s': ['10 s', 10_000],
  '1min': ['1 min', MINUTE_MS],
  '5min': ['5 min', 5 * MINUTE_MS],
  '15min': ['15 min', 15 * MINUTE_MS],
  '1h': ['1 hour', 60 * MINUTE_MS],
};

interface Spans {
  readonly [value: string]: readonly [text: string, ms: number];
}

const optionsOf = (spans: Spans): Options => Object.entries(spans).map(([value, [text]]) => [value, text]);

export const waitingField = (search: Search) => select(search, 'waiting', 'Open for at least', optionsOf(WAITS));

/**
 * Returns the search in the terms of the API: `last`, a period that ends now, and `waiting`, the least age of open executions,
 * become times. @param has whether the list has `waiting`
 */
export function resolved(search: Search, now: number, has: { readonly waiting: boolean }): Validated<Search> {
  const next = new URLSearchParams(search);
  const errors: FieldError[] = [];
  const take = (name: string, spans: Spans): number | null => {
    const value = next.get(name);
    next.delete(name);
    if (value === null) return null;
    if (Object.hasOwn(spans, value)) return spans[value]?.[1] ?? null;
    errors.push({ pointer: `#/${name}`, detail: `must be one of ${Object.keys(spans).join(', ')}` });
    return null;
  };
  const last = take('last', PERIODS);
  if (last !== null) next.set('from', isoTime(now - last));
  const wait = has.waiting ? take('waiting', WAITS) : null;
  if (wait !== null) {
    if (!OPEN.has(next.get('status') ?? 'OPEN')) errors.push(NOT_OPEN);
    if (!next.has('status')) next.set('status', 'OPEN');
    const to = Date.parse(next.get('to') ?? '');
    // The end of a period is exclusive.
    const openSince = Math.min(now - wait + 1, Number.isNaN(to) ? Number.POSITIVE_INFINITY : to);
    if (openSince < Date.parse(next.get('from') ?? '')) errors.push(TOO_LONG);
    next.set('to', isoTime(openSince));
  }
  return errors.length === 0 ? { valid: true, value: next } : { valid: false, errors };
}

const OPEN: ReadonlySet<string> = new Set(['OPEN', 'AT_CXONE', ...OPEN_STATUSES]);

const NOT_OPEN = {
  pointer: '#/waiting',
  detail: 'is for open executions: choose an open status, or none',
};

const TOO_LONG = {
  pointer: '#/waiting',
  detail: 'is longer than the time since the period began: choose a shorter wait, or an earlier beginning',
};

/** Links to the periods that end now, and to the neighbours of the period that the search has. */
export function quickTimes(path: string, search: Search, now: number): Html {
  const chosen = search.get('last');
  const links = Object.entries(PERIODS).map(([value, [text]]) => {
    const href = urlWith(path, search, { last: value, from: null, to: null, cursor: null });
    return html`<a href="${href}"${value === chosen ? html` aria-current="true"` : ''}>Last ${text}</a> `;
  });
  return html`<p class="choice">${links}${neighbours(path, search, now)}</p>`;
}

function neighbours(path: string, search: Search, now: number): Html {
  const last = PERIODS[search.get('last') ?? '']?.[1];
  const from = last === undefined ? Date.parse(search.get('from') ?? '') : now - last;
  const to = last === undefined ? Date.parse(search.get('to') ?? '') : now;
  const ms = to - from;
  if (!(ms > 0)) return html``;
  const shifted = (by: number) => {
    const times = { from: isoTime(from + by), to: isoTime(to + by) };
    return urlWith(path, search, { ...times, last: null, cursor: null });
  };
  const later = to + ms <= now ? html` <a href="${shifted(ms)}">Later</a>` : '';
  return html`<a href="${shifted(-ms)}">Earlier</a>${later}`;
}

export interface View {
  readonly name: string;
  /** The query of the list. */
  readonly query: string;
}

/** Links to searches by their names. */
export function viewLinks(path: string, search: Search, views: readonly View[]): Html {
  if (views.length === 0) return html``;
  const current = urlWith('', search, { cursor: null });
  const links = views.map(({ name, query }) => {
    const isCurrent = current === `?${query}` ? html` aria-current="true"` : '';
    return html`<a href="${path}?${query}"${isCurrent}>${name}</a> `;
  });
  return html`<nav class="choice" aria-label="Views">${links}</nav>`;
}

export function problems(errors: readonly FieldError[], search?: Search): Html {
  if (errors.length === 0) return html``;
  const lines = errors.map(({ pointer, detail }) => {
    const name = decodeURIComponent(pointer.replace(/^#\/?/, ''));
    if (detail === TIME_RULE) {
      const given = search?.get(name);
      return html`<li>${given ? `“${given}”` : name} is not a time. Write a date, 2026-01-31, or a time in UTC, 2026-01-31 12:00.</li>`;
    }
    const reversed = detail.startsWith(REVERSED) && search !== undefined ? reversedPeriod(search) : null;
    return html`<li>${reversed ?? html`${name} ${detail}`}</li>`;
  });
  return html`<div class="notice refused" role="alert"><ul>${lines}</ul></div>`;
}

/** Names both times as the pages show times; null where the search does not have both. */
function reversedPeriod(search: Search): Html | null {
  const [from, to] = ['from', 'to'].map((name) => Date.parse(search.get(name) ?? ''));
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to)) return null;
  return html`The period ends before it begins: it is from ${stamp(from)} to ${stamp(to)}.`;
}

/** Describes the search, for example `status OPEN, app orders`. */
export function describeSearch(search: Search): string {
  const named = [...search].filter(([name]) => name !== 'cursor' && name !== 'limit' && name !== 'sort');
  return named.length === 0 ? 'everything' : named.map(([name, value]) => `${name} ${value}`).join(', ');
}
