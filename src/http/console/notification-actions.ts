// Replaying notifications from a page: one, or all that match a search.

import { html } from 'hono/html';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { ActionOnOne } from '../executions/actions.ts';
import { parseReplay } from '../notifications/query.ts';
import type { BulkReplay } from '../notifications/replay.ts';
import type { Confirmation } from './confirmation.ts';
import { badge } from './format.ts';
import { NOTIFICATIONS } from './notifications-page.ts';
import { notFound, refusedBy } from './refusals.ts';
import { seeOther, urlWith } from './search.ts';
import { viewerOf } from './viewer.ts';

export interface NotificationVerbs {
  readonly replay: ActionOnOne;
  readonly replaySelection: BulkReplay;
}

export function createNotificationActions(
  store: ConsoleDependencies['store'],
  { question, confirmed, onSelection }: Confirmation,
  verbs: NotificationVerbs,
) {
  const listOf = (correlationId: string, done: { readonly done?: string } = {}) =>
    urlWith(NOTIFICATIONS, new URLSearchParams({ correlationId }), done);
  return {
    replay: confirmed(
      async (c, _caller, viewer) => {
        const one = await store.findNotification(c.req.param('id') ?? '');
        if (one === undefined) return notFound(viewer, NOTIFICATIONS, 'No notification has this id.');
        return question(viewer, {
          section: NOTIFICATIONS,
          title: 'Replay this notification?',
          text: html`<p>${one.type} of <code>${one.correlationId}</code> ${badge(one.status)} to ${one.url}</p>
<p>The notification is sent again with the same id.</p>`,
          yes: 'Yes, replay it',
          back: listOf(one.correlationId),
        });
      },
      async (c, caller, reason) => {
        const response = await verbs.replay(c, caller, reason);
        if (!response.ok) return refusedBy(response, viewerOf(caller), NOTIFICATIONS, NOTIFICATIONS);
        const { correlationId } = (await response.json()) as { readonly correlationId: string };
        return seeOther(listOf(correlationId, { done: 'replay' }));
      },
    ),

    replayAll: onSelection({
      section: NOTIFICATIONS,
      noun: 'notification',
      title: 'Replay all of these?',
      yes: 'Yes, replay them',
      explanation: 'Each notification is sent again with the same id.',
      done: 'replay-all',
      parse: parseReplay,
      read: store.listNotifications,
      count: store.countNotifications,
      counts: () => true,
      perform: verbs.replaySelection,
      performed: (body) => body['replayed'],
    }),
  };
}
