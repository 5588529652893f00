// Lifting the pause of all requests to CXone from the overview.

import { html } from 'hono/html';
import type { UpstreamPause } from '../../cxone/port.ts';
import type { HttpParts } from '../dependencies.ts';
import type { Html } from '../html.ts';
import { reasonIn } from '../operators/reason.ts';
import { createLiftOfPause } from '../operators/upstream-pause.ts';
import type { Confirmation, ConfirmedAction } from './confirmation.ts';
import { moment } from './format.ts';

export const LIFT_PAUSE = '/console/pause/lift';

export function liftOfPause(deps: HttpParts, { onItem }: Confirmation): ConfirmedAction {
  const lift = createLiftOfPause(deps);
  return onItem({
    section: '/',
    find: () => deps.controls.state(),
    back: () => '/',
    readReason: reasonIn,
    ask: ({ pause }) => ({
      title: 'Lift the pause?',
      text: html`<p>${pause === null ? 'There is no pause now.' : describePause(pause)}</p><p>Requests to CXone are sent again at once. CXone may respond with 429 again, which starts another pause.</p>`,
      yes: 'Yes, lift the pause',
    }),
    perform: (_pause, { c, caller, reason }) => lift(c, caller, reason),
    done: () => '/?done=lift-pause',
  });
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
