// Actions on the rows that an administrator selected in a list, after a question with their exact number.

import type { Context } from 'hono';
import { html } from 'hono/html';
import type { Execution } from '../../execution/execution.ts';
import { many } from '../../lib/figures.ts';
import type { Notification } from '../../notification/notification.ts';
import { MAX_NAMED } from '../../store/port.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { orderOf } from '../executions/order.ts';
import type { Html } from '../html.ts';
import type { Identity } from '../middleware/identity.ts';
import { reasonIn } from '../operators/reason.ts';
import { type Confirmation, OPTIONAL_REASON_FIELD, type Question } from './confirmation.ts';
import { type Counted, ERASED_PARTS, type ErasureVerbs, erasedPage, REASON_FIELD, UNNAMED } from './erasure-actions.ts';
import { CANCEL_WARNING, type ExecutionVerbs } from './execution-actions.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { badge } from './format.ts';
import type { Section } from './layout.ts';
import { fillPage, type PageHandler } from './list-page.ts';
import type { NotificationVerbs } from './notification-actions.ts';
import { NOTIFICATIONS } from './notifications-page.ts';
import { invalid, refusedBy } from './refusals.ts';
import { seeOther, urlWith } from './search.ts';
import { viewerOf } from './viewer.ts';

type Verbs = ExecutionVerbs & ErasureVerbs & NotificationVerbs;

/** Rows that a question lists; it states the number of all. */
const MAX_LISTED = 10;

interface Selected {
  readonly ids: readonly string[];
  /** The list that the rows come from. */
  readonly section: Section;
  /** The search that the rows come from. */
  readonly back: string;
}

interface Asked extends Selected {
  readonly form: URLSearchParams;
  readonly c: Context;
  readonly caller: Identity;
}

/** What one action asks, and how it is performed. */
interface SelectedAction {
  readonly section: Section;
  readonly ask: (asked: Asked) => Promise<Omit<Question, 'section' | 'back'>>;
  readonly perform: (asked: Asked) => Promise<Response>;
}

// One function because all actions share the store, the question and the verbs.
export function createSelectedActions(
  { store }: Pick<ConsoleDependencies, 'store'>,
  { question, onForm }: Confirmation,
  verbs: Verbs,
): { readonly selected: PageHandler } {
  const actions = new Map<string, SelectedAction>([
    ['poll', onOpen('poll')],
    ['cancel', onOpen('cancel')],
    ['erase', erasing()],
    ['replay', replaying()],
  ]);

  async function executions({ ids }: Selected): Promise<readonly Execution[]> {
    const query = { app: null, correlationIds: ids, limit: MAX_NAMED };
    return (await fillPage(query, (part) => store.list(part))).items;
  }

  async function notifications({ ids }: Selected): Promise<readonly Notification[]> {
    return (await fillPage({ app: null, ids, limit: MAX_NAMED }, (part) => store.listNotifications(part))).items;
  }

  function onOpen(action: 'poll' | 'cancel'): SelectedAction {
    return {
      section: EXECUTIONS,
      ask: async (asked) => {
        const found = await executions(asked);
        const open = found.filter(({ resolvedAt }) => resolvedAt === null);
        const effect = action === 'poll' ? POLL_EFFECT : `Each execution ${CANCEL_WARNING}`;
        return {
          ...QUESTIONS[action],
          text: html`<p>${many(open.length, 'execution')} of ${many(asked.ids.length, 'selected row')}${others(found.length - open.length, 'have ended, and stay as they are')}${unknown(asked.ids.length - found.length)}</p>
${listed(open)}<p>${effect}</p>`,
        };
      },
      perform: async ({ ids, section, back, form, c, caller }) => {
        const reason = reasonIn(form);
        if (!reason.valid) return invalid(viewerOf(caller), section, reason.errors, back);
        const by = { caller, reason: reason.value, signal: c.req.raw.signal };
        const response = await verbs.actOnSelection(action, { app: null, status: 'OPEN', correlationIds: ids }, by);
        return done(response, { section, back, caller, what: `${action}-all`, member: 'done' });
      },
    };
  }

  function erasing(): SelectedAction {
    return {
      section: EXECUTIONS,
      ask: async ({ ids, c, caller }) => {
        const filter = { app: null, correlationIds: ids };
        const counted = await verbs.eraseSelection(filter, UNNAMED(caller), null, c.req.raw.signal);
        const { matched, open, held } = (await counted.json()) as Counted;
        return {
          title: 'Erase the content of the selected executions?',
          text: html`<p>${many(matched, 'execution')} of ${many(ids.length, 'selected row')}. ${many(open, 'execution')} not ended and ${many(held, 'held execution')} stay as they are.</p>
<p>${ERASED_PARTS}</p>`,
          fields: html`<input type="hidden" name="confirm" value="${matched}">${REASON_FIELD}`,
          yes: `Yes, erase ${many(matched, 'execution')}`,
          danger: true,
        };
      },
      perform: async ({ ids, section, back, form, c, caller }) => {
        const viewer = viewerOf(caller);
        const order = orderOf(form.get('reason'), caller);
        if (!order.valid) return invalid(viewer, section, order.errors, back);
        const confirm = Number(/^\d{1,9}$/.exec(form.get('confirm') ?? '')?.[0] ?? Number.NaN);
        const filter = { app: null, correlationIds: ids };
        const response = await verbs.eraseSelection(filter, order.value, confirm, c.req.raw.signal);
        return response.ok ? erasedPage(response, viewer, back) : refusedBy(response, viewer, section, back);
      },
    };
  }

  function replaying(): SelectedAction {
    return {
      section: NOTIFICATIONS,
      ask: async (asked) => {
        const found = await notifications(asked);
        const settled = found.filter(({ status }) => status !== 'PENDING');
        return {
          title: 'Replay the selected notifications?',
          text: html`<p>${many(settled.length, 'notification')} of ${many(asked.ids.length, 'selected row')}${others(found.length - settled.length, 'are pending, and are sent anyway')}${unknown(asked.ids.length - found.length)}</p>
${listed(settled)}<p>Each notification is sent again with the same id.</p>`,
          yes: 'Yes, replay them',
        };
      },
      perform: async ({ ids, section, back, form, c, caller }) => {
        const reason = reasonIn(form);
        if (!reason.valid) return invalid(viewerOf(caller), section, reason.errors, back);
        const by = { caller, reason: reason.value, signal: c.req.raw.signal };
        const response = await verbs.replaySelection({ app: null, ids }, by);
        return done(response, { section, back, caller, what: 'replay-all', member: 'replayed' });
      },
    };
  }

  /** Reads what the form selects, and continues with it. */
  const withSelected =
    (act: (asked: Asked, action: SelectedAction) => Promise<Response>) =>
    async (form: URLSearchParams, c: Context, caller: Identity): Promise<Response> => {
      const action = actions.get(form.get('action') ?? '');
      const section = action?.section ?? EXECUTIONS;
      const back = urlWith(section, new URLSearchParams(form.get('back') ?? ''), {});
      const ids = [...new Set(form.getAll('id'))];
      const error = action === undefined ? UNKNOWN_ACTION : selectionError(ids.length);
      if (action === undefined || error !== null) {
        return invalid(viewerOf(caller), section, [error ?? UNKNOWN_ACTION], back);
      }
      return act({ ids, section, back, form, c, caller }, action);
    };

  return {
    selected: onForm(
      withSelected(async (asked, action) => {
        const { section, back } = asked;
        const { fields = OPTIONAL_REASON_FIELD, ...texts } = await action.ask(asked);
        return question(viewerOf(asked.caller), { ...texts, fields: html`${repeated(asked)}${fields}`, section, back });
      }),
      withSelected((asked, action) => action.perform(asked)),
    ),
  };
}

const POLL_EFFECT = 'CXone is polled for each execution that has an id there, as fast as its limits allow.';

const QUESTIONS = {
  poll: { title: 'Poll the selected executions?', yes: 'Yes, poll them now' },
  cancel: { title: 'Cancel the selected executions?', yes: 'Yes, cancel them', danger: true },
} as const;

const UNKNOWN_ACTION = { pointer: '#/action', detail: 'must be poll, cancel, erase or replay' };

function selectionError(count: number): { readonly pointer: string; readonly detail: string } | null {
  if (count === 0) return { pointer: '#/id', detail: 'is missing: select at least one row' };
  return count > MAX_NAMED ? { pointer: '#/id', detail: `names ${count} rows: select at most ${MAX_NAMED}` } : null;
}

/** The form of the question repeats what was selected. */
function repeated({ ids, form }: Asked): Html {
  const inputs = [
    ...ids.map((id) => ['id', id] as const),
    ['action', form.get('action') ?? ''] as const,
    ['back', form.get('back') ?? ''] as const,
  ];
  return html`${inputs.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`;
}

function others(count: number, state: string): string {
  return count === 0 ? '.' : `. The others ${state}.`;
}

function unknown(count: number): string {
  return count === 0 ? '' : ` ${many(count, 'row')} cannot be found; the retention may have pruned them.`;
}

function listed(rows: readonly (Pick<Execution, 'correlationId' | 'app' | 'status'> | Notification)[]): Html {
  const items = rows
    .slice(0, MAX_LISTED)
    .map(
      ({ correlationId, status, app }) =>
        html`<li><a href="${pathOf(correlationId)}">${correlationId}</a> ${badge(status)} of ${app}</li>`,
    );
  const more = rows.length > MAX_LISTED ? html`<li>and ${many(rows.length - MAX_LISTED, 'other')}</li>` : '';
  return html`<ul>${items}${more}</ul>`;
}

interface Done {
  readonly section: Section;
  readonly back: string;
  readonly caller: Identity;
  readonly what: string;
  /** The member of the response that has the number of changed rows. */
  readonly member: string;
}

async function done(response: Response, { section, back, caller, what, member }: Done): Promise<Response> {
  if (!response.ok) return refusedBy(response, viewerOf(caller), section, back);
  const body = (await response.json()) as { readonly [name: string]: unknown };
  const [path = section, query = ''] = back.split('?');
  return seeOther(urlWith(path, new URLSearchParams(query), { done: what, count: String(body[member]) }));
}
