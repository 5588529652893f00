// What the lists of executions and of notifications share: a search in the URL, pages that fill up in short readings, and links.

import type { Context } from 'hono';
import { html } from 'hono/html';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { Html } from '../html.ts';
import type { Identity } from '../middleware/identity.ts';
import { SEARCH_REFUSAL } from '../middleware/reader-turns.ts';
import { encodeCursor } from '../request/list-parameters.ts';
import type { Validated } from '../request/validate.ts';
import type { FieldError } from '../response/problem.ts';
import { type CompletedAction, flashMessage } from './flash-message.ts';
import { pageResponse, type Section } from './layout.ts';
import { problems, quickTimes, type Search, seeOther, tidied, urlWith } from './search.ts';
import { type Viewer, viewerOf } from './viewer.ts';

export type PageHandler = (c: Context, caller: Identity) => Promise<Response>;

/** A search without matches reads this many batches, then offers to continue. */
const MAX_READINGS = 10;

interface Batch<T, P> {
  readonly items: readonly T[];
  readonly next: P | null;
}

interface PlacedQuery<P> {
  readonly limit: number;
  readonly before?: P;
}

interface List<Q extends PlacedQuery<P>, T, P extends string | number> {
  readonly section: Section;
  readonly title: string;
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
  readonly fields: (search: Search) => Html;
  readonly none: string;
  readonly older: (search: Search, found: number) => string;
  readonly table: (items: readonly T[], viewer: Viewer) => Html;
  /** The actions on everything that the search finds; nothing for readers. */
  readonly actions: (viewer: Viewer, search: Search) => Html;
}

export function createListPage<Q extends PlacedQuery<P>, T, P extends string | number>(
  list: List<Q, T, P>,
  now: () => number,
): PageHandler {
  const { section, title } = list;

  function head(search: Search, errors: readonly FieldError[]): Html {
    return html`<h1>${title}</h1>
<form class="search" method="get" action="${section}" role="search" aria-label="${title}">
${list.fields(search)}
<p class="go"><button type="submit">Search</button> <a href="${section}">Clear</a></p>
</form>
${quickTimes(section, search, now())}
${problems(errors, search)}`;
  }

  function links(search: Search, next: P | null, found: number): Html {
    const first = search.has('cursor')
      ? html`<a href="${urlWith(section, search, { cursor: null })}">Back to the newest</a>`
      : '';
    if (next === null) return html`<p class="pages">${first}</p>`;
    const href = urlWith(section, search, { cursor: encodeCursor(String(next)) });
    return html`<p class="pages">${first} <a href="${href}" rel="next">${list.older(search, found)}</a></p>`;
  }

  return async (c, caller) => {
    const { search, done, elsewhere } = searchAndDone(c);
    if (elsewhere !== null) return seeOther(elsewhere);
    const viewer = viewerOf(caller);
    const query = list.parse(search, caller);
    if (!query.valid) return pageResponse(422, viewer, { title, section, head: head(search, query.errors) });
    const { signal } = c.req.raw;
    const fill = () => fillPage(query.value, (part) => list.read(part, signal), signal);
    const page = list.turn ? await list.turn(query.value, viewer.by, fill, signal) : { value: await fill() };
    if (page === null) {
      const { detail, headers } = SEARCH_REFUSAL;
      const notice = html`<div class="notice refused" role="alert"><p>${detail}</p></div>`;
      return pageResponse(429, viewer, { title, section, head: html`${head(search, [])}${notice}` }, headers);
    }
    const { items, next } = page.value;
    const progress = next === null ? null : await list.progress?.({ ...query.value, before: next }, signal);
    const none = next === null ? list.none : 'No match yet. The search can continue further back.';
    const found = items.length === 0 ? html`<p class="quiet">${none}</p>` : list.table(items, viewer);
    return pageResponse(200, viewer, {
      title,
      section,
      flash: flashMessage(done),
      head: head(search, []),
      rest: html`${found}${progress ?? ''}${links(search, next, items.length)}${list.actions(viewer, search)}`,
    });
  };
}

/** Reads until the limit is reached, yielding in between, since one reading of a store may end early. */
export async function fillPage<Q extends PlacedQuery<P>, T, P>(
  query: Q,
  read: (query: Q) => Promise<Batch<T, P>>,
  signal?: AbortSignal,
): Promise<{ items: T[]; next: P | null }> {
  const items: T[] = [];
  let { before } = query;
  for (let readings = 1; ; readings += 1) {
    const limit = query.limit - items.length;
    const batch = await read({ ...query, limit, ...(before === undefined ? {} : { before }) });
    items.push(...batch.items);
    const isOver = items.length >= query.limit || readings >= MAX_READINGS || signal?.aborted;
    if (batch.next === null || isOver) {
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
  const all = new URLSearchParams(urlWith('', search, { cursor: null, limit: null }));
  return [...all].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
}
