// The list of notifications to apps, delivered and pending, with the means to replay them.

import { html } from 'hono/html';
import { NOTIFICATION_STATUSES, NOTIFICATION_TYPES, type Notification } from '../../notification/notification.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, table } from '../html.ts';
import { parseNotificationQuery } from '../notifications/query.ts';
import { createEndpointStates, type ShownNotification } from '../operators/endpoint-state.ts';
import { ENDPOINTS, endpointPath, whyItWaits } from './endpoint-lines.ts';
import { pathOf } from './executions-page.ts';
import { badge, moment, NOTHING } from './format.ts';
import { keyed } from './list-changes.ts';
import { COUNTED, createListPage, hiddenInputs, type PageHandler, SCAN_MS } from './list-page.ts';
import { field, ORDERS, type Search, select, timeField } from './search.ts';
import { selectable, selectCell, selectionForm } from './selection.ts';
import type { SuggestionLists } from './suggestions.ts';
import type { Viewer } from './viewer.ts';

export const NOTIFICATIONS = '/console/notifications';

export function createNotificationsPage(deps: ConsoleDependencies): PageHandler {
  const { store, pages, runtime } = deps;
  const { world } = runtime;
  const { withEndpoints } = createEndpointStates(deps);
  return createListPage(
    {
      section: NOTIFICATIONS,
      title: 'Notifications',
      noun: 'notification',
      pageSize: 40,
      topic: 'notifications',
      parse: parseNotificationQuery,
      count: (query, signal) => store.countNotifications({ ...query, ...COUNTED }, signal),
      read: async (query) => {
        const page = await store.listNotifications({ ...query, scanMs: SCAN_MS });
        return { ...page, items: await withEndpoints(page.items) };
      },
      fields,
      views: [
        { name: 'Dead letters', query: 'status=DEAD' },
        { name: 'Not delivered yet', query: 'status=PENDING' },
        { name: 'Late results of a day', query: 'type=execution.late_result&last=24h' },
      ],
      none: 'No notification matches.',
      older: (search) => (search.get('sort') === 'oldest' ? 'Newer notifications' : 'Older notifications'),
      table: (items, viewer) => notificationsTable(items, viewer, true),
      actions,
    },
    { world, suggestions: pages.suggestions },
  );
}

function fields(search: Search, { apps, endpoints }: SuggestionLists): Html {
  return html`${select(search, 'status', 'Status', NOTIFICATION_STATUSES)}
${select(search, 'type', 'Type', NOTIFICATION_TYPES)}
${field(search, 'correlationId', 'Execution')}
${field(search, 'app', 'App', apps)}
${field(search, 'endpoint', 'Endpoint', endpoints)}
${timeField(search, 'from', 'Created from')}
${timeField(search, 'to', 'Created before')}
${select(search, 'sort', 'Order', ORDERS)}`;
}

/** @param isSelectable whether the page has the form that acts on selected rows */
export function notificationsTable(items: readonly ShownNotification[], viewer: Viewer, isSelectable = false): Html {
  const rows = items.map((one) => {
    const replay =
      viewer.mayChange && one.status !== 'PENDING'
        ? html`<a class="button" href="${NOTIFICATIONS}/${encodeURIComponent(one.id)}/replay" aria-label="Replay ${one.correlationId}…">Replay…</a>`
        : '';
    const pick = isSelectable ? selectCell(viewer, one.id, one.correlationId) : '';
    return html`<tr ${keyed(one.sequence)}>${pick}<th scope="row"><a href="${pathOf(one.correlationId)}">${one.correlationId}</a></th>
<td data-name="Type">${breakable(one.type)}</td><td data-name="Status">${badge(one.status)}</td><td data-name="App">${one.app}</td>
<td data-name="URL"><a href="${endpointPath(one)}">${one.url}</a></td><td data-name="Attempts">${String(one.attempts)}</td><td data-name="Last">${one.status === 'PENDING' ? whyItWaits(one) : lastAttempt(one)}</td>
<td data-name="Created">${moment(one.createdAt)}</td>${viewer.mayChange ? html`<td class="button">${replay}</td>` : ''}</tr>`;
  });
  const named = ['Execution', 'Type', 'Status', 'App', 'URL', 'Attempts', 'Last', 'Created'];
  const columns = viewer.mayChange ? [...named, 'Actions'] : named;
  return table('In the order of creation', isSelectable ? selectable(viewer, columns) : columns, rows);
}

/** A narrow column breaks the line behind the dot. */
function breakable(type: Notification['type']): Html {
  const [subject = '', event = ''] = type.split('.');
  return html`${subject}.<wbr>${event}`;
}

function lastAttempt({ lastHttpStatus, lastError, deliveredAt, status }: Notification): string {
  if (status === 'DELIVERED' && deliveredAt !== null) {
    return lastHttpStatus === null ? 'delivered' : `HTTP ${lastHttpStatus}`;
  }
  const response = lastHttpStatus === null || lastHttpStatus === 0 ? [] : [`HTTP ${lastHttpStatus}`];
  return [...response, ...(lastError === null ? [] : [lastError])].join(': ') || NOTHING;
}

function actions(viewer: Viewer, search: Search): Html {
  const endpoints = html`<p><a href="${ENDPOINTS}">Endpoints with something that waits, and paused ones</a></p>`;
  if (!viewer.mayChange) return endpoints;
  const selected = selectionForm(search, 'notifications', [{ action: 'replay', text: 'Replay selected…' }]);
  if (search.get('status') === 'PENDING') return html`${endpoints}${selected}`;
  const selection = new URLSearchParams(search);
  if (!selection.has('status')) selection.set('status', 'DEAD');
  return html`${endpoints}${selected}
<section aria-labelledby="all"><h2 id="all">All ${selection.get('status')} notifications that match this search</h2>
<p class="quiet">Every page of the search is included. A confirmation follows.</p>
<div class="actions"><form method="get" action="/console/all/replay">${hiddenInputs(selection)}<button type="submit">Replay them…</button></form></div></section>`;
}
