// The page on which administrators pause and resume sending.

import { html } from 'hono/html';
import { LAST_DAY } from '../../stats/dashboard/dashboard.ts';
import { type CountedPause, describeScope } from '../../store/pauses-port.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, table } from '../html.ts';
import { EXECUTIONS } from './executions-page.ts';
import { flashMessage } from './flash-message.ts';
import { moment, NOTHING, number } from './format.ts';
import { pageResponse } from './layout.ts';
import { type PageHandler, searchAndDone } from './list-page.ts';
import { currentPauses, PAUSES, pauseUrl, resumeUrl } from './pause-banner.ts';
import { urlWith } from './search.ts';
import { type Viewer, viewerOf } from './viewer.ts';

/** Suggestions for the field of an action. */
const MAX_SUGGESTIONS = 200;

export function createPausesPage({ pages }: Pick<ConsoleDependencies, 'pages'>): PageHandler {
  return async (c, caller) => {
    const viewer = viewerOf(caller);
    const { actions } = await pages.dashboard.overview(LAST_DAY);
    const suggested = actions.map(({ actionId }) => actionId).filter((actionId) => !actionId.startsWith('('));
    const forms = viewer.mayChange ? pauseForms(suggested.slice(0, MAX_SUGGESTIONS), pages.apps) : '';
    return pageResponse(200, viewer, {
      title: 'Pauses of sending',
      section: '/',
      flash: flashMessage(searchAndDone(c).done),
      head: html`<p class="crumb"><a href="/">Overview</a></p>
<h1>Pauses of sending</h1>
<p>While sending is paused, submissions are accepted and wait in the queue. Polls, callbacks, cancels, timeouts and notifications
continue. A pause outlasts a restart, and ends when an administrator resumes sending.</p>`,
      rest: html`${pausesTable(currentPauses(), viewer)}${forms}`,
    });
  };
}

function pausesTable(pauses: readonly CountedPause[], { mayChange }: Viewer): Html {
  if (pauses.length === 0) return html`<p class="quiet">Nothing is paused: executions are sent.</p>`;
  const rows = pauses.map((pause) => {
    const { app, actionId, since, by, reason, queued } = pause;
    const search = new URLSearchParams({ status: 'QUEUED', ...(actionId && { actionId }), ...(app && { app }) });
    const resume = mayChange ? html`<a class="button" href="${resumeUrl(pause)}">Resume…</a>` : NOTHING;
    return html`<tr><th scope="row">${describeScope(pause)}</th><td data-name="Since">${moment(since)}</td>
<td data-name="By">${by.replace(/^operator:/, '')}</td><td data-name="Reason">${reason ?? NOTHING}</td>
<td data-name="Waiting"><a href="${urlWith(EXECUTIONS, search, {})}">${number(queued)}</a></td><td data-name="Action">${resume}</td></tr>`;
  });
  return table('Oldest first', ['Paused', 'Since', 'By', 'Reason', 'Waiting', 'Action'], rows);
}

function pauseForms(actions: readonly string[], apps: readonly string[]): Html {
  return html`<section aria-labelledby="pause"><h2 id="pause">Pause sending</h2>
<form class="search" method="get" action="${PAUSES}/pause">
<p><label for="actionId">One action</label>
<input id="actionId" name="actionId" required list="actions" maxlength="128" autocomplete="off" spellcheck="false"></p>
<datalist id="actions">${actions.map((name) => html`<option value="${name}"></option>`)}</datalist>
<p class="go"><button type="submit">Pause this action…</button></p>
</form>
<form class="search" method="get" action="${PAUSES}/pause">
<p><label for="app">One app</label>
<select id="app" name="app">${apps.map((name) => html`<option>${name}</option>`)}</select></p>
<p class="go"><button type="submit">Pause this app…</button></p>
</form>
<p><a class="button" href="${pauseUrl({ app: null, actionId: null })}">Pause all executions…</a></p>
</section>`;
}
