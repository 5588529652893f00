// The pauses of sending, in red on every page until they are lifted.

import { AsyncLocalStorage } from 'node:async_hooks';
import { html } from 'hono/html';
import { many } from '../../lib/figures.ts';
import { type CountedPause, describeScope, type PauseScope, type SendingPause } from '../../store/pauses-port.ts';
import type { Html } from '../html.ts';
import { moment } from './format.ts';
import type { Viewer } from './viewer.ts';

export const PAUSES = '/console/pauses';

/** More would push the page off the screen. */
const MAX_SHOWN = 3;

const pausesOfRequest = new AsyncLocalStorage<readonly CountedPause[]>();

/** Runs what makes a page, with the pauses that it shows. */
export function withPauses<T>(pauses: readonly CountedPause[], work: () => T): T {
  return pausesOfRequest.run(pauses, work);
}

/** Returns the pauses of the page that is being made. */
export function currentPauses(): readonly CountedPause[] {
  return pausesOfRequest.getStore() ?? [];
}

/** An empty element while nothing is paused: the script replaces it when it reads the page again. */
export function pauseBanner({ mayChange }: Viewer): Html {
  const pauses = currentPauses();
  const more = pauses.length - MAX_SHOWN;
  const lines = pauses
    .slice(0, MAX_SHOWN)
    .map(
      (pause) =>
        html`<li><strong>Sending is paused: ${describeScope(pause)}.</strong> ${describePause(pause)} ${waiting(pause.queued)} ${
          mayChange ? html`<a class="button" href="${resumeUrl(pause)}">Resume…</a>` : ''
        }</li>`,
    );
  const rest = more > 0 ? html`<li><a href="${PAUSES}">${many(more, 'more pause')}</a></li>` : '';
  return html`<div id="paused" data-live>${pauses.length === 0 ? '' : html`<ul class="paused" aria-label="Paused by an administrator">${lines}${rest}</ul>`}</div>`;
}

/** Describes who paused, when and why. */
export function describePause({ by, since, reason }: SendingPause): Html {
  return html`By ${by.replace(/^operator:/, '')}, since ${moment(since)}${reason === null ? '.' : html`: <q>${reason}</q>`}`;
}

function waiting(queued: number): string {
  return queued === 0 ? 'Nothing waits.' : `${many(queued, 'execution')} ${queued === 1 ? 'waits' : 'wait'}.`;
}

export function pauseUrl(scope: PauseScope): string {
  return `${PAUSES}/pause?${parametersOf(scope)}`;
}

export function resumeUrl(scope: PauseScope): string {
  return `${PAUSES}/resume?${parametersOf(scope)}`;
}

function parametersOf({ app, actionId }: PauseScope): URLSearchParams {
  if (actionId !== null) return new URLSearchParams({ actionId });
  return new URLSearchParams(app === null ? { all: 'true' } : { app });
}
