// Replaying from a page: one notification, or all that a search finds.

import { html } from 'hono/html';
import type { Outbox } from '../../store/outbox-port.ts';
import { parseReplay } from '../notifications/query.ts';
import type { BulkReplay } from '../notifications/replay.ts';
import { COUNTED, type Confirmation, counted, type Handler, searchOf, seeOther } from './confirmation.ts';
import { fillPage } from './fill-page.ts';
import { badge } from './format.ts';
import { NOTIFICATIONS } from './notifications-page.ts';
import { unknown } from './pages.ts';
import { invalid, refusedBy } from './refusals.ts';
import { inWords, urlWith } from './search.ts';
import { viewerOf } from './viewer.ts';

export interface NotificationVerbs {
  readonly replay: Handler;
  readonly replaySelection: BulkReplay;
}

export function createNotificationActions(
  store: Pick<Outbox, 'findNotification' | 'listNotifications'>,
  { question, asked }: Confirmation,
  verbs: NotificationVerbs,
) {
  return {
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
        const found = await fillPage(COUNTED, undefined, (most, place: number | undefined) =>
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
  };
}
