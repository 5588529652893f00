// What the lists of executions and of notifications share: a search in the URL, pages that fill up in short readings, and links.

import type { Context } from 'hono';
import { html } from 'hono/html';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { many } from '../../lib/figures.ts';
import type { World } from '../../lib/world.ts';
import type { MatchCount } from '../../store/search-port.ts';
import type { Html } from '../html.ts';
import type { Identity } from '../middleware/identity.ts';
import { SEARCH_REFUSAL } from '../middleware/reader-turns.ts';
import { cursorOf } from '../request/list-parameters.ts';
import type { Validated } from '../request/validate.ts';
import { type FieldError, invalidInput, pointerTo } from '../response/problem.ts';
import { type CompletedAction, flashMessage } from './flash-message.ts';
import { number } from './format.ts';
import { pageResponse, type Section } from './layout.ts';
import { above, listChanges, MAX_NEW, NO_ROW, SHOWN } from './list-changes.ts';
import {
  problems,
  quickTimes,
  resolved,
  type Search,
  seeOther,
  tidied,
  urlWith,
  type View,
  viewLinks,
} from './search.ts';
import type { SuggestionLists, Suggestions } from './suggestions.ts';
import { type Viewer, viewerOf } from './viewer.ts';

export type PageHandler = (c: Context, caller: Identity) => Promise<Response>;

/** A search without matches reads this many batches, then offers to continue. */
const MAX_READINGS = 10;
/** Time after which a page of a list ends, so that no page takes long. */
const MAX_READING_MS = 25;
/** Time of scanning after which one reading ends. */
export const SCAN_MS = 25;
/** Matches that a page counts, and the time for it. */
export const COUNTED = { limit: 10_000, scanMs: 10 } as const;

interface Batch<T, P> {
  readonly items: readonly T[];
  readonly next: P | null;
}

interface PlacedQuery<P> {
  readonly limit: number;
  readonly oldestFirst?: boolean;
  readonly before?: P;
  readonly after?: P;
}

interface List<Q extends PlacedQuery<P>, T, P extends string | number> {
  readonly section: Section;
  readonly title: string;
  /** Rows of a page, where they are long; default: those of the API. */
  readonly pageSize?: number;
  /** What a row is about, in the singular. */
  readonly noun: string;
  /** The topic whose changes the page follows. */
  readonly topic: 'executions' | 'notifications' | 'activity';
  /** Returns true for a query that is too much work to repeat; default: none is. */
  readonly isStill?: (query: Q) => boolean;
  readonly parse: (search: Search, caller: Identity) => Validated<Q>;
  readonly read: (query: Q, signal: AbortSignal) => Promise<Batch<T, P>>;
  /** Runs the readings of one page when it is their turn, `by`: who reads. Returns null when there is none; default: at once. */
  readonly turn?: <R>(
    query: Q,
    by: string,
    work: () => Promise<R>,
    signal: AbortSignal,
  ) => Promise<{ readonly value: R } | null>;
  /** Describes how far a search has come that continues with this query; nothing for a list. */
  readonly progress?: (query: Q, signal: AbortSignal) => Promise<Html> | null;
  /** True for a list whose rows may be open, and be searched by how long they have been. */
  readonly hasWaiting?: boolean;
  readonly views?: readonly View[];
  readonly fields: (search: Search, suggestions: SuggestionLists) => Html;
  /** Counts what the query matches, up to a bound; default: the page states no number. */
  readonly count?: (query: Q, signal: AbortSignal) => Promise<MatchCount>;
  readonly none: string;
  readonly older: (search: Search, found: number) => string;
  readonly table: (items: readonly T[], viewer: Viewer) => Html;
  /** The actions on everything that the search finds; nothing for readers. */
  readonly actions: (viewer: Viewer, search: Search) => Html;
}

interface ListTools {
  readonly world: Pick<World, 'now' | 'elapsed'>;
  readonly suggestions: Pick<Suggestions, 'latest'>;
}

// One function because the parts of a page share its list.
export function createListPage<Q extends PlacedQuery<P>, T, P extends string | number>(
  list: List<Q, T, P>,
  { world, suggestions }: ListTools,
): PageHandler {
  const { section, title } = list;
  const inTerms = (search: Search) => resolved(search, world.now(), { waiting: list.hasWaiting === true });

  function parse(search: Search, caller: Identity): Validated<Q> {
    const terms = inTerms(search);
    if (!terms.valid) return terms;
    const { pageSize } = list;
    if (pageSize !== undefined && !terms.value.has('limit')) terms.value.set('limit', String(pageSize));
    return list.parse(terms.value, caller);
  }

  function head(search: Search, errors: readonly FieldError[]): Html {
    return html`<h1>${title}</h1>
${viewLinks(section, search, list.views ?? [])}
<form class="search" method="get" action="${section}" role="search" aria-label="${title}">
${list.fields(search, suggestions.latest())}
<p class="go"><button type="submit">Search</button> <a href="${section}">Clear</a></p>
</form>
${quickTimes(section, search, world.now())}
${problems(errors, search)}`;
  }

  /** @param missing the number of rows that a full page would have in addition */
  function links(search: Search, next: string | null, { found, missing }: { found: number; missing: number }): Html {
    const first = search.has('cursor')
      ? html`<a href="${urlWith(section, search, { cursor: null })}" rel="first">Back to the first page</a>`
      : '';
    if (next === null) return html`<p class="pages">${first}</p>`;
    const href = urlWith(section, search, { cursor: next });
    const partial = missing > 0 ? html` data-missing="${String(missing)}"` : '';
    return html`<p class="pages">${first} <a href="${href}" rel="next"${partial}>${list.older(search, found)}</a></p>`;
  }

  /** Responds to the script of a page that shows the rows from this place on. */
  async function changesSince(shown: string, search: Search, caller: Identity, signal: AbortSignal): Promise<Response> {
    const query = parse(search, caller);
    const place = shown === NO_ROW ? null : placeOf(shown, search, caller);
    if (!query.valid || place === undefined) return invalidInput([SHOWN_ERROR], 'query parameter');
    const read = (part: Q) => fill(part, signal);
    const { items, next } = place === null ? NOTHING_READ : await read({ ...query.value, before: above(place) });
    const upTo = place === null ? {} : { after: place };
    const newer =
      search.has('cursor') || search.get('sort') === 'oldest'
        ? NOTHING_READ
        : await read({ ...query.value, ...upTo, limit: MAX_NEW });
    return listChanges({
      table: list.table(items, viewerOf(caller)),
      isWhole: next === null || items.length >= query.value.limit,
      newer: newer.items.length,
      hasMore: newer.next !== null,
    });
  }

  function placeOf(shown: string, search: Search, caller: Identity): P | undefined {
    const placed = parse(new URLSearchParams({ ...Object.fromEntries(search), cursor: shown }), caller);
    return placed.valid ? placed.value.before : undefined;
  }

  async function readPage(query: Q, by: string, signal: AbortSignal): Promise<Batch<T, P> | null> {
    if (list.turn === undefined) return fill(query, signal);
    return (await list.turn(query, by, () => fill(query, signal), signal))?.value ?? null;
  }

  /** A page ends after a short time, unless it is that of a search. */
  function fill(query: Q, signal: AbortSignal): Promise<Batch<T, P>> {
    const end = list.isStill?.(query) ? Number.POSITIVE_INFINITY : world.elapsed() + MAX_READING_MS;
    return fillPage(
      query,
      (part) => list.read(part, signal),
      () => signal.aborted || world.elapsed() >= end,
    );
  }

  async function total(query: Q, signal: AbortSignal): Promise<Html> {
    if (list.count === undefined || list.isStill?.(query)) return html``;
    const { count, isWhole } = await list.count(query, signal);
    const noun = list.noun;
    return html`<p class="quiet">${isWhole ? many(count, noun) : `${number(count)}+ ${noun}s`} in all</p>`;
  }

  async function part(found: Batch<T, P>, { search, query, viewer }: Asked<Q>, signal: AbortSignal): Promise<Html> {
    const { items, next } = found;
    const progress = next === null ? null : await list.progress?.({ ...query, before: next }, signal);
    const none = next === null ? list.none : 'No match yet. The search can continue further back.';
    const rows = items.length === 0 ? html`<p class="quiet">${none}</p>` : list.table(items, viewer);
    const missing = list.isStill?.(query) ? 0 : query.limit - items.length;
    const rest = { found: items.length, missing };
    const nextCursor = next === null ? null : cursorOf(next, query);
    const { before: _, ...whole } = query;
    return html`${await total(whole as Q, signal)}${rows}${progress ?? ''}${links(search, nextCursor, rest)}`;
  }

  return async (c, caller) => {
    const { search, done, elsewhere } = searchAndDone(c);
    if (elsewhere !== null) return seeOther(elsewhere);
    const { signal } = c.req.raw;
    const shown = search.get(SHOWN);
    search.delete(SHOWN);
    if (shown !== null) return changesSince(shown, search, caller, signal);
    const viewer = viewerOf(caller);
    const query = parse(search, caller);
    if (!query.valid) return pageResponse(422, viewer, { title, section, head: head(search, query.errors) });
    const found = await readPage(query.value, viewer.by, signal);
    if (found === null) return refused(viewer, search);
    const live = await part(found, { search, query: query.value, viewer }, signal);
    const content = { title, section, flash: flashMessage(done), head: head(search, []) };
    const terms = inTerms(search);
    const rest = list.actions(viewer, terms.valid ? terms.value : search);
    if (list.isStill?.(query.value)) return pageResponse(200, viewer, { ...content, rest: html`${live}${rest}` });
    const rows = search.has('cursor') || search.get('sort') === 'oldest' ? 'older' : 'newest';
    return pageResponse(200, viewer, { ...content, live, follow: { signals: `topic=${list.topic}`, rows }, rest });
  };

  function refused(viewer: Viewer, search: Search): Response {
    const { detail, headers } = SEARCH_REFUSAL;
    const notice = html`<div class="notice refused" role="alert"><p>${detail}</p></div>`;
    return pageResponse(429, viewer, { title, section, head: html`${head(search, [])}${notice}` }, headers);
  }
}

interface Asked<Q> {
  readonly search: Search;
  readonly query: Q;
  readonly viewer: Viewer;
}

const SHOWN_ERROR = { pointer: pointerTo(SHOWN), detail: 'must be the place of a row of this list' };

const NOTHING_READ = { items: [], next: null } as const;

/** Reads until the limit is reached, yielding in between, since one reading of a store may end early. */
export async function fillPage<Q extends PlacedQuery<P>, T, P>(
  query: Q,
  read: (query: Q) => Promise<Batch<T, P>>,
  isOver: () => boolean = () => false,
): Promise<{ items: T[]; next: P | null }> {
  const items: T[] = [];
  let { before } = query;
  for (let readings = 1; ; readings += 1) {
    const limit = query.limit - items.length;
    const batch = await read({ ...query, limit, ...(before === undefined ? {} : { before }) });
    items.push(...batch.items);
    if (batch.next === null || items.length >= query.limit || readings >= MAX_READINGS || isOver()) {
      return { items, next: batch.next };
    }
    before = batch.next;
    await yieldToEventLoop();
  }
}

/** Splits the query of a page: the search, and the action that led here. `elsewhere` is the URL without empty parameters. */
export function searchAndDone(c: Context): { search: Search; done: CompletedAction | null; elsewhere: string | null } {
  const url = new URL(c.req.url);
  const elsewhere = tidied(url);
  const search = url.searchParams;
  const what = search.get('done');
  const count = Number(/^\d{1,9}$/.exec(search.get('count') ?? '')?.[0] ?? 0);
  search.delete('done');
  search.delete('count');
  return { search, done: what === null ? null : { what, count }, elsewhere };
}

/** Returns the hidden inputs that repeat a search, without its place in the list. */
export function hiddenInputs(search: Search): Html[] {
  const all = new URLSearchParams(urlWith('', search, { cursor: null, limit: null, sort: null }));
  return [...all].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
}
