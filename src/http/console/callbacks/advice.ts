// Timing advice for operators: what to change first, and the numbers behind it folded.

import { html } from 'hono/html';
import { withCommandName } from '../../../lib/command-name.ts';
import { many } from '../../../lib/figures.ts';
import type { Advice } from '../../../stats/timing-advice/advice.ts';
import { type Html, table } from '../../html.ts';
import { actionLink } from '../data-actions-table.ts';
import { duration, number, share } from '../format.ts';

/** Actions whose advice is shown. The command shows all. */
const MAX_ADVISED = 6;

/** @param all the largest action first; null while the first advice is being computed. */
export function advicePart(all: readonly Advice[] | null): Html {
  const none =
    all === null
      ? 'The advice is being computed: it is here in a moment.'
      : 'No execution was sent in the last 7 days.';
  const body = all === null || all.length === 0 ? html`<p class="quiet">${none}</p>` : adviceOn(all);
  return html`<section aria-labelledby="advice"><h2 id="advice">Advice: grace period and polling window</h2>${body}</section>`;
}

function adviceOn(all: readonly Advice[]): Html {
  const [changing, keeping] = [true, false].map((wanted) => all.filter((one) => changes(one) === wanted));
  const sorted = [...(changing ?? []), ...(keeping ?? [])];
  const shown = sorted.slice(0, MAX_ADVISED);
  const more = sorted.length - shown.length;
  return html`<dl class="advice">${shown.map(
    ({ actionId, words }) => html`<dt>${actionLink(actionId)}</dt><dd>${words.join('; ')}.</dd>`,
  )}</dl>
${more === 0 ? '' : html`<p class="quiet">${many(more, 'more action')}: <code>${withCommandName('npm run advise')}</code> shows all.</p>`}
<details id="advice-numbers"><summary>The numbers behind the advice</summary>
<p class="quiet">Settings that fit the observed durations at CXone, with their savings and costs. Time-outs count as lasting at least until
the time-out. The advice is computed again when it is ten minutes old; <code>${withCommandName('npm run advise')}</code> covers other periods.</p>
${table('Per 1,000 executions like those of the last 7 days: current → advised', COLUMNS, shown.map(adviceRow))}</details>`;
}

function changes({ current, advised }: Advice): boolean {
  if (advised === null) return false;
  return advised.graceSeconds !== current.graceSeconds || advised.timeoutSeconds !== current.timeoutSeconds;
}

const COLUMNS = ['Action', 'Executions', 'Lost', 'Median', 'p95', 'Grace', 'Window', 'Polls', 'Lag', 'Confidence'];

function adviceRow({ actionId, executions, lost, durationMs, current, advised, confidence }: Advice): Html {
  const seconds = (value: number | undefined) => (value === undefined ? undefined : `${number(value)} s`);
  const count = (value: number | undefined) => (value === undefined ? undefined : number(Math.round(value)));
  const time = (value: number | undefined) => (value === undefined ? undefined : duration(value));
  return html`<tr><th scope="row">${actionId}</th><td data-name="Executions">${number(executions)}</td>
<td data-name="Lost">${share(lost.share, 1)}</td>
<td data-name="Median">${duration(durationMs.p50)}</td><td data-name="p95">${duration(durationMs.p95)}</td>
<td data-name="Grace">${change(seconds(current.graceSeconds), seconds(advised?.graceSeconds))}</td>
<td data-name="Window">${change(seconds(current.timeoutSeconds), seconds(advised?.timeoutSeconds))}</td>
<td data-name="Polls">${change(count(current.cost.polls), count(advised?.cost.polls))}</td>
<td data-name="Lag">${change(time(current.cost.lagMeanMs), time(advised?.cost.lagMeanMs))}</td>
<td data-name="Confidence">${confidence}</td></tr>`;
}

function change(now: string | undefined, advised: string | undefined): string {
  return advised === undefined || advised === now ? `${now}` : `${now} → ${advised}`;
}
