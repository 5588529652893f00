// The list of what operators did: one line for each action or bulk action, and for each reveal of hidden values.

import { html } from 'hono/html';
import { ACTIVITY_ACTIONS, type Activity, type ActivityAction, filterOf } from '../../store/activity-port.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, table } from '../html.ts';
import { parseActivityQuery } from '../operators/activity.ts';
import { pathOf } from './executions-page.ts';
import { moment, NOTHING, number } from './format.ts';
import { createListPage, type PageHandler } from './list-page.ts';
import { NOTIFICATIONS } from './notifications-page.ts';
import { describeSearch, field, type Search, select } from './search.ts';

const ACTIVITY = '/console/activity';

export function createActivityPage({ store, runtime: { world } }: ConsoleDependencies): PageHandler {
  return createListPage(
    {
      section: ACTIVITY,
      title: 'Activity',
      parse: parseActivityQuery,
      read: store.listActivity,
      fields,
      none: 'No activity matches.',
      older: () => 'Older activity',
      table: activityTable,
      actions:
        () => html`<p class="quiet">A line is written before the action has any effect. The audit trail of each execution has
the single changes.</p>`,
    },
    world.now,
  );
}

function fields(search: Search): Html {
  return html`${field(search, 'by', 'Operator', 'alice')}
${select(search, 'action', 'Action', ACTIVITY_ACTIONS)}
${field(search, 'from', 'From', '2026-01-31T12:00Z')}
${field(search, 'to', 'Before', '2026-01-31T13:00Z')}`;
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
  'lift-pause': 'lifted the pause after a response of CXone',
};

function activityTable(items: readonly Activity[]): Html {
  const rows = items.map(
    (one) => html`<tr><th scope="row">${moment(one.startedAt)}</th>
<td data-name="Operator">${one.by.replace(/^operator:/, '')}</td><td data-name="Action">${WORDS[one.action]}</td><td data-name="About">${aboutOf(one)}</td>
<td data-name="Outcome">${outcomeOf(one)}</td><td data-name="Reason">${one.reason ?? NOTHING}</td></tr>`,
  );
  return table('Newest first', ['Time', 'Operator', 'Action', 'About', 'Outcome', 'Reason'], rows);
}

function aboutOf(activity: Activity): Html {
  const { target, action } = activity;
  if (target !== null) {
    // A notification is shown in the list, which names its execution.
    const path = action === 'replay' ? NOTIFICATIONS : pathOf(target);
    return html`<a href="${path}">${target}</a>`;
  }
  const named = filterOf(activity);
  if (named === null) return html`${NOTHING}`;
  const search = new URLSearchParams(
    Object.entries(named).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return html`${action === 'replay' ? 'notifications' : 'executions'} with ${describeSearch(search)}`;
}

/** A line without an end is under way, or the receiver stopped before it. */
function outcomeOf({ outcome, matched, changed }: Activity): string {
  const word = outcome === 'running' ? 'not ended' : outcome;
  if (changed === null) return word;
  return matched === null ? `${word}: ${number(changed)}` : `${word}: ${number(changed)} of ${number(matched)}`;
}
