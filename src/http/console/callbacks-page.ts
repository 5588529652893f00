// The page on callback health: the channels of outcomes hour by hour, and timing advice per action.

import { html } from 'hono/html';
import { withCommandName } from '../../lib/command-name.ts';
import { isAlert } from '../../stats/callback-health/alert.ts';
import type { Health, HealthHour } from '../../stats/callback-health/health.ts';
import type { CurrentHealth } from '../../stats/callback-health/monitor.ts';
import type { RepeatGroup } from '../../stats/repeat-book.ts';
import type { Advice } from '../../stats/timing-advice/advice.ts';
import type { UnknownWord } from '../../store/statistics-port.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, table } from '../html.ts';
import { duration, moment, NOTHING, number, share } from './format.ts';
import { pageResponse } from './layout.ts';
import type { PageHandler } from './list-page.ts';
import { viewerOf } from './viewer.ts';

const MAX_HOURS = 200;
const MAX_REPEATS = 20;

const HEAD = html`<div class="title"><h1>Callbacks</h1></div>
<p class="quiet">How outcomes of the last 24 hours became known. <em>Missed</em>: the execution ended by a poll or a time-out, without
a callback. <em>Later</em>: missed callbacks that arrived afterwards.</p>`;

export function createCallbacksPage({ pages }: ConsoleDependencies): PageHandler {
  return async (_c, caller) =>
    pageResponse(200, viewerOf(caller), {
      title: 'Callbacks',
      section: '/console/callbacks',
      head: HEAD,
      live: html`${repeatLines(pages.repeats())}${healthPart(await pages.health())}`,
      rest: html`${wordsPart(await pages.unknownWords())}${advicePart(await pages.advise())}`,
      refreshSeconds: 30,
    });
}

function healthPart({ hours, alerts, countedFrom }: CurrentHealth): Html {
  return html`${alertLines(alerts)}
${countedFrom === null ? '' : countingPart(countedFrom)}
<section aria-labelledby="hours"><h2 id="hours">Per hour</h2>${hourTable(hours)}</section>`;
}

/** Executions from before the roll-ups are being counted. */
function countingPart(countedFrom: number): Html {
  return html`<p class="quiet">Earlier executions are still being counted: hours and advice include those submitted since
${moment(countedFrom)}.</p>`;
}

export function alertLines(alerts: Health['alerts']): Html {
  if (alerts.length === 0) return html``;
  const lines = alerts.map(({ message }) => html`<li>${message}.</li>`);
  return html`<ul class="warnings" aria-label="More callbacks are missing than usual">${lines}</ul>`;
}

function repeatLines(repeats: readonly RepeatGroup[]): Html {
  if (repeats.length === 0) return html``;
  const lines = repeats.slice(0, MAX_REPEATS).map(({ message }) => html`<li>${message}.</li>`);
  return html`<ul class="warnings" aria-label="Repeated without end">${lines}</ul>`;
}

function hourTable(hours: readonly HealthHour[]): Html {
  if (hours.length === 0) return html`<p class="quiet">No execution ended in the last 24 hours.</p>`;
  const newest = hours.toReversed().slice(0, MAX_HOURS);
  const more = hours.length - newest.length;
  return html`${table('Newest hour first. Skew: delay of the callback behind the poll', COLUMNS, newest.map(hourRow))}
${more > 0 ? html`<p class="quiet">${number(more)} more rows; <code>${withCommandName('npm run health')}</code> shows all.</p>` : ''}`;
}

const COLUMNS = ['Hour', 'Action', 'Callback', 'Poll', 'Submit', 'Timed out', 'Missed', 'Later', 'Skew, median', 'p95'];

function hourRow(one: HealthHour): Html {
  const { hour, actionId, byCallback, byPoll, bySubmit, timedOut, missed, calledBackLater, skewMs, verdict } = one;
  const alarm = isAlert(verdict) ? html` <strong>more than usual</strong>` : '';
  return html`<tr><th scope="row">${moment(Date.parse(hour))}</th>
<td data-name="Action">${actionId}</td><td data-name="Callback">${number(byCallback)}</td>
<td data-name="Poll">${number(byPoll)}</td><td data-name="Submit">${number(bySubmit)}</td>
<td data-name="Timed out">${number(timedOut)}</td>
<td data-name="Missed">${share(missed, byCallback + byPoll + timedOut)}${alarm}</td>
<td data-name="Later">${number(calledBackLater)}</td>
<td data-name="Skew, median">${signed(skewMs?.p50)}</td><td data-name="p95">${signed(skewMs?.p95)}</td></tr>`;
}

function signed(ms: number | undefined): string {
  if (ms === undefined) return NOTHING;
  return `${ms < 0 ? '−' : '+'}${duration(Math.abs(ms))}`;
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

function advicePart(all: readonly Advice[]): Html {
  const body =
    all.length === 0
      ? html`<p class="quiet">No execution was sent in the last 7 days.</p>`
      : html`${table('Per 1,000 executions like those of the last 7 days: current → advised', ADVICE_COLUMNS, all.map(adviceRow))}
<dl class="advice">${all.map(({ actionId, words }) => html`<dt>${actionId}</dt><dd>${words.join('; ')}.</dd>`)}</dl>`;
  return html`<section aria-labelledby="advice"><h2 id="advice">Grace period and polling window</h2>
<p class="quiet">Settings that fit the observed durations at CXone, with their savings and costs. Time-outs count as lasting at least until
the time-out. The advice is at most ten minutes old; <code>${withCommandName('npm run advise')}</code> covers other periods.</p>${body}</section>`;
}

const ADVICE_COLUMNS = [
  'Action',
  'Executions',
  'Lost',
  'Median',
  'p95',
  'Grace',
  'Window',
  'Polls',
  'Lag',
  'Confidence',
];

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
