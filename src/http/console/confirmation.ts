// Changes from a page need a confirmation: a question first, then a form that only its reader can submit.

import type { Context } from 'hono';
import { html } from 'hono/html';
import { many } from '../../lib/figures.ts';
import type { MatchCount } from '../../store/search-port.ts';
import type { PagesDependencies } from '../dependencies.ts';
import type { BulkCaller } from '../executions/actions.ts';
import type { Html } from '../html.ts';
import type { Identity } from '../middleware/identity.ts';
import { isForged } from '../middleware/same-origin.ts';
import { reasonIn } from '../operators/reason.ts';
import { readBody } from '../request/read-body.ts';
import type { Validated } from '../request/validate.ts';
import { moment } from './format.ts';
import { pageResponse, type Section } from './layout.ts';
import { fillPage, type PageHandler } from './list-page.ts';
import { forbidden, invalid, refusedBy } from './refusals.ts';
import { describeSearch, type Search, searchOf, seeOther, urlWith } from './search.ts';
import { type Viewer, viewerOf } from './viewer.ts';

export interface ConfirmedAction {
  /** Shows the question. */
  readonly confirm: PageHandler;
  /** Performs the action. */
  readonly perform: PageHandler;
}

export interface Question {
  readonly section: Section;
  readonly title: string;
  readonly text: Html;
  readonly yes: string;
  readonly danger?: boolean;
  /** Inputs of the form, in addition to the buttons; default: an optional reason. */
  readonly fields?: Html;
  /** The page that "no" leads to. */
  readonly back: string;
}

/** What a question is about. */
interface Asked {
  readonly search: Search;
  /** True if its reader waits until all is counted. */
  readonly isPatient: boolean;
}

/** Performs a confirmed action. */
export type Perform = (c: Context, caller: Identity, reason: string | null) => Promise<Response>;

type OnForm = (form: URLSearchParams, c: Context, caller: Identity) => Promise<Response>;

type Ask = (c: Context, caller: Identity, viewer: Viewer) => Promise<Response>;

interface SelectionAction<Q extends Dated, T, P> extends Pick<Question, 'section' | 'title' | 'yes' | 'danger'> {
  readonly noun: string;
  readonly explanation: string;
  /** The name of the action in the URL of the list. */
  readonly done: string;
  readonly parse: (named: { readonly [name: string]: string }, caller: Identity) => Validated<Q>;
  readonly read: (
    query: Q & Scan & { readonly before?: P },
  ) => Promise<{ readonly items: readonly T[]; readonly next: P | null }>;
  /** Counts up to `limit` of them, where `read` would take long. */
  readonly count: (query: Q & Scan, signal: AbortSignal) => Promise<MatchCount>;
  /** Returns true for items that the action applies to. */
  readonly counts: (item: T) => boolean;
  readonly perform: (selection: Q, by: BulkCaller) => Promise<Response>;
  /** Returns the number of changed items from the response. */
  readonly performed: (body: { readonly [name: string]: unknown }) => unknown;
}

interface Scan {
  readonly limit: number;
  /** Time of scanning after which it ends, in milliseconds. */
  readonly scanMs: number;
}

/** A selection by time. */
interface Dated {
  /** Exclusive, milliseconds. */
  readonly to?: number;
}

/** A form holds a token, a reason of at most 500 characters, and the ids of selected rows. */
const MAX_FORM_BYTES = 131_072;
/** Items that are read to count them; more are counted by the store, up to the second number. */
const MAX_READ = 200;
const MAX_COUNTED = 1_000_000;
/** Times of scanning for a question, in milliseconds. */
const QUICK = { readMs: 20, countMs: 30, isOver: () => true };
/** For a search by text, and where an operator wants the whole number. */
const WHOLE = { readMs: 500, countMs: 10_000, isOver: () => false };
/** The parameter of a question that states the whole number. */
const COUNTED = 'counted';

/** Removes the parameter from the search. Returns true if the reader waits until all is counted. */
export function takePatience(search: Search): boolean {
  const isPatient = search.get(COUNTED) === 'all' || search.has('text');
  if (isPatient) search.delete(COUNTED);
  return isPatient;
}

/** The lower bound of a count that is not whole, with a link to the whole one. */
export function atLeast(count: number, noun: string, search: Search): Html {
  return html`At least ${many(count, noun)} (<a href="${urlWith('', search, { [COUNTED]: 'all' })}">count all of them</a>)`;
}

const ONLY_ADMINISTRATORS =
  'This needs the key of an administrator (OPERATOR_KEYS). Your key can read, but not change. Nothing was changed.';

const EXPIRED =
  'This form has expired, or was made for another operator. Go back, reload the page and try again. Nothing was changed.';

export const OPTIONAL_REASON_FIELD = html`<p><label for="reason">Reason, which the activity list keeps (optional)</label>
<input id="reason" name="reason" maxlength="500" autocomplete="off"></p>`;

async function withReason(c: Context, caller: Identity, form: URLSearchParams, perform: Perform): Promise<Response> {
  const reason = reasonIn(form);
  return reason.valid ? perform(c, caller, reason.value) : invalid(viewerOf(caller), '/', reason.errors, '/');
}

export type Confirmation = ReturnType<typeof createConfirmation>;

// One function because all parts make or check the form of one question.
export function createConfirmation(csrfTokens: PagesDependencies['csrfTokens']) {
  /** Returns when the question of the form was asked, milliseconds; null for a form that is not genuine. */
  const askedAt = ({ by }: Viewer, form: URLSearchParams) => csrfTokens.issuedAt(by, form.get('token') ?? '');

  function question(
    viewer: Viewer,
    { section, title, text, yes, danger = false, fields, back }: Question,
    token = csrfTokens.mint(viewer.by),
  ): Response {
    return pageResponse(200, viewer, {
      title,
      section,
      head: html`<h1>${title}</h1>${text}
<form method="post" class="actions">
<input type="hidden" name="token" value="${token}">${fields ?? OPTIONAL_REASON_FIELD}
<button id="yes" type="submit"${danger ? html` class="danger"` : ''}>${yes}</button>
<a id="no" class="button" href="${back}">No, go back</a>
</form>`,
    });
  }

  /** Returns the form if its sender may change things and no other site caused it; the response otherwise. */
  async function ownForm(c: Context, viewer: Viewer): Promise<Response | URLSearchParams> {
    if (!viewer.mayChange) return forbidden(viewer, ONLY_ADMINISTRATORS);
    if (isForged(c.req.raw)) return forbidden(viewer, 'A page of another site sent this form. Nothing was changed.');
    const body = await readBody(c.req.raw, MAX_FORM_BYTES);
    return new URLSearchParams(body.type === 'whole' ? new TextDecoder().decode(body.bytes) : '');
  }

  /** Returns the form if it is genuine and its sender may change things; the response otherwise. */
  async function genuineForm(c: Context, viewer: Viewer): Promise<Response | URLSearchParams> {
    const form = await ownForm(c, viewer);
    if (form instanceof Response) return form;
    return askedAt(viewer, form) === null ? forbidden(viewer, EXPIRED) : form;
  }

  /** Performs what a genuine form wants, with its optional reason; returns the refusal of any other form. */
  async function performedBy(c: Context, caller: Identity, perform: Perform): Promise<Response> {
    const form = await genuineForm(c, viewerOf(caller));
    return form instanceof Response ? form : withReason(c, caller, form, perform);
  }

  function confirmed(ask: Ask, perform: Perform): ConfirmedAction {
    return confirmedOrder(ask, (c, caller, form) => withReason(c, caller, form, perform));
  }

  /** An action that also reads its form. */
  function confirmedOrder(
    ask: Ask,
    perform: (c: Context, caller: Identity, form: URLSearchParams) => Promise<Response>,
  ): ConfirmedAction {
    return {
      confirm: async (c, caller) => {
        const viewer = viewerOf(caller);
        return viewer.mayChange ? ask(c, caller, viewer) : forbidden(viewer, ONLY_ADMINISTRATORS);
      },
      perform: async (c, caller) => {
        const form = await genuineForm(c, viewerOf(caller));
        return form instanceof Response ? form : perform(c, caller, form);
      },
    };
  }

  /** Confirms an action on everything that a search matches when the question is asked. */
  function onSelection<Q extends Dated, T, P>(action: SelectionAction<Q, T, P>): ConfirmedAction {
    const { section, noun, explanation } = action;
    // promise: selection-is-what-was-asked
    const before = (selection: Q, at: number): Q => ({
      ...selection,
      to: Math.min(selection.to ?? at + 1, at + 1),
    });
    async function counted(selection: Q, { search, isPatient }: Asked, signal: AbortSignal): Promise<Html> {
      // promise: question-is-not-delayed-by-its-count
      const { readMs, countMs, isOver } = isPatient ? WHOLE : QUICK;
      const found = await fillPage({ ...selection, limit: MAX_READ, scanMs: readMs }, action.read, isOver);
      if (found.next === null) return html`${many(found.items.filter(action.counts).length, noun)}`;
      const { count, isWhole } = await action.count({ ...selection, limit: MAX_COUNTED, scanMs: countMs }, signal);
      if (isWhole) return html`${many(count, noun)}`;
      const least = Math.max(count, found.items.length);
      return isPatient ? html`At least ${many(least, noun)}` : atLeast(least, noun, search);
    }
    const select = (c: Context, caller: Identity) => {
      const search = searchOf(c);
      const isPatient = takePatience(search);
      const back = urlWith(section, search, {});
      return { search, isPatient, back, selection: action.parse(Object.fromEntries(search), caller) };
    };
    return confirmedOrder(
      async (c, caller, viewer) => {
        const { search, isPatient, back, selection } = select(c, caller);
        if (!selection.valid) return invalid(viewer, section, selection.errors, back);
        const token = csrfTokens.mint(viewer.by);
        const at = csrfTokens.issuedAt(viewer.by, token) ?? 0;
        const count = await counted(before(selection.value, at), { search, isPatient }, c.req.raw.signal);
        const text = html`<p>${count} of: ${describeSearch(search)}</p>
<p>${explanation} What is new after this question, at ${moment(at)}, is not included.</p>`;
        return question(viewer, { ...action, text, back }, token);
      },
      async (c, caller, form) => {
        const { search, back, selection } = select(c, caller);
        const viewer = viewerOf(caller);
        if (!selection.valid) return invalid(viewer, section, selection.errors, back);
        const reason = reasonIn(form);
        if (!reason.valid) return invalid(viewer, section, reason.errors, back);
        const asked = before(selection.value, askedAt(viewer, form) ?? 0);
        const response = await action.perform(asked, { caller, reason: reason.value, signal: c.req.raw.signal });
        if (!response.ok) return refusedBy(response, viewer, section, back);
        const body = (await response.json()) as { readonly [name: string]: unknown };
        return seeOther(urlWith(section, search, { done: action.done, count: String(action.performed(body)) }));
      },
    );
  }

  /**
   * An action on the rows that a form names. Without a token, the form is the request for the question; the form of the question
   * has the token, and repeats the rows.
   */
  function onForm(ask: OnForm, perform: OnForm): PageHandler {
    return async (c, caller) => {
      const viewer = viewerOf(caller);
      const form = await ownForm(c, viewer);
      if (form instanceof Response) return form;
      if (!form.has('token')) return ask(form, c, caller);
      return askedAt(viewer, form) === null ? forbidden(viewer, EXPIRED) : perform(form, c, caller);
    };
  }

  return { question, performedBy, confirmed, confirmedOrder, onSelection, onForm };
}
