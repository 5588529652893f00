// Replaying notifications from a page: one, or all that match a search. Pausing, resuming and probing an endpoint of an app from its page.

import { html } from 'hono/html';
import type { Notification } from '../../notification/notification.ts';
import type { HttpParts } from '../dependencies.ts';
import { parseReplay } from '../notifications/query.ts';
import { createBulkReplay, createReplayOfOne } from '../notifications/replay.ts';
import { createEndpointVerbs, endpointOrder } from '../operators/endpoints.ts';
import { reasonIn } from '../operators/reason.ts';
import type { Confirmation, ConfirmedAction, Question } from './confirmation.ts';
import { endpointPath, NO_ENDPOINT } from './endpoint-lines.ts';
import { badge } from './format.ts';
import { NOTIFICATIONS } from './notifications-page.ts';
import { notFound } from './refusals.ts';
import { urlWith } from './search.ts';
import { viewerOf } from './viewer.ts';

export function createNotificationActions(deps: HttpParts, { onItem, onSelection }: Confirmation) {
  const { store } = deps;
  const replay = createReplayOfOne(deps);
  const listOf = ({ correlationId }: Notification, done: { readonly done?: string } = {}) =>
    urlWith(NOTIFICATIONS, new URLSearchParams({ correlationId }), done);
  return {
    replay: onItem({
      section: NOTIFICATIONS,
      find: async (c, caller) =>
        (await store.findNotification(c.req.param('id') ?? '')) ??
        notFound(viewerOf(caller), NOTIFICATIONS, 'No notification has this id.'),
      back: (one) => listOf(one),
      readReason: reasonIn,
      ask: (one) => ({
        title: 'Replay this notification?',
        text: html`<p>${one.type} of <code>${one.correlationId}</code> ${badge(one.status)} to ${one.url}</p>
<p>The notification is sent again with the same id.</p>`,
        yes: 'Yes, replay it',
      }),
      perform: (_one, { c, caller, reason }) => replay(c, caller, reason),
      done: (one) => listOf(one, { done: 'replay' }),
    }),

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
      perform: createBulkReplay(deps),
      performed: (body) => body['replayed'],
    }),
  };
}

type Ask = Pick<Question, 'title' | 'yes' | 'danger'> & { readonly effect: string };

const QUESTIONS = {
  pause: {
    title: 'Pause the notifications to this endpoint?',
    effect: 'They wait until it is resumed, also after a restart of the receiver. Nothing is lost.',
    yes: 'Yes, pause it',
    danger: true,
  },
  resume: {
    title: 'Resume the notifications to this endpoint?',
    effect: 'What is due is sent at once.',
    yes: 'Yes, resume it',
  },
  probe: {
    title: 'Probe this endpoint now?',
    effect: 'The next waiting notification is sent now. If it is accepted, the others follow when they are due.',
    yes: 'Yes, probe it',
  },
} as const satisfies Readonly<Record<string, Ask>>;

export function createEndpointActions(deps: HttpParts, { onItem }: Confirmation) {
  const verbs = createEndpointVerbs(deps);
  const action = (name: keyof typeof QUESTIONS): ConfirmedAction => {
    const { effect, ...asked } = QUESTIONS[name];
    return onItem({
      section: NOTIFICATIONS,
      find: (c, caller) =>
        endpointOrder({ app: c.req.query('app'), origin: c.req.query('origin') }) ??
        notFound(viewerOf(caller), NOTIFICATIONS, NO_ENDPOINT),
      back: endpointPath,
      readReason: reasonIn,
      ask: ({ app, origin }) => ({ ...asked, text: html`<p>${origin} of ${app}.</p><p>${effect}</p>` }),
      perform: (endpoint, { caller, reason }) => verbs[`${name}Endpoint`](endpoint, caller, reason),
      done: (endpoint) => `${endpointPath(endpoint)}&done=${name}-endpoint`,
    });
  };
  return { pauseEndpoint: action('pause'), resumeEndpoint: action('resume'), probeEndpoint: action('probe') };
}
