// The list of what operators did: one line for each action or bulk action, and for each reveal of hidden values.

import { html } from 'hono/html';
import type { Json } from '../../execution/json.ts';
import { many } from '../../lib/figures.ts';
import { ACTIVITY_ACTIONS, type Activity, type ActivityAction, filterOf } from '../../store/activity-port.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, table } from '../html.ts';
import { parseActivityQuery } from '../operators/activity.ts';
import { endpointPath } from './endpoint-lines.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { moment, NOTHING, number } from './format.ts';
import { incidentPath } from './incident-actions.ts';
import { keyed } from './list-changes.ts';
import { createListPage, type PageHandler } from './list-page.ts';
import { NOTIFICATIONS } from './notifications-page.ts';
import { describeSearch, field, type Search, select, timeField, urlWith } from './search.ts';

const ACTIVITY = '/console/activity';

export function createActivityPage({ store, access, pages, runtime: { world } }: ConsoleDependencies): PageHandler {
  const operators = [...new Set([...access.operators, ...access.readers].map(({ name }) => name))].sort();
  return createListPage(
    {
      section: ACTIVITY,
      title: 'Activity',
      noun: 'action',
      topic: 'activity',
      parse: parseActivityQuery,
      read: store.listActivity,
      fields: (search) => fields(search, operators),
      none: 'No activity matches.',
      older: () => 'Older activity',
      table: activityTable,
      actions:
        () => html`<p class="quiet">A line is written before the action has any effect. The audit trail of each execution has
the single changes.</p>`,
    },
    { world, suggestions: pages.suggestions },
  );
}

function fields(search: Search, operators: readonly string[]): Html {
  const names = operators.map((value) => ({ value, label: value }));
  return html`${field(search, 'by', 'Operator', names)}
${select(search, 'action', 'Action', ACTIVITY_ACTIONS)}
${timeField(search, 'from', 'From')}
${timeField(search, 'to', 'Before')}`;
}

const WORDS: { readonly [A in ActivityAction]: string } = {
  poll: 'polled CXone',
  cancel: 'cancelled',
  erase: 'erased content',
  hold: 'held',
  release: 'released',
  reread: 'read kept bodies again',
  reveal: 'had hidden values shown',
  replay: 'replayed',
  reconcile: 'started a reconciliation',
  acknowledge: 'acknowledged an incident',
  'pause-endpoint': 'paused the notifications to an endpoint',
  'resume-endpoint': 'resumed the notifications to an endpoint',
  'probe-endpoint': 'probed an endpoint',
  'log-out': 'logged out',
  'lift-pause': 'lifted the pause after a response of CXone',
  pause: 'paused sending',
  resume: 'resumed sending',
  resubmit: 'submitted again',
};

function activityTable(items: readonly Activity[]): Html {
  const rows = items.map(
    (one) => html`<tr ${keyed(one.id)}><th scope="row">${moment(one.startedAt)}</th>
<td data-name="Operator">${one.by.replace(/^operator:/, '')}</td><td data-name="Action">${WORDS[one.action]}</td><td data-name="About">${aboutOf(one)}</td>
<td data-name="Outcome">${outcomeOf(one)}</td><td data-name="Reason">${one.reason ?? NOTHING}</td></tr>`,
  );
  return table('Newest first', ['Time', 'Operator', 'Action', 'About', 'Outcome', 'Reason'], rows);
}

function aboutOf(activity: Activity): Html {
  const { target, action } = activity;
  // The id of a session leads nowhere.
  if (action === 'log-out') return html`${NOTHING}`;
  if (target !== null)
    return action === 'replay' ? html`${target}` : html`<a href="${placeOf(action, target)}">${target}</a>`;
  const filter = filterOf(activity);
  if (filter === null) return html`${NOTHING}`;
  const ids = filter['correlationIds'] ?? filter['ids'];
  if (Array.isArray(ids)) return selectedRows(ids, action);
  const named = Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)]);
  // The action has changed the status, and a searched text is not kept.
  const kept = named.filter(([name]) => name !== 'status' && name !== 'text');
  const [path, noun] = action === 'replay' ? [NOTIFICATIONS, 'notifications'] : [EXECUTIONS, 'executions'];
  const shown = new URLSearchParams(
    named.map(([name, value]): [string, string] => [name, TIMES.has(name) ? spaced(value) : value]),
  );
  const href = urlWith(path, new URLSearchParams(kept), {});
  return html`<span><a href="${href}">${noun}</a>: ${describeSearch(shown)}</span>`;
}

function placeOf(action: ActivityAction, target: string): string {
  if (action.endsWith('-endpoint')) {
    const [app = '', origin = ''] = target.split(' ');
    return endpointPath({ app, origin });
  }
  return action === 'acknowledge' ? incidentPath(target) : pathOf(target);
}

/** Executions are linked; the ids of notifications mean nothing to a reader. */
function selectedRows(ids: readonly Json[], action: ActivityAction): Html {
  if (action === 'replay') return html`${many(ids.length, 'selected notification')}`;
  const links = ids.slice(0, MAX_LINKS).map((id) => html` <a href="${pathOf(String(id))}">${String(id)}</a>`);
  const more = ids.length > MAX_LINKS ? ` and ${ids.length - MAX_LINKS} more` : '';
  return html`<span>${many(ids.length, 'selected execution')}:${links}${more}</span>`;
}

const MAX_LINKS = 3;

const TIMES: ReadonlySet<string> = new Set(['from', 'to']);

/** Returns an ISO 8601 time as pages show times. */
function spaced(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

/** A line without an end is under way, or the receiver stopped before it. */
function outcomeOf({ outcome, matched, changed }: Activity): string {
  const word = outcome === 'running' ? 'not ended' : outcome;
  if (changed === null) return word;
  return matched === null ? `${word}: ${number(changed)}` : `${word}: ${number(changed)} of ${number(matched)}`;
}
