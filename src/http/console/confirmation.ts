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
import { describeSearch, seeOther, urlWith } from './search.ts';
import { atLeast, type Searched, searched } from './searched.ts';
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
  /** Default: a new one. */
  readonly token?: string;
}

/** The request for a question, or the form of one. */
interface Call {
  readonly c: Context;
  readonly caller: Identity;
  /** Aborts when the caller disconnects. */
  readonly signal: AbortSignal;
}

/** A genuine form, with its reason. */
export interface Confirmed<R> extends Call {
  readonly form: URLSearchParams;
  readonly reason: R;
}

/** What an action on a thing asks, and how it is performed. */
interface Action<T, R> {
  readonly section: Section;
  /** Returns the page that "no" and a refusal lead to. */
  readonly back: (item: T) => string;
  readonly readReason: (form: URLSearchParams, caller: Identity) => Validated<R>;
  /** Returns the question, or a page that says why there is none. */
  readonly ask: (item: T, call: Call) => MaybeLater<Omit<Question, 'section' | 'back'> | Response>;
  readonly perform: (item: T, by: Confirmed<R>) => Promise<Response>;
  /** Returns the address that follows, or the page. */
  readonly done: (item: T, response: Response, viewer: Viewer) => MaybeLater<string | Response>;
}

type MaybeLater<T> = T | Promise<T>;

/** An action on what the address names. */
interface ItemAction<T, R> extends Action<T, R> {
  /** Returns what the address names, or a page that says that it names nothing. */
  readonly find: (c: Context, caller: Identity) => MaybeLater<T | Response>;
}

/** The two steps of an action on a thing. */
export interface Steps<T> {
  readonly ask: (item: T, call: Call) => Promise<Response>;
  readonly perform: (item: T, form: URLSearchParams, call: Call) => Promise<Response>;
}

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
const ONLY_ADMINISTRATORS =
  'This needs the key of an administrator (OPERATOR_KEYS). Your key can read, but not change. Nothing was changed.';

const EXPIRED =
  'This form has expired, or was made for another operator. Go back, reload the page and try again. Nothing was changed.';

export const OPTIONAL_REASON_FIELD = html`<p><label for="reason">Reason, which the activity list keeps (optional)</label>
<input id="reason" name="reason" maxlength="500" autocomplete="off"></p>`;

const callOf = (c: Context, caller: Identity): Call => ({ c, caller, signal: c.req.raw.signal });

export type Confirmation = ReturnType<typeof createConfirmation>;

// One function because all parts make or check the form of one question.
export function createConfirmation(csrfTokens: PagesDependencies['csrfTokens']) {
  /** Returns when the question of the form was asked, milliseconds; null for a form that is not genuine. */
  const askedAt = ({ by }: Viewer, form: URLSearchParams) => csrfTokens.issuedAt(by, form.get('token') ?? '');

  function question(
    viewer: Viewer,
    { section, title, text, yes, danger = false, fields, back, token = csrfTokens.mint(viewer.by) }: Question,
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
  async function performedBy(
    c: Context,
    caller: Identity,
    perform: (reason: string | null) => Promise<Response>,
  ): Promise<Response> {
    const form = await genuineForm(c, viewerOf(caller));
    if (form instanceof Response) return form;
    const reason = reasonIn(form);
    return reason.valid ? perform(reason.value) : invalid(viewerOf(caller), '/', reason.errors, '/');
  }

  function steps<T, R>({ section, back, readReason, ask, perform, done }: Action<T, R>): Steps<T> {
    return {
      ask: async (item, call) => {
        const asked = await ask(item, call);
        if (asked instanceof Response) return asked;
        return question(viewerOf(call.caller), { ...asked, section, back: back(item) });
      },
      perform: async (item, form, call) => {
        const viewer = viewerOf(call.caller);
        const reason = readReason(form, call.caller);
        if (!reason.valid) return invalid(viewer, section, reason.errors, back(item));
        const response = await perform(item, { ...call, form, reason: reason.value });
        if (!response.ok) return refusedBy(response, viewer, section, back(item));
        const next = await done(item, response, viewer);
        return typeof next === 'string' ? seeOther(next) : next;
      },
    };
  }

  /** Confirms an action on what the address names. */
  function onItem<T, R>({ find, ...action }: ItemAction<T, R>): ConfirmedAction {
    const { ask, perform } = steps(action);
    return {
      confirm: async (c, caller) => {
        const viewer = viewerOf(caller);
        if (!viewer.mayChange) return forbidden(viewer, ONLY_ADMINISTRATORS);
        const item = await find(c, caller);
        return item instanceof Response ? item : ask(item, callOf(c, caller));
      },
      perform: async (c, caller) => {
        const viewer = viewerOf(caller);
        const form = await genuineForm(c, viewer);
        if (form instanceof Response) return form;
        const item = await find(c, caller);
        return item instanceof Response ? item : perform(item, form, callOf(c, caller));
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
    async function counted({ selection, search, isPatient }: Searched<Q>, signal: AbortSignal): Promise<Html> {
      // promise: question-is-not-delayed-by-its-count
      const { readMs, countMs, isOver } = isPatient ? WHOLE : QUICK;
      const found = await fillPage({ ...selection, limit: MAX_READ, scanMs: readMs }, action.read, isOver);
      if (found.next === null) return html`${many(found.items.filter(action.counts).length, noun)}`;
      const { count, isWhole } = await action.count({ ...selection, limit: MAX_COUNTED, scanMs: countMs }, signal);
      if (isWhole) return html`${many(count, noun)}`;
      const least = Math.max(count, found.items.length);
      return isPatient ? html`At least ${many(least, noun)}` : atLeast(least, noun, search);
    }
    return onItem<Searched<Q>, string | null>({
      section,
      find: searched(section, action.parse),
      back: ({ back }) => back,
      readReason: reasonIn,
      ask: async (asked, { caller, signal }) => {
        const { by } = viewerOf(caller);
        const token = csrfTokens.mint(by);
        const at = csrfTokens.issuedAt(by, token) ?? 0;
        const count = await counted({ ...asked, selection: before(asked.selection, at) }, signal);
        const text = html`<p>${count} of: ${describeSearch(asked.search)}</p>
<p>${explanation} What is new after this question, at ${moment(at)}, is not included.</p>`;
        return { ...action, text, token };
      },
      perform: ({ selection }, by) => action.perform(before(selection, askedAt(viewerOf(by.caller), by.form) ?? 0), by),
      done: async ({ search }, response) => {
        const body = (await response.json()) as { readonly [name: string]: unknown };
        return urlWith(section, search, { done: action.done, count: String(action.performed(body)) });
      },
    });
  }

  /**
   * An action on the rows that a form names. Without a token, the form is the request for the question; the form of the question
   * has the token, and repeats the rows.
   */
  function onForm<T>(
    select: (form: URLSearchParams, viewer: Viewer) => Response | readonly [T, Steps<T>],
  ): PageHandler {
    return async (c, caller) => {
      const viewer = viewerOf(caller);
      const form = await ownForm(c, viewer);
      if (form instanceof Response) return form;
      const isAnswer = form.has('token');
      if (isAnswer && askedAt(viewer, form) === null) return forbidden(viewer, EXPIRED);
      const selected = select(form, viewer);
      if (selected instanceof Response) return selected;
      const [item, { ask, perform }] = selected;
      return isAnswer ? perform(item, form, callOf(c, caller)) : ask(item, callOf(c, caller));
    };
  }

  return { performedBy, steps, onItem, onSelection, onForm };
}
