// The list of notifications: what apps were told and are still to be told, and telling it again.

import { html } from 'hono/html';
import { NOTIFICATION_STATUSES, NOTIFICATION_TYPES, type Notification } from '../../notification/notification.ts';
import type { NotificationPage } from '../../store/outbox-port.ts';
import { type Html, table } from '../html.ts';
import { encodeCursor } from '../request/list-parameters.ts';
import type { FieldError } from '../response/problem.ts';
import { pathOf } from './executions-page.ts';
import { badge, moment, NOTHING } from './format.ts';
import { field, problems, quickTimes, type Search, select, urlWith } from './search.ts';
import type { Viewer } from './viewer.ts';

export const NOTIFICATIONS = '/console/notifications';

export function notificationsHead(search: Search, errors: readonly FieldError[], now: number): Html {
  return html`<h1>Notifications</h1>
<form class="search" method="get" action="${NOTIFICATIONS}" role="search" aria-label="Notifications">
${select(search, 'status', 'Status', NOTIFICATION_STATUSES)}
${select(search, 'type', 'Type', NOTIFICATION_TYPES)}
${field(search, 'correlationId', 'Execution')}
${field(search, 'app', 'App')}
${field(search, 'from', 'From', '2026-01-31T12:00Z')}
${field(search, 'to', 'Before', '2026-01-31T13:00Z')}
<p class="go"><button type="submit">Search</button> <a href="${NOTIFICATIONS}">Clear</a></p>
</form>
${quickTimes(NOTIFICATIONS, search, now)}
${problems(errors)}`;
}

export function notificationsList({ items, next }: NotificationPage, viewer: Viewer, search: Search): Html {
  const first = search.has('cursor')
    ? html`<a href="${urlWith(NOTIFICATIONS, search, { cursor: null })}">Back to the newest</a>`
    : '';
  const further =
    next === null
      ? ''
      : html`<a href="${urlWith(NOTIFICATIONS, search, { cursor: encodeCursor(String(next)) })}" rel="next">Older notifications</a>`;
  const none = next === null ? 'No notification is like that.' : 'None among those that were looked through.';
  return html`${items.length === 0 ? html`<p class="quiet">${none}</p>` : notificationsTable(items, viewer)}
<p class="pages">${first} ${further}</p>`;
}

export function notificationsTable(items: readonly Notification[], viewer: Viewer): Html {
  const rows = items.map((one) => {
    const replay =
      viewer.mayChange && one.status !== 'PENDING'
        ? html`<form method="get" action="${NOTIFICATIONS}/${encodeURIComponent(one.id)}/replay">
<button id="replay-${one.id}" type="submit" aria-label="Replay ${one.type} of ${one.correlationId}…">Replay…</button></form>`
        : '';
    return html`<tr><th scope="row"><a href="${pathOf(one.correlationId)}">${one.correlationId}</a></th>
<td data-name="What">${one.type}</td><td data-name="Status">${badge(one.status)}</td><td data-name="App">${one.app}</td>
<td data-name="Where">${one.url}</td><td data-name="Attempts">${String(one.attempts)}</td><td data-name="Last">${last(one)}</td>
<td data-name="Came up">${moment(one.createdAt)}</td>${viewer.mayChange ? html`<td class="button">${replay}</td>` : ''}</tr>`;
  });
  return table(
    'Newest first',
    [
      ...['Execution', 'What', 'Status', 'App', 'Where', 'Attempts', 'Last', 'Came up'],
      ...(viewer.mayChange ? ['Actions'] : []),
    ],
    rows,
  );
}

function last({ lastHttpStatus, lastError, deliveredAt, status }: Notification): string {
  if (status === 'DELIVERED' && deliveredAt !== null)
    return lastHttpStatus === null ? 'delivered' : `HTTP ${lastHttpStatus}`;
  const answer = lastHttpStatus === null || lastHttpStatus === 0 ? [] : [`HTTP ${lastHttpStatus}`];
  return [...answer, ...(lastError === null ? [] : [lastError])].join(': ') || NOTHING;
}

export function notificationsActions(viewer: Viewer, search: Search): Html {
  if (!viewer.mayChange) return html``;
  const kept = new URLSearchParams(urlWith('', search, { cursor: null, limit: null }));
  if (kept.get('status') === 'PENDING') return html``;
  if (!kept.has('status')) kept.set('status', 'DEAD');
  const hidden = [...kept].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
  return html`<section aria-labelledby="all"><h2 id="all">All ${kept.get('status')} that this search finds</h2>
<p class="quiet">However many pages there are. You will be asked first.</p>
<div class="actions"><form method="get" action="/console/all/replay">${hidden}<button type="submit">Replay them…</button></form></div></section>`;
}
