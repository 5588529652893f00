// The page on callback health: alerts, timing advice, and the channels of outcomes hour by hour.

import { html } from 'hono/html';
import { many } from '../../lib/figures.ts';
import type { Health } from '../../stats/callback-health/health.ts';
import type { RepeatGroup } from '../../stats/repeat-book.ts';
import type { UnknownWord } from '../../store/statistics-port.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, table } from '../html.ts';
import { advicePart } from './callbacks/advice.ts';
import { hoursCsv, hoursPart } from './callbacks/hours.ts';
import { moment, number, withTimes } from './format.ts';
import { pageResponse } from './layout.ts';
import type { PageHandler } from './list-page.ts';
import { csvResponse } from './plots/csv.ts';
import { viewerOf } from './viewer.ts';

const MAX_REPEATS = 20;
/** More would push the rest of the page off the screen. */
const MAX_ALERTS = 10;

const HEAD = html`<div class="title"><h1>Callbacks</h1></div>
<p class="quiet">How outcomes of the last 24 hours became known. <em>Missed</em>: the execution ended by a poll or a time-out, without
a callback. <em>Later</em>: missed callbacks that arrived afterwards.</p>`;

export function createCallbacksPages({ pages }: ConsoleDependencies) {
  const page: PageHandler = async (_c, caller) => {
    const health = await pages.health();
    const { alerts, countedFrom } = health;
    const live = html`${alertLines(alerts)}${repeatLines(pages.repeats())}
${countedFrom === null ? '' : countingPart(countedFrom)}
${advicePart(pages.advice())}
${hoursPart(health)}`;
    return pageResponse(200, viewerOf(caller), {
      title: 'Callbacks',
      section: '/console/callbacks',
      head: HEAD,
      live,
      rest: wordsPart(await pages.unknownWords()),
      refreshSeconds: 30,
      hasPlots: true,
    });
  };
  const csv: PageHandler = async () => csvResponse('callbacks', hoursCsv((await pages.health()).hours));
  return { page, csv };
}

/** Executions from before the roll-ups are being counted. */
function countingPart(countedFrom: number): Html {
  return html`<p class="quiet">Earlier executions are still being counted: hours and advice include those submitted since
${moment(countedFrom)}.</p>`;
}

export function alertLines(alerts: Health['alerts']): Html {
  if (alerts.length === 0) return html``;
  const lines = alerts.slice(0, MAX_ALERTS).map(({ message }) => html`<li>${withTimes(message)}.</li>`);
  const more = alerts.length - MAX_ALERTS;
  if (more > 0)
    lines.push(
      html`<li>${many(more, 'more hour')} of actions: see <a href="/console/callbacks">Callbacks</a>, and its CSV.</li>`,
    );
  return html`<ul class="warnings" aria-label="More callbacks are missing than usual">${lines}</ul>`;
}

function repeatLines(repeats: readonly RepeatGroup[]): Html {
  if (repeats.length === 0) return html``;
  const lines = repeats.slice(0, MAX_REPEATS).map(({ message }) => html`<li>${withTimes(message)}.</li>`);
  return html`<ul class="warnings" aria-label="Repeated without end">${lines}</ul>`;
}

function wordsPart(words: readonly UnknownWord[]): Html {
  if (words.length === 0) return html``;
  const rows = words.map(
    ({ word, reports, firstAt, lastAt, timeouts }) =>
      html`<tr><th scope="row"><code>${word}</code></th><td data-name="Reports">${number(reports)}</td>
<td data-name="First">${moment(firstAt)}</td><td data-name="Last">${moment(lastAt)}</td>
<td data-name="Timed out">${number(timeouts)}</td></tr>`,
  );
  return html`<section aria-labelledby="words"><h2 id="words">Unknown status words</h2>
<p class="quiet">Words that the profile did not list when they arrived. They count as progress. A word that ends an execution belongs under
<code>words</code> in the profile.</p>
${table('Those under which most executions timed out first', ['Word', 'Reports', 'First', 'Last', 'Timed out'], rows)}</section>`;
}
