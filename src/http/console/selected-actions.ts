// Actions on the rows that an administrator selected in a list, after a question with their exact number.

import { html } from 'hono/html';
import type { Execution } from '../../execution/execution.ts';
import { many } from '../../lib/figures.ts';
import type { Notification } from '../../notification/notification.ts';
import type { Order } from '../../store/erasure-port.ts';
import { MAX_NAMED } from '../../store/port.ts';
import type { HttpParts } from '../dependencies.ts';
import { type BulkCaller, createBulkAction } from '../executions/actions.ts';
import type { Html } from '../html.ts';
import { createBulkReplay } from '../notifications/replay.ts';
import { reasonIn } from '../operators/reason.ts';
import { type Confirmation, OPTIONAL_REASON_FIELD, type Question, type Steps } from './confirmation.ts';
import { createErasureOfMany, ERASED_PARTS } from './erasure-actions.ts';
import { CANCEL_WARNING } from './execution-actions.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { badge } from './format.ts';
import type { Section } from './layout.ts';
import { fillPage, type PageHandler } from './list-page.ts';
import { NOTIFICATIONS } from './notifications-page.ts';
import { invalid } from './refusals.ts';
import { urlWith } from './search.ts';

/** Rows that a question lists; it states the number of all. */
const MAX_LISTED = 10;

interface Selected {
  readonly ids: readonly string[];
  /** The search that the rows come from. */
  readonly back: string;
  /** Inputs by which the form of the question repeats what was selected. */
  readonly repeated: Html;
}

type Row = Pick<Execution | Notification, 'correlationId' | 'app' | 'status'>;

/** An action on those of the selected rows that it applies to. */
interface RowsAction<T extends Row> extends Pick<Question, 'title' | 'yes' | 'danger'> {
  readonly section: Section;
  readonly noun: string;
  readonly find: (ids: readonly string[]) => Promise<readonly T[]>;
  readonly appliesTo: (row: T) => boolean;
  /** What the other rows are, and what becomes of them. */
  readonly others: string;
  readonly effect: string;
  readonly perform: (ids: readonly string[], by: BulkCaller) => Promise<Response>;
  /** The name of the action in the URL of the list. */
  readonly done: string;
  /** The member of the response that has the number of changed rows. */
  readonly member: string;
}

// One function because all actions share the handlers of the API and the steps of a question.
export function selectedAction(deps: HttpParts, { steps, onForm }: Confirmation): PageHandler {
  const { store } = deps;
  const actOnSelection = createBulkAction(deps);
  const replaySelection = createBulkReplay(deps);
  const common = { back: ({ back }: Selected) => back, readReason: reasonIn };

  const onRows = <T extends Row>({
    section,
    noun,
    others,
    effect,
    ...action
  }: RowsAction<T>): [Section, Steps<Selected>] => [
    section,
    steps({
      ...common,
      section,
      ask: async ({ ids, repeated }) => {
        const found = await action.find(ids);
        const rows = found.filter(action.appliesTo);
        const rest = found.length === rows.length ? '.' : `. The others ${others}.`;
        return {
          ...action,
          text: html`<p>${many(rows.length, noun)} of ${many(ids.length, 'selected row')}${rest}${unknown(ids.length - found.length)}</p>
${listed(rows)}<p>${effect}</p>`,
          fields: html`${repeated}${OPTIONAL_REASON_FIELD}`,
        };
      },
      perform: ({ ids }, by) => action.perform(ids, by),
      done: async ({ back }, response) => {
        const body = (await response.json()) as { readonly [name: string]: unknown };
        const [path = section, query = ''] = back.split('?');
        return urlWith(path, new URLSearchParams(query), { done: action.done, count: String(body[action.member]) });
      },
    }),
  ];

  const onOpen = (action: 'poll' | 'cancel', texts: Pick<Question, 'title' | 'yes' | 'danger'>, effect: string) =>
    onRows<Execution>({
      ...texts,
      section: EXECUTIONS,
      noun: 'execution',
      find: async (ids) => (await fillPage({ app: null, correlationIds: ids, limit: MAX_NAMED }, store.list)).items,
      appliesTo: ({ resolvedAt }) => resolvedAt === null,
      others: 'have ended, and stay as they are',
      effect,
      perform: (ids, by) => actOnSelection(action, { app: null, status: 'OPEN', correlationIds: ids }, by),
      done: `${action}-all`,
      member: 'done',
    });

  const actions = new Map<string, readonly [Section, Steps<Selected>]>([
    ['poll', onOpen('poll', { title: 'Poll the selected executions?', yes: 'Yes, poll them now' }, POLL_EFFECT)],
    [
      'cancel',
      onOpen(
        'cancel',
        { title: 'Cancel the selected executions?', yes: 'Yes, cancel them', danger: true },
        `Each execution ${CANCEL_WARNING}`,
      ),
    ],
    ['erase', [EXECUTIONS, erasing()]],
    [
      'replay',
      onRows<Notification>({
        section: NOTIFICATIONS,
        noun: 'notification',
        title: 'Replay the selected notifications?',
        yes: 'Yes, replay them',
        find: async (ids) => (await fillPage({ app: null, ids, limit: MAX_NAMED }, store.listNotifications)).items,
        appliesTo: ({ status }) => status !== 'PENDING',
        others: 'are pending, and are sent anyway',
        effect: 'Each notification is sent again with the same id.',
        perform: (ids, by) => replaySelection({ app: null, ids }, by),
        done: 'replay-all',
        member: 'replayed',
      }),
    ],
  ]);

  function erasing(): Steps<Selected> {
    const erasure = createErasureOfMany(deps);
    const erasable = ({ ids, back }: Selected) => ({ selection: { app: null, correlationIds: ids }, back });
    return steps<Selected, Order>({
      ...erasure,
      ask: async (selected, call) => {
        const title = 'Erase the content of the selected executions?';
        const asked = await erasure.askFor(
          erasable(selected),
          call,
          title,
          ({
            matched,
            open,
            held,
          }) => html`<p>${many(matched, 'execution')} of ${many(selected.ids.length, 'selected row')}. ${many(open, 'execution')} not ended and ${many(held, 'held execution')} stay as they are.</p>
<p>${ERASED_PARTS}</p>`,
        );
        return asked instanceof Response ? asked : { ...asked, fields: html`${selected.repeated}${asked.fields}` };
      },
      perform: (selected, by) => erasure.perform(erasable(selected), by),
    });
  }

  return onForm((form, viewer) => {
    const name = form.get('action') ?? '';
    const action = actions.get(name);
    const section = action?.[0] ?? EXECUTIONS;
    const search = form.get('back') ?? '';
    const back = urlWith(section, new URLSearchParams(search), {});
    const ids = [...new Set(form.getAll('id'))];
    const error = action === undefined ? UNKNOWN_ACTION : selectionError(ids.length);
    if (action === undefined || error !== null) {
      return invalid(viewer, section, [error ?? UNKNOWN_ACTION], back);
    }
    const inputs = [...ids.map((id) => ['id', id]), ['action', name], ['back', search]];
    const repeated = html`${inputs.map(([key, value]) => html`<input type="hidden" name="${key}" value="${value}">`)}`;
    return [{ ids, back, repeated }, action[1]];
  });
}

const POLL_EFFECT = 'CXone is polled for each execution that has an id there, as fast as its limits allow.';

const UNKNOWN_ACTION = { pointer: '#/action', detail: 'must be poll, cancel, erase or replay' };

function selectionError(count: number): { readonly pointer: string; readonly detail: string } | null {
  if (count === 0) return { pointer: '#/id', detail: 'is missing: select at least one row' };
  return count > MAX_NAMED ? { pointer: '#/id', detail: `names ${count} rows: select at most ${MAX_NAMED}` } : null;
}

function unknown(count: number): string {
  return count === 0 ? '' : ` ${many(count, 'row')} cannot be found; the retention may have pruned them.`;
}

function listed(rows: readonly Row[]): Html {
  const items = rows
    .slice(0, MAX_LISTED)
    .map(
      ({ correlationId, status, app }) =>
        html`<li><a href="${pathOf(correlationId)}">${correlationId}</a> ${badge(status)} of ${app}</li>`,
    );
  const more = rows.length > MAX_LISTED ? html`<li>and ${many(rows.length - MAX_LISTED, 'other')}</li>` : '';
  return html`<ul>${items}${more}</ul>`;
}
