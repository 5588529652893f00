// What administrators change from a page: asked first, then done by the same handlers as over the API, in their name.

import type { Context } from 'hono';
import { html } from 'hono/html';
import type { ExecutionFilter } from '../../store/port.ts';
import { answer } from '../answers.ts';
import type { Identity } from '../authentication.ts';
import { readBody } from '../bodies.ts';
import { isForged } from '../checks/same-origin.ts';
import type { Html } from '../docs/text.ts';
import { parseSelection } from '../list-query.ts';
import { parseReplay } from '../notification-query.ts';
import { type Console, type ConsoleDependencies, unknown } from './console.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { gather } from './gather.ts';
import { pageAnswer, type Section } from './layout.ts';
import { NOTIFICATIONS } from './notifications-page.ts';
import { forbidden, invalid, refusedBy } from './refusals.ts';
import { inWords, type Search, tidied, urlWith } from './search.ts';
import { type Viewer, viewerOf } from './viewer.ts';
import { badge, many } from './words.ts';

type Handler = (c: Context, caller: Identity) => Promise<Response>;

/** What does it, as over the API: answers with JSON or with a problem. */
export interface Verbs {
  readonly poll: Handler;
  readonly cancel: Handler;
  readonly replay: Handler;
  actOnSelection(
    what: 'poll' | 'cancel',
    filter: ExecutionFilter,
    caller: Identity,
    signal: AbortSignal,
  ): Promise<Response>;
  replaySelection(
    filter: Parameters<ConsoleDependencies['store']['replay']>[0],
    caller: Identity,
    signal: AbortSignal,
  ): Promise<Response>;
}

export interface Asked {
  /** Asks whether it is meant. */
  readonly ask: Handler;
  /** Does it. */
  readonly act: Handler;
}

interface Question {
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
const COUNTED = 200;

export function createConsoleActions({ store, pages, log }: ConsoleDependencies, console: Console, verbs: Verbs) {
  function question(viewer: Viewer, { section, title, words, yes, danger = false, back }: Question): Response {
    return pageAnswer(200, viewer, {
      title,
      section,
      head: html`<h1>${title}</h1>${words}
<form method="post" class="actions">
<input type="hidden" name="token" value="${pages.formTokens.mint(viewer.by)}">
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
    if (pages.formTokens.verify(viewer.by, form.get('token') ?? '')) return null;
    return forbidden(
      viewer,
      'This form lay open for too long, or was made for somebody else. Go back, reload the page and try again. Nothing was changed.',
    );
  }

  /** Asks those who may, shows others that they may not; acts only on a form of ours. */
  function asked(ask: (c: Context, caller: Identity, viewer: Viewer) => Promise<Response>, act: Handler): Asked {
    return {
      ask: async (c, caller) => {
        const viewer = viewerOf(caller);
        return viewer.mayChange ? ask(c, caller, viewer) : forbidden(viewer, ONLY_ADMINISTRATORS);
      },
      act: async (c, caller) => (await refusedForm(c, viewerOf(caller))) ?? act(c, caller),
    };
  }

  function ofExecution(
    what: 'poll' | 'cancel',
    words: Omit<Question, 'section' | 'back' | 'words'>,
    why: string,
  ): Asked {
    const find = (c: Context) => store.find(c.req.param('correlationId') ?? '');
    return asked(
      async (c, _caller, viewer) => {
        const one = await find(c);
        if (one === undefined) return unknown(viewer, EXECUTIONS, 'There is no execution with this id.');
        const about = html`<p><code>${one.correlationId}</code> ${badge(one.status)} ${one.actionId}, of ${one.app}</p><p>${why}</p>`;
        return question(viewer, { ...words, section: EXECUTIONS, words: about, back: pathOf(one.correlationId) });
      },
      async (c, caller) => {
        const done = await verbs[what](c, caller);
        const back = pathOf(c.req.param('correlationId') ?? '');
        return done.ok ? seeOther(`${back}?done=${what}`) : refusedBy(done, viewerOf(caller), EXECUTIONS, back);
      },
    );
  }

  function ofSelection(what: 'poll' | 'cancel', title: string, yes: string, why: string): Asked {
    const select = (c: Context) => {
      const search = searchOf(c);
      const named = Object.fromEntries(search);
      return { search, filter: parseSelection(Object.keys(named).length === 0 ? { status: 'OPEN' } : named) };
    };
    return asked(
      async (c, _caller, viewer) => {
        const { search, filter } = select(c);
        const back = urlWith(EXECUTIONS, search, {});
        if (!filter.valid) return invalid(viewer, EXECUTIONS, filter.errors, back);
        const found = await gather(COUNTED, undefined, (most, place: string | undefined) =>
          store.list({ ...filter.value, limit: most, ...(place === undefined ? {} : { before: place }) }),
        );
        const open = found.items.filter(({ resolvedAt }) => resolvedAt === null).length;
        const words = html`<p>${counted(open, found.next !== null, 'execution')} of: ${inWords(search)}</p><p>${why}</p>`;
        return question(viewer, { section: EXECUTIONS, title, words, yes, danger: what === 'cancel', back });
      },
      async (c, caller) => {
        const { search, filter } = select(c);
        const back = urlWith(EXECUTIONS, search, {});
        if (!filter.valid) return invalid(viewerOf(caller), EXECUTIONS, filter.errors, back);
        const done = await verbs.actOnSelection(what, filter.value, caller, c.req.raw.signal);
        if (!done.ok) return refusedBy(done, viewerOf(caller), EXECUTIONS, back);
        const tally = (await done.json()) as { readonly done: number };
        return seeOther(urlWith(EXECUTIONS, search, { done: `${what}-all`, count: String(tally.done) }));
      },
    );
  }

  return {
    poll: ofExecution(
      'poll',
      { title: 'Poll now?', yes: 'Yes, poll now' },
      'CXone is asked at once how it stands. The trail says that you asked.',
    ),
    cancel: ofExecution(
      'cancel',
      { title: 'Cancel this execution?', yes: 'Yes, cancel it', danger: true },
      'It ends here as CANCELLED, and its app is told. What was sent to CXone may still run there. It cannot be undone.',
    ),
    pollAll: ofSelection(
      'poll',
      'Poll all of these?',
      'Yes, poll them now',
      'CXone is asked about each that has a name there, as fast as its limits allow.',
    ),
    cancelAll: ofSelection(
      'cancel',
      'Cancel all of these?',
      'Yes, cancel them',
      'Each ends here as CANCELLED, and its app is told. What was sent to CXone may still run there. It cannot be undone.',
    ),

    replay: asked(
      async (c, _caller, viewer) => {
        const one = await store.findNotification(c.req.param('id') ?? '');
        if (one === undefined) return unknown(viewer, NOTIFICATIONS, 'There is no notification with this id.');
        const words = html`<p>${one.type} of <code>${one.correlationId}</code> ${badge(one.status)} to ${one.url}</p>
<p>The app is sent it again, under the same id.</p>`;
        const back = urlWith(NOTIFICATIONS, new URLSearchParams({ correlationId: one.correlationId }), {});
        return question(viewer, {
          section: NOTIFICATIONS,
          title: 'Replay this notification?',
          words,
          yes: 'Yes, replay it',
          back,
        });
      },
      async (c, caller) => {
        const done = await verbs.replay(c, caller);
        if (!done.ok) return refusedBy(done, viewerOf(caller), NOTIFICATIONS, NOTIFICATIONS);
        const { correlationId } = (await done.json()) as { readonly correlationId: string };
        return seeOther(urlWith(NOTIFICATIONS, new URLSearchParams({ correlationId }), { done: 'replay' }));
      },
    ),

    replayAll: asked(
      async (c, caller, viewer) => {
        const search = searchOf(c);
        const back = urlWith(NOTIFICATIONS, search, {});
        const filter = parseReplay(Object.fromEntries(search), caller);
        if (!filter.valid) return invalid(viewer, NOTIFICATIONS, filter.errors, back);
        const found = await gather(COUNTED, undefined, (most, place: number | undefined) =>
          store.listNotifications({ ...filter.value, limit: most, ...(place === undefined ? {} : { before: place }) }),
        );
        const words = html`<p>${counted(found.items.length, found.next !== null, 'notification')} of: ${inWords(search)}</p>
<p>The apps are sent them again, each under the same id.</p>`;
        return question(viewer, {
          section: NOTIFICATIONS,
          title: 'Replay all of these?',
          words,
          yes: 'Yes, replay them',
          back,
        });
      },
      async (c, caller) => {
        const search = searchOf(c);
        const back = urlWith(NOTIFICATIONS, search, {});
        const filter = parseReplay(Object.fromEntries(search), caller);
        if (!filter.valid) return invalid(viewerOf(caller), NOTIFICATIONS, filter.errors, back);
        const done = await verbs.replaySelection(filter.value, caller, c.req.raw.signal);
        if (!done.ok) return refusedBy(done, viewerOf(caller), NOTIFICATIONS, back);
        const { replayed } = (await done.json()) as { readonly replayed: number };
        return seeOther(urlWith(NOTIFICATIONS, search, { done: 'replay-all', count: String(replayed) }));
      },
    ),

    reveal: async (c: Context, caller: Identity): Promise<Response> => {
      const viewer = viewerOf(caller);
      const refused = await refusedForm(c, viewer);
      if (refused !== null) return refused;
      const correlationId = c.req.param('correlationId') ?? '';
      const page = await console.revealed(c, viewer);
      if (page.ok) log.info({ operator: viewer.name, correlationId }, 'an operator had hidden values shown');
      return page;
    },
  };
}

const ONLY_ADMINISTRATORS =
  'This needs the key of an administrator, from OPERATOR_KEYS. Yours looks and changes nothing. Nothing was changed.';

function searchOf(c: Context): Search {
  const url = new URL(c.req.url);
  return new URL(tidied(url) ?? url.href, url).searchParams;
}

function seeOther(location: string): Response {
  return answer(303, null, { location });
}

function counted(count: number, more: boolean, noun: string): string {
  return more ? `At least ${many(count, noun)}` : many(count, noun);
}
