// The list of executions, with actions on everything that a search finds.

import { html } from 'hono/html';
import { type Execution, OPEN_STATUSES, TERMINAL_STATUSES, totalLatencyMs } from '../../execution/execution.ts';
import type { ExecutionReader, ListQuery } from '../../store/port.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { parseListQuery } from '../executions/query.ts';
import { type Html, table } from '../html.ts';
import { badge, duration, many, moment, NOTHING, number } from './format.ts';
import { keyed } from './list-changes.ts';
import { createListPage, hiddenInputs, type PageHandler } from './list-page.ts';
import { field, type Search, select } from './search.ts';
import type { Viewer } from './viewer.ts';

export const EXECUTIONS = '/console/executions';

export function createExecutionsPage({ store, pages, searches, runtime: { world } }: ConsoleDependencies): PageHandler {
  return createListPage(
    {
      section: EXECUTIONS,
      title: 'Executions',
      topic: 'executions',
      isStill: ({ text }) => text !== undefined,
      parse: parseListQuery,
      // Pages hide these members from administrators too, and log when they are shown.
      read: (query, signal) => store.list({ ...query, hidden: pages.sensitiveFields }, signal),
      turn: async (query, by, work, signal) =>
        query.text === undefined ? { value: await work() } : searches.run(by, work, signal),
      progress: (query, signal) => (query.text === undefined ? null : progressOf(store, query, signal)),
      fields,
      none: 'No execution matches.',
      older: (search, found) => (found === 0 || search.has('text') ? 'Search further back' : 'Older executions'),
      table: (items) => executionsTable(items, world.now()),
      actions,
    },
    world.now,
  );
}

async function progressOf(store: ExecutionReader, query: ListQuery, signal: AbortSignal): Promise<Html> {
  const { searched, total, reachedAt } = await store.searchProgress(query, signal);
  return html`<p class="quiet">Searched through ${moment(reachedAt)}: ${number(searched)} of ${many(total, 'execution')}.</p>`;
}

function fields(search: Search): Html {
  return html`${field(search, 'id', 'Id begins with')}
${field(search, 'text', 'Text in inputs or result')}
${select(search, 'status', 'Status', ['OPEN', 'AT_CXONE', ...OPEN_STATUSES, ...TERMINAL_STATUSES])}
${field(search, 'actionId', 'Action')}
${field(search, 'app', 'App')}
${field(search, 'executionId', 'Id at CXone')}
${search.has('incident') ? field(search, 'incident', 'Affected by incident') : ''}
${field(search, 'from', 'Submitted from', '2026-01-31T12:00Z')}
${field(search, 'to', 'Submitted before', '2026-01-31T13:00Z')}`;
}

function executionsTable(items: readonly Execution[], now: number): Html {
  const rows = items.map(
    (
      one,
    ) => html`<tr ${keyed(one.reference)}><th scope="row"><a href="${pathOf(one.correlationId)}">${one.correlationId}</a></th>
<td data-name="Status">${badge(one.status)}</td><td data-name="Action">${one.actionId}</td><td data-name="App">${one.app}</td>
<td data-name="Submitted">${moment(one.submittedAt)}</td><td data-name="Took">${tookOf(one, now)}</td>
<td data-name="By">${one.resolvedBy ?? NOTHING}</td></tr>`,
  );
  return table('Newest first', ['Id', 'Status', 'Action', 'App', 'Submitted', 'Took', 'By'], rows);
}

function tookOf(execution: Execution, now: number): Html {
  const took = totalLatencyMs(execution);
  return took === null ? html`<em>${duration(now - execution.submittedAt)} so far</em>` : html`${duration(took)}`;
}

function actions(viewer: Viewer, search: Search): Html {
  if (!viewer.mayChange) return html``;
  const hidden = hiddenInputs(search);
  return html`<section aria-labelledby="all"><h2 id="all">All executions that match this search</h2>
<p class="quiet">Every page of the search is included. Executions that have ended are neither polled nor cancelled, and only those
that have ended are erased. A confirmation follows.</p>
<div class="actions">
<form method="get" action="/console/all/poll">${hidden}<button type="submit">Poll them now…</button></form>
<form method="get" action="/console/all/cancel">${hidden}<button type="submit" class="danger">Cancel them…</button></form>
<form method="get" action="/console/all/erase">${hidden}<button type="submit" class="danger">Erase their content…</button></form>
</div></section>`;
}

export function pathOf(correlationId: string): string {
  return `${EXECUTIONS}/${encodeURIComponent(correlationId)}`;
}
