// The table of actions with their outcomes, busiest first; each leads to the plots of the action.

import { html } from 'hono/html';
import type { Overview } from '../../stats/dashboard/dashboard.ts';
import { type Html, table } from '../html.ts';
import { isIdentifier } from '../request/identifier.ts';
import { duration, number, share, stamp } from './format.ts';

export const ACTIONS = '/console/actions';

export function actionPath(actionId: string): string {
  return `${ACTIONS}/${encodeURIComponent(actionId)}`;
}

/** Returns a link to the page of the action; `(others)` is not an action. */
export function actionLink(actionId: string): Html {
  return isIdentifier(actionId) ? html`<a href="${actionPath(actionId)}">${actionId}</a>` : html`${actionId}`;
}

/** States that the numbers of an action are not those of the whole period. */
function partly(countedFrom: number | null): Html {
  return countedFrom === null ? html`` : html`<br><small>counted from ${stamp(countedFrom)}</small>`;
}

/** `actions`: busiest first. */
export function actionsTable(actions: Overview['actions']): Html {
  if (actions.length === 0) return html`<p class="quiet">No action was used in this period.</p>`;
  const rows = actions.map((one) => {
    const { actionId, countedFrom, submitted, ended, byStatus, byResolver, total } = one;
    const failed = byStatus.FAILED + byStatus.REJECTED + byStatus.NOT_FOUND;
    return html`<tr><th scope="row">${actionLink(actionId)}${partly(countedFrom)}</th><td data-name="Submitted">${number(submitted)}</td>
<td data-name="Ended">${number(ended)}</td><td data-name="Completed">${number(byStatus.COMPLETED)}</td>
<td data-name="Failed">${number(failed)}</td><td data-name="Timed out">${number(byStatus.TIMEOUT)}</td>
<td data-name="By callback">${share(byResolver.callback, ended)}</td><td data-name="By poll">${share(byResolver.poll, ended)}</td>
<td data-name="Median">${duration(total.p50)}</td><td data-name="p95">${duration(total.p95)}</td></tr>`;
  });
  return table(
    'Busiest first',
    ['Action', 'Submitted', 'Ended', 'Completed', 'Failed', 'Timed out', 'By callback', 'By poll', 'Median', 'p95'],
    rows,
  );
}
