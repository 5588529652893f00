// The list of executions, with actions on everything that a search finds.

import { html } from 'hono/html';
import {
  type Execution,
  OPEN_STATUSES,
  RESOLVED_BY,
  TERMINAL_STATUSES,
  totalLatencyMs,
} from '../../execution/execution.ts';
import { isJsonObject, type Json, LargeJson } from '../../execution/json.ts';
import { createMasking, type Masking } from '../../execution/masking.ts';
import { many } from '../../lib/figures.ts';
import type { ExecutionReader, ListQuery } from '../../store/port.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { parseListQuery } from '../executions/query.ts';
import { type Html, table } from '../html.ts';
import { badge, duration, moment, NOTHING, number } from './format.ts';
import { keyed } from './list-changes.ts';
import { COUNTED, createListPage, hiddenInputs, type PageHandler, SCAN_MS } from './list-page.ts';
import { field, ORDERS, type Search, secondsField, select, timeField, waitingField } from './search.ts';
import { selectable, selectCell, selectionForm } from './selection.ts';
import type { SuggestionLists } from './suggestions.ts';
import type { Viewer } from './viewer.ts';

export const EXECUTIONS = '/console/executions';

export function createExecutionsPage({ store, pages, searches, runtime: { world } }: ConsoleDependencies): PageHandler {
  const masking = createMasking(pages.sensitiveFields);
  return createListPage(
    {
      section: EXECUTIONS,
      title: 'Executions',
      noun: 'execution',
      topic: 'executions',
      isStill: isSearch,
      hasWaiting: true,
      views: VIEWS,
      count: (query, signal) => store.countMatches({ ...query, ...COUNTED }, signal),
      parse: parseListQuery,
      // Pages hide these members from administrators too, and log when they are shown.
      read: (query, signal) => {
        const bounded = isSearch(query) ? query : { ...query, scanMs: SCAN_MS };
        return store.list({ ...bounded, hidden: pages.sensitiveFields }, signal);
      },
      turn: async (query, by, work, signal) =>
        isSearch(query) ? searches.run(by, work, signal) : { value: await work() },
      progress: (query, signal) => (isSearch(query) ? progressOf(store, query, signal) : null),
      fields,
      none: 'No execution matches.',
      older: (search, found) => {
        if (found === 0 || search.has('text') || search.has('error')) return 'Search further back';
        return search.get('sort') === 'oldest' ? 'Newer executions' : 'Older executions';
      },
      table: (items, viewer) => executionsTable(items, { viewer, masking, now: world.now() }),
      actions,
    },
    { world, suggestions: pages.suggestions },
  );
}

/** Returns true for a search of texts, which takes long and is not repeated. */
function isSearch({ text, error }: ListQuery): boolean {
  return text !== undefined || error !== undefined;
}

const VIEWS = [
  { name: 'Open for 1 min', query: 'waiting=1min' },
  { name: 'Oldest open', query: 'status=OPEN&sort=oldest' },
  { name: 'Failed', query: 'status=FAILED&last=24h' },
  { name: 'Rejected', query: 'status=REJECTED&last=24h' },
  { name: 'Timed out', query: 'status=TIMEOUT&last=24h' },
  { name: 'Found by a poll', query: 'resolvedBy=poll&last=24h' },
  { name: 'Longer than 1 min', query: 'minDurationSeconds=60&last=24h' },
];

async function progressOf(store: ExecutionReader, query: ListQuery, signal: AbortSignal): Promise<Html> {
  const { searched, total, reachedAt } = await store.searchProgress(query, signal);
  return html`<p class="quiet">Searched through ${moment(reachedAt)}: ${number(searched)} of ${many(total, 'execution')}.</p>`;
}

function fields(search: Search, { apps, actions }: SuggestionLists): Html {
  return html`${field(search, 'id', 'Id begins with')}
${field(search, 'text', 'Text in inputs or result')}
${select(search, 'status', 'Status', ['OPEN', 'AT_CXONE', ...OPEN_STATUSES, ...TERMINAL_STATUSES])}
${field(search, 'actionId', 'Action', actions)}
${field(search, 'app', 'App', apps)}
${field(search, 'executionId', 'Id at CXone')}
${search.has('incident') ? field(search, 'incident', 'Affected by incident') : ''}
${field(search, 'error', 'Text in error')}
${select(search, 'resolvedBy', 'Outcome known by', RESOLVED_BY)}
${secondsField(search, 'minDurationSeconds', 'Took at least (s)')}
${secondsField(search, 'maxDurationSeconds', 'Took at most (s)')}
${waitingField(search)}
${timeField(search, 'from', 'Submitted from')}
${timeField(search, 'to', 'Submitted before')}
${select(search, 'sort', 'Order', ORDERS)}`;
}

interface Shown {
  readonly viewer: Viewer;
  readonly masking: Masking;
  readonly now: number;
}

function executionsTable(items: readonly Execution[], { viewer, masking, now }: Shown): Html {
  const rows = items.map(
    (
      one,
    ) => html`<tr ${keyed(one.reference)}>${selectCell(viewer, one.correlationId, one.correlationId)}<th scope="row"><a href="${pathOf(one.correlationId)}">${one.correlationId}</a></th>
<td data-name="Status">${badge(one.status)}</td><td data-name="Action">${one.actionId}</td><td data-name="App">${one.app}</td>
<td data-name="Submitted">${moment(one.submittedAt)}</td><td data-name="Took">${tookOf(one, now)}</td>
<td data-name="By">${one.resolvedBy ?? NOTHING}</td><td data-name="Error">${errorText(masking.json(one.error))}</td></tr>`,
  );
  const columns = ['Id', 'Status', 'Action', 'App', 'Submitted', 'Took', 'By', 'Error'];
  return table('In the order of submission', selectable(viewer, columns), rows);
}

const MAX_ERROR_CHARS = 60;

/** Returns the beginning of an error: its code and message, or its JSON. */
function errorText(error: Json): string {
  if (error === null) return NOTHING;
  if (LargeJson.is(error)) return excerptOf(error.text);
  if (typeof error === 'string') return excerptOf(error);
  const { code, message } = isJsonObject(error) ? error : {};
  const named = [code, message].filter((part) => typeof part === 'string' || typeof part === 'number');
  return excerptOf(named.length === 0 ? JSON.stringify(error) : named.join(': '));
}

function excerptOf(text: string): string {
  return text.length <= MAX_ERROR_CHARS ? text : `${text.slice(0, MAX_ERROR_CHARS)}…`;
}

function tookOf(execution: Execution, now: number): Html {
  const took = totalLatencyMs(execution);
  return took === null ? html`<em>${duration(now - execution.submittedAt)} so far</em>` : html`${duration(took)}`;
}

function actions(viewer: Viewer, search: Search): Html {
  if (!viewer.mayChange) return html``;
  const hidden = hiddenInputs(search);
  // These filters match only what has ended, which is neither polled nor cancelled.
  const isEnded = ENDED_FILTERS.some((name) => search.has(name));
  const onOpen = isEnded
    ? ''
    : html`<form method="get" action="/console/all/poll">${hidden}<button type="submit">Poll them now…</button></form>
<form method="get" action="/console/all/cancel">${hidden}<button type="submit" class="danger">Cancel them…</button></form>`;
  return html`${selectionForm(search, 'executions', SELECTED_ACTIONS)}
<section aria-labelledby="all"><h2 id="all">All executions that match this search</h2>
<p class="quiet">Every page of the search is included. Executions that have ended are neither polled nor cancelled, and only those
that have ended are erased. A confirmation follows.</p>
<div class="actions">
${onOpen}
<form method="get" action="/console/all/erase">${hidden}<button type="submit" class="danger">Erase their content…</button></form>
</div></section>`;
}

const ENDED_FILTERS = ['error', 'resolvedBy', 'minDurationSeconds', 'maxDurationSeconds'];

const SELECTED_ACTIONS = [
  { action: 'poll', text: 'Poll selected…' },
  { action: 'cancel', text: 'Cancel selected…', danger: true },
  { action: 'erase', text: 'Erase content of selected…', danger: true },
];

export function pathOf(correlationId: string): string {
  return `${EXECUTIONS}/${encodeURIComponent(correlationId)}`;
}
