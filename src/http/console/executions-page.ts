// The list of executions: a search whose URL can be passed on, and what may be done to all that it finds.

import { html } from 'hono/html';
import { type Execution, OPEN_STATUSES, TERMINAL_STATUSES, totalLatencyMs } from '../../execution/execution.ts';
import type { ExecutionPage } from '../../store/port.ts';
import { type Html, table } from '../html.ts';
import { encodeCursor } from '../request/list-parameters.ts';
import type { FieldError } from '../response/problem.ts';
import { badge, duration, moment, NOTHING } from './format.ts';
import { field, problems, quickTimes, type Search, select, urlWith } from './search.ts';
import type { Viewer } from './viewer.ts';

export const EXECUTIONS = '/console/executions';

export function executionsHead(search: Search, errors: readonly FieldError[], now: number): Html {
  return html`<h1>Executions</h1>
<form class="search" method="get" action="${EXECUTIONS}" role="search" aria-label="Executions">
${field(search, 'id', 'Id begins with')}
${field(search, 'text', 'Text in inputs or result')}
${select(search, 'status', 'Status', ['OPEN', ...OPEN_STATUSES, ...TERMINAL_STATUSES])}
${field(search, 'actionId', 'Action')}
${field(search, 'app', 'App')}
${field(search, 'executionId', 'Id at CXone')}
${field(search, 'from', 'Submitted from', '2026-01-31T12:00Z')}
${field(search, 'to', 'Submitted before', '2026-01-31T13:00Z')}
<p class="go"><button type="submit">Search</button> <a href="${EXECUTIONS}">Clear</a></p>
</form>
${quickTimes(EXECUTIONS, search, now)}
${problems(errors)}`;
}

export function executionsList(page: ExecutionPage, search: Search, now: number): Html {
  const rows = page.items.map(
    (one) => html`<tr><th scope="row"><a href="${pathOf(one.correlationId)}">${one.correlationId}</a></th>
<td data-name="Status">${badge(one.status)}</td><td data-name="Action">${one.actionId}</td><td data-name="App">${one.app}</td>
<td data-name="Submitted">${moment(one.submittedAt)}</td><td data-name="Took">${tookOf(one, now)}</td>
<td data-name="By">${one.resolvedBy ?? NOTHING}</td></tr>`,
  );
  const found =
    rows.length === 0
      ? html`<p class="quiet">${page.next === null ? 'No execution is like that.' : 'None among those that were looked through.'}</p>`
      : table('Newest first', ['Id', 'Status', 'Action', 'App', 'Submitted', 'Took', 'By'], rows);
  return html`${found}${further(page, search)}`;
}

function further({ next, items }: ExecutionPage, search: Search): Html {
  const first = search.has('cursor')
    ? html`<a href="${urlWith(EXECUTIONS, search, { cursor: null })}">Back to the newest</a>`
    : '';
  if (next === null) return html`<p class="pages">${first}</p>`;
  const href = urlWith(EXECUTIONS, search, { cursor: encodeCursor(next) });
  const looked = items.length === 0 || search.has('text') ? 'Look further back' : 'Older executions';
  return html`<p class="pages">${first} <a href="${href}" rel="next">${looked}</a></p>`;
}

/** What may be done to everything the search finds; nothing for those who only look. */
export function executionsActions(viewer: Viewer, search: Search): Html {
  if (!viewer.mayChange) return html``;
  const all = urlWith('', search, { cursor: null, limit: null });
  const hidden = [...new URLSearchParams(all)].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return html`<section aria-labelledby="all"><h2 id="all">All that this search finds</h2>
<p class="quiet">However many pages there are; what has ended stays as it is. You will be asked first.</p>
<div class="actions">
<form method="get" action="/console/all/poll">${hidden}<button type="submit">Poll them now…</button></form>
<form method="get" action="/console/all/cancel">${hidden}<button type="submit" class="danger">Cancel them…</button></form>
</div></section>`;
}

export function pathOf(correlationId: string): string {
  return `${EXECUTIONS}/${encodeURIComponent(correlationId)}`;
}

function tookOf(execution: Execution, now: number): Html {
  const took = totalLatencyMs(execution);
  return took === null ? html`<em>${duration(now - execution.submittedAt)} so far</em>` : html`${duration(took)}`;
}
