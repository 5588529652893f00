// Replaying notifications from a page: one, or all that match a search. Pausing, resuming and probing an endpoint of an app from its page.

import type { Context } from 'hono';
import { html } from 'hono/html';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { ActionOnOne } from '../executions/actions.ts';
import { parseReplay } from '../notifications/query.ts';
import type { BulkReplay } from '../notifications/replay.ts';
import { type EndpointVerbs, endpointOrder } from '../operators/endpoints.ts';
import type { Confirmation, ConfirmedAction, Question } from './confirmation.ts';
import { endpointPath, NO_ENDPOINT } from './endpoint-lines.ts';
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

export function createEndpointActions({ question, confirmed }: Confirmation, verbs: EndpointVerbs) {
  const endpointIn = (c: Context) => endpointOrder({ app: c.req.query('app'), origin: c.req.query('origin') });
  const VERBS = { pause: verbs.pauseEndpoint, resume: verbs.resumeEndpoint, probe: verbs.probeEndpoint };
  const action = (name: keyof typeof QUESTIONS): ConfirmedAction => {
    const { effect, ...asked } = QUESTIONS[name];
    return confirmed(
      async (c, _caller, viewer) => {
        const endpoint = endpointIn(c);
        if (endpoint === null) return notFound(viewer, NOTIFICATIONS, NO_ENDPOINT);
        const text = html`<p>${endpoint.origin} of ${endpoint.app}.</p><p>${effect}</p>`;
        return question(viewer, { ...asked, section: NOTIFICATIONS, text, back: endpointPath(endpoint) });
      },
      async (c, caller, reason) => {
        const viewer = viewerOf(caller);
        const endpoint = endpointIn(c);
        if (endpoint === null) return notFound(viewer, NOTIFICATIONS, NO_ENDPOINT);
        const response = await VERBS[name](endpoint, caller, reason);
        const back = endpointPath(endpoint);
        return response.ok
          ? seeOther(`${back}&done=${name}-endpoint`)
          : refusedBy(response, viewer, NOTIFICATIONS, back);
      },
    );
  };
  return { pauseEndpoint: action('pause'), resumeEndpoint: action('resume'), probeEndpoint: action('probe') };
}
