// How outcomes became known, hour by hour: a plot per action, the newest hours as a folded table, and all of them as CSV.

import { html } from 'hono/html';
import { withCommandName } from '../../../lib/command-name.ts';
import { many } from '../../../lib/figures.ts';
import { HOUR_MS } from '../../../lib/time.ts';
import { isAlert } from '../../../stats/callback-health/alert.ts';
import type { Health, HealthHour } from '../../../stats/callback-health/health.ts';
import { type Html, table } from '../../html.ts';
import { isIdentifier } from '../../request/identifier.ts';
import { ACTIONS, actionLink, actionPath } from '../data-actions-table.ts';
import { duration, moment, NOTHING, number, share } from '../format.ts';
import { bars } from '../plots/bars.ts';
import { CHANNELS, channelWords } from '../plots/course-plots.ts';
import { csvOf } from '../plots/csv.ts';
import { legend } from '../plots/figure.ts';

const MAX_PLOTS = 6;
const MAX_LINKS = 50;
const MAX_ROWS = 8;

interface ActionHours {
  readonly actionId: string;
  readonly hours: readonly HealthHour[];
  readonly isAlarming: boolean;
  readonly missed: number;
  readonly outcomes: number;
}

export function hoursPart({ hours, ...period }: Pick<Health, 'hours' | 'from' | 'to'>): Html {
  if (hours.length === 0) {
    return html`<section aria-labelledby="hours"><h2 id="hours">Per hour</h2>
<p class="quiet">No execution ended in the last 24 hours.</p></section>`;
  }
  const from = Math.floor(Date.parse(period.from) / HOUR_MS) * HOUR_MS;
  const to = Math.ceil(Date.parse(period.to) / HOUR_MS) * HOUR_MS;
  const actions = [...Map.groupBy(hours, ({ actionId }) => actionId)].map(actionHours).sort(worstFirst);
  return html`<section aria-labelledby="hours"><h2 id="hours">Per hour</h2>
<p class="quiet">By the hour of the end, in UTC; the actions with most missed callbacks first. A drag along a plot leads to the plots of
its action in that time. <a href="/console/callbacks/hours.csv" download>All hours as CSV</a></p>
${legend(CHANNELS)}
<div class="plots">${actions.slice(0, MAX_PLOTS).map((action) => actionPlot(action, from, to))}</div>
${otherActions(actions.slice(MAX_PLOTS))}
<details id="hour-numbers"><summary>The newest hours in numbers</summary>${hourTable(hours)}</details></section>`;
}

function actionHours([actionId, hours]: [string, HealthHour[]]): ActionHours {
  const sum = (of: (hour: HealthHour) => number) => hours.reduce((total, hour) => total + of(hour), 0);
  const isAlarming = hours.some(({ verdict }) => isAlert(verdict));
  return { actionId, hours, isAlarming, missed: sum(({ missed }) => missed), outcomes: sum(outcomesOf) };
}

function worstFirst(one: ActionHours, other: ActionHours): number {
  return (
    Number(other.isAlarming) - Number(one.isAlarming) || other.missed - one.missed || other.outcomes - one.outcomes
  );
}

function actionPlot({ actionId, hours, isAlarming, missed, outcomes }: ActionHours, from: number, to: number): Html {
  const byHour = new Map(hours.map((hour) => [Date.parse(hour.hour), hour]));
  const starts = Array.from({ length: (to - from) / HOUR_MS }, (_, index) => from + index * HOUR_MS);
  const hasPage = isIdentifier(actionId);
  const name = hasPage ? html`<a class="zoom" href="${actionPath(actionId)}">${actionId}</a>` : html`${actionId}`;
  const alarm = isAlarming ? html` <strong>more missed than usual</strong>` : '';
  const missing = share(missed, outcomes);
  return bars({
    ...{ from, to, hasZoom: hasPage, hasLegend: false, kinds: CHANNELS },
    file: `${hasPage ? actionId : 'others'}-callbacks`,
    title: html`${name} <small>${missing} missed</small>${alarm}`,
    summary: `${actionId}: ${missing} of ${many(outcomes, 'callback')} missed in 24 hours`,
    columns: starts.map((at) => columnOf(at, byHour.get(at))),
  });
}

function columnOf(at: number, hour: HealthHour | undefined) {
  const start = new Date(at).toISOString().slice(11, 16);
  if (hour === undefined) return { tooltip: `${start}: none`, values: [] };
  const { byCallback, byPoll, bySubmit, timedOut, missed, skewMs } = hour;
  const values = [byCallback, byPoll, bySubmit, timedOut];
  const words = [
    channelWords(values),
    ...(missed === 0 ? [] : [`${share(missed, outcomesOf(hour))} missed`]),
    ...(skewMs === null ? [] : [`skew ${signed(skewMs.p50)}`]),
  ];
  return { tooltip: `${start}: ${words.join('; ')}`, values };
}

/** Outcomes that a callback should have brought. */
function outcomesOf({ byCallback, byPoll, timedOut }: HealthHour): number {
  return byCallback + byPoll + timedOut;
}

function otherActions(others: readonly ActionHours[]): Html {
  if (others.length === 0) return html``;
  const links = others
    .slice(0, MAX_LINKS)
    .map(({ actionId, missed, outcomes }) => html`<li>${actionLink(actionId)}: ${share(missed, outcomes)} missed</li>`);
  const more = others.length - links.length;
  return html`<details id="other-actions"><summary>${many(others.length, 'more action')}</summary><ul>${links}</ul>
${more > 0 ? html`<p class="quiet">${number(more)} more are in the CSV and on the page <a href="${ACTIONS}">Actions</a>.</p>` : ''}</details>`;
}

const COLUMNS = ['Hour', 'Action', 'Callback', 'Poll', 'Submit', 'Timed out', 'Missed', 'Later', 'Skew, median', 'p95'];

function hourTable(hours: readonly HealthHour[]): Html {
  const newest = hours.toReversed().slice(0, MAX_ROWS);
  const more = hours.length - newest.length;
  return html`${table('Newest hour first. Skew: delay of the callback behind the poll', COLUMNS, newest.map(hourRow))}
${more > 0 ? html`<p class="quiet">${many(more, 'more row')}: in the CSV, and with <code>${withCommandName('npm run health')}</code>.</p>` : ''}`;
}

function hourRow(one: HealthHour): Html {
  const { hour, actionId, byCallback, byPoll, bySubmit, timedOut, missed, calledBackLater, skewMs, verdict } = one;
  const alarm = isAlert(verdict) ? html` <strong>more than usual</strong>` : '';
  return html`<tr><th scope="row">${moment(Date.parse(hour))}</th>
<td data-name="Action">${actionId}</td><td data-name="Callback">${number(byCallback)}</td>
<td data-name="Poll">${number(byPoll)}</td><td data-name="Submit">${number(bySubmit)}</td>
<td data-name="Timed out">${number(timedOut)}</td>
<td data-name="Missed">${share(missed, outcomesOf(one))}${alarm}</td>
<td data-name="Later">${number(calledBackLater)}</td>
<td data-name="Skew, median">${signed(skewMs?.p50)}</td><td data-name="p95">${signed(skewMs?.p95)}</td></tr>`;
}

function signed(ms: number | undefined): string {
  if (ms === undefined) return NOTHING;
  return `${ms < 0 ? '−' : '+'}${duration(Math.abs(ms))}`;
}

const CSV_COLUMNS = [
  ...['hour', 'action_id', 'by_callback', 'by_poll', 'by_submit_response', 'timed_out', 'missed', 'called_back_later'],
  ...['skew_count', 'skew_p50_ms', 'skew_p95_ms', 'skew_max_ms', 'verdict'],
];

/** Returns a row for each hour and action, oldest first. */
export function hoursCsv(hours: readonly HealthHour[]): string {
  return csvOf(
    CSV_COLUMNS,
    hours.map(
      ({ hour, actionId, byCallback, byPoll, bySubmit, timedOut, missed, calledBackLater, skewMs, verdict }) => [
        ...[hour, actionId, byCallback, byPoll, bySubmit, timedOut, missed, calledBackLater],
        ...[skewMs?.count ?? 0, skewMs?.p50, skewMs?.p95, skewMs?.max, verdict],
      ],
    ),
  );
}
