// Polling and cancelling from a page: one execution, or all that a search finds.

import type { Context } from 'hono';
import { html } from 'hono/html';
import type { ExecutionReader } from '../../store/port.ts';
import type { BulkAction } from '../executions/actions.ts';
import { parseSelection } from '../executions/query.ts';
import {
  COUNTED,
  type Confirmation,
  type ConfirmedAction,
  counted,
  type Handler,
  type Question,
  searchOf,
  seeOther,
} from './confirmation.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { fillPage } from './fill-page.ts';
import { badge } from './format.ts';
import { unknown } from './pages.ts';
import { invalid, refusedBy } from './refusals.ts';
import { inWords, urlWith } from './search.ts';
import { viewerOf } from './viewer.ts';

export interface ExecutionVerbs {
  readonly poll: Handler;
  readonly cancel: Handler;
  readonly actOnSelection: BulkAction;
}

export function createExecutionActions(
  store: Pick<ExecutionReader, 'find' | 'list'>,
  { question, asked }: Confirmation,
  verbs: ExecutionVerbs,
) {
  function ofExecution(
    what: 'poll' | 'cancel',
    words: Omit<Question, 'section' | 'back' | 'words'>,
    why: string,
  ): ConfirmedAction {
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

  function ofSelection(what: 'poll' | 'cancel', title: string, yes: string, why: string): ConfirmedAction {
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
        const found = await fillPage(COUNTED, undefined, (most, place: string | undefined) =>
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
  };
}
