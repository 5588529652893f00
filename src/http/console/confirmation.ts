// Nothing is changed from a page unasked: a question first, then a form of ours that only its reader can send.

import type { Context } from 'hono';
import { html } from 'hono/html';
import type { PagesDependencies } from '../dependencies.ts';
import type { Html } from '../html.ts';
import type { Identity } from '../middleware/identity.ts';
import { isForged } from '../middleware/same-origin.ts';
import { readBody } from '../request/read-body.ts';
import { respond } from '../response/json.ts';
import { many } from './format.ts';
import { pageResponse, type Section } from './layout.ts';
import { forbidden } from './refusals.ts';
import { type Search, tidied } from './search.ts';
import { type Viewer, viewerOf } from './viewer.ts';

export type Handler = (c: Context, caller: Identity) => Promise<Response>;

export interface ConfirmedAction {
  /** Asks whether it is meant. */
  readonly confirm: Handler;
  /** Does it. */
  readonly perform: Handler;
}

export interface Question {
  readonly section: Section;
  readonly title: string;
  readonly words: Html;
  readonly yes: string;
  readonly danger?: boolean;
  /** Where a no leads. */
  readonly back: string;
}

/** A form has a token and nothing else. */
const MAX_FORM_BYTES = 4096;
/** So many are counted before it is asked; there may be more. */
export const COUNTED = 200;

const ONLY_ADMINISTRATORS =
  'This needs the key of an administrator, from OPERATOR_KEYS. Yours looks and changes nothing. Nothing was changed.';

export type Confirmation = ReturnType<typeof createConfirmation>;

export function createConfirmation(csrfTokens: PagesDependencies['csrfTokens']) {
  function question(viewer: Viewer, { section, title, words, yes, danger = false, back }: Question): Response {
    return pageResponse(200, viewer, {
      title,
      section,
      head: html`<h1>${title}</h1>${words}
<form method="post" class="actions">
<input type="hidden" name="token" value="${csrfTokens.mint(viewer.by)}">
<button id="yes" type="submit"${danger ? html` class="danger"` : ''}>${yes}</button>
<a id="no" class="button" href="${back}">No, go back</a>
</form>`,
    });
  }

  /** Null when the form is ours and its sender may do this. */
  async function refusedForm(c: Context, viewer: Viewer): Promise<Response | null> {
    if (!viewer.mayChange) return forbidden(viewer, ONLY_ADMINISTRATORS);
    if (isForged(c.req.raw)) return forbidden(viewer, 'A page of another site sent this. Nothing was changed.');
    const body = await readBody(c.req.raw, MAX_FORM_BYTES);
    const form = new URLSearchParams(body.type === 'whole' ? new TextDecoder().decode(body.bytes) : '');
    if (csrfTokens.verify(viewer.by, form.get('token') ?? '')) return null;
    return forbidden(
      viewer,
      'This form lay open for too long, or was made for somebody else. Go back, reload the page and try again. Nothing was changed.',
    );
  }

  /** Asks those who may, shows others that they may not; acts only on a form of ours. */
  function asked(
    ask: (c: Context, caller: Identity, viewer: Viewer) => Promise<Response>,
    act: Handler,
  ): ConfirmedAction {
    return {
      confirm: async (c, caller) => {
        const viewer = viewerOf(caller);
        return viewer.mayChange ? ask(c, caller, viewer) : forbidden(viewer, ONLY_ADMINISTRATORS);
      },
      perform: async (c, caller) => (await refusedForm(c, viewerOf(caller))) ?? act(c, caller),
    };
  }

  return { question, refusedForm, asked };
}

export function searchOf(c: Context): Search {
  const url = new URL(c.req.url);
  return new URL(tidied(url) ?? url.href, url).searchParams;
}

export function seeOther(location: string): Response {
  return respond(303, null, { location });
}

export function counted(count: number, more: boolean, noun: string): string {
  return more ? `At least ${many(count, noun)}` : many(count, noun);
}
