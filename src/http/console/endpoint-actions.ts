// Pausing, resuming and probing an endpoint of an app from its page.

import type { Context } from 'hono';
import { html } from 'hono/html';
import type { EndpointVerbs } from '../operators/endpoints.ts';
import { endpointOrder } from '../operators/endpoints.ts';
import type { Confirmation, ConfirmedAction, Question } from './confirmation.ts';
import { endpointPath, NO_ENDPOINT } from './endpoint-lines.ts';
import { NOTIFICATIONS } from './notifications-page.ts';
import { notFound, refusedBy } from './refusals.ts';
import { seeOther } from './search.ts';
import { viewerOf } from './viewer.ts';

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
