// Searches as forms and URLs. The URL holds the whole search, so that it can be bookmarked and shared.

import type { Context } from 'hono';
import { html } from 'hono/html';
import { isoTime } from '../../lib/time.ts';
import type { Html } from '../html.ts';
import { TIME_RULE } from '../request/list-parameters.ts';
import { type HeaderFields, respond } from '../response/json.ts';
import type { FieldError } from '../response/problem.ts';

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
  const kept = trimmed.filter(([, value]) => value !== '');
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

export function field(search: Search, name: string, label: string, example = ''): Html {
  return html`<p><label for="${name}">${label}</label>
<input id="${name}" name="${name}" value="${search.get(name) ?? ''}" placeholder="${example}" autocomplete="off" spellcheck="false"></p>`;
}

export function select(search: Search, name: string, label: string, values: readonly string[]): Html {
  const chosen = search.get(name);
  const options = values.map((value) => html`<option${value === chosen ? html` selected` : ''}>${value}</option>`);
  return html`<p><label for="${name}">${label}</label>
<select id="${name}" name="${name}"><option value="">any</option>${options}</select></p>`;
}

const QUICK = [
  ['Last 15 min', 15],
  ['Last hour', 60],
  ['Last 24 hours', 24 * 60],
] as const;

export function quickTimes(path: string, search: Search, now: number): Html {
  const links = QUICK.map(([text, minutes]) => {
    const from = isoTime(now - minutes * 60_000).slice(0, 16);
    return html`<a href="${urlWith(path, search, { from: `${from}Z`, to: null, cursor: null })}">${text}</a> `;
  });
  return html`<p class="choice">${links}</p>`;
}

export function problems(errors: readonly FieldError[], search?: Search): Html {
  if (errors.length === 0) return html``;
  const lines = errors.map(({ pointer, detail }) => {
    const name = decodeURIComponent(pointer.replace(/^#\/?/, ''));
    return detail === TIME_RULE
      ? html`<li>“${search?.get(name) ?? ''}” is not a time. Write a date, 2026-01-31, or a time in UTC, 2026-01-31 12:00.</li>`
      : html`<li>${name} ${detail}</li>`;
  });
  return html`<div class="notice refused" role="alert"><ul>${lines}</ul></div>`;
}

/** Describes the search, for example `status OPEN, app orders`. */
export function describeSearch(search: Search): string {
  const named = [...search].filter(([name]) => name !== 'cursor' && name !== 'limit');
  return named.length === 0 ? 'everything' : named.map(([name, value]) => `${name} ${value}`).join(', ');
}
