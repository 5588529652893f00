// Lifting the pause of all requests to CXone from the overview.

import { html } from 'hono/html';
import type { UpstreamPause } from '../../cxone/port.ts';
import type { PauseControl } from '../dependencies.ts';
import type { ActionOnOne } from '../executions/actions.ts';
import type { Html } from '../html.ts';
import type { Confirmation, ConfirmedAction } from './confirmation.ts';
import { moment } from './format.ts';
import { refusedBy } from './refusals.ts';
import { seeOther } from './search.ts';
import { viewerOf } from './viewer.ts';

export interface PauseVerbs {
  readonly liftPause: ActionOnOne;
}

export const LIFT_PAUSE = '/console/pause/lift';

export function createPauseActions(
  pauses: PauseControl,
  { question, confirmed }: Confirmation,
  verbs: PauseVerbs,
): { readonly liftPause: ConfirmedAction } {
  return {
    liftPause: confirmed(
      async (_c, _caller, viewer) => {
        const pause = await pauses.current();
        const state = pause === null ? html`<p>There is no pause now.</p>` : html`<p>${describePause(pause)}</p>`;
        return question(viewer, {
          section: '/',
          title: 'Lift the pause?',
          text: html`${state}<p>Requests to CXone are sent again at once. CXone may respond with 429 again, which starts another pause.</p>`,
          yes: 'Yes, lift the pause',
          back: '/',
        });
      },
      async (c, caller, reason) => {
        const response = await verbs.liftPause(c, caller, reason);
        return response.ok ? seeOther('/?done=lift-pause') : refusedBy(response, viewerOf(caller), '/', '/');
      },
    ),
  };
}

/** Names the request that caused a pause, and its end. */
export function describePause({ call, actionId, correlationId, app, httpStatus, since, until }: UpstreamPause): Html {
  const path = `/console/executions/${encodeURIComponent(correlationId ?? '')}`;
  const requester =
    correlationId === null
      ? html`a ${call} request`
      : html`the ${call} request of <a href="${path}">${correlationId}</a> (action ${actionId}, app ${app})`;
  return html`CXone answered ${httpStatus} to ${requester} at ${moment(since)}. Sending resumes at ${moment(until)}.`;
}
