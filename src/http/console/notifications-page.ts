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
import { createListPage, hiddenInputs, type PageHandler } from './list-page.ts';
import { field, type Search, select } from './search.ts';
import type { Viewer } from './viewer.ts';

export const NOTIFICATIONS = '/console/notifications';

export function createNotificationsPage(deps: ConsoleDependencies): PageHandler {
  const { store, runtime } = deps;
  const { world } = runtime;
  const { withEndpoints } = createEndpointStates(deps);
  return createListPage(
    {
      section: NOTIFICATIONS,
      title: 'Notifications',
      topic: 'notifications',
      parse: parseNotificationQuery,
      read: async (query) => {
        const page = await store.listNotifications(query);
        return { ...page, items: await withEndpoints(page.items) };
      },
      fields,
      none: 'No notification matches.',
      older: () => 'Older notifications',
      table: notificationsTable,
      actions,
    },
    world.now,
  );
}

function fields(search: Search): Html {
  return html`${select(search, 'status', 'Status', NOTIFICATION_STATUSES)}
${select(search, 'type', 'Type', NOTIFICATION_TYPES)}
${field(search, 'correlationId', 'Execution')}
${field(search, 'app', 'App')}
${field(search, 'from', 'Created from', '2026-01-31T12:00Z')}
${field(search, 'to', 'Created before', '2026-01-31T13:00Z')}`;
}

export function notificationsTable(items: readonly ShownNotification[], viewer: Viewer): Html {
  const rows = items.map((one) => {
    const replay =
      viewer.mayChange && one.status !== 'PENDING'
        ? html`<form method="get" action="${NOTIFICATIONS}/${encodeURIComponent(one.id)}/replay">
<button id="replay-${one.id}" type="submit" aria-label="Replay ${one.type} of ${one.correlationId}…">Replay…</button></form>`
        : '';
    return html`<tr ${keyed(one.sequence)}><th scope="row"><a href="${pathOf(one.correlationId)}">${one.correlationId}</a></th>
<td data-name="Type">${one.type}</td><td data-name="Status">${badge(one.status)}</td><td data-name="App">${one.app}</td>
<td data-name="URL"><a href="${endpointPath(one)}">${one.url}</a></td><td data-name="Attempts">${String(one.attempts)}</td><td data-name="Last">${one.status === 'PENDING' ? whyItWaits(one) : lastAttempt(one)}</td>
<td data-name="Created">${moment(one.createdAt)}</td>${viewer.mayChange ? html`<td class="button">${replay}</td>` : ''}</tr>`;
  });
  const columns = ['Execution', 'Type', 'Status', 'App', 'URL', 'Attempts', 'Last', 'Created'];
  return table('Newest first', viewer.mayChange ? [...columns, 'Actions'] : columns, rows);
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
  if (!viewer.mayChange || search.get('status') === 'PENDING') return endpoints;
  const selection = new URLSearchParams(search);
  if (!selection.has('status')) selection.set('status', 'DEAD');
  return html`${endpoints}<section aria-labelledby="all"><h2 id="all">All ${selection.get('status')} notifications that match this search</h2>
<p class="quiet">Every page of the search is included. A confirmation follows.</p>
<div class="actions"><form method="get" action="/console/all/replay">${hiddenInputs(selection)}<button type="submit">Replay them…</button></form></div></section>`;
}
