// The first page: what is going on now, and how the last hour or day went.

import { html } from 'hono/html';
import type { Overview } from '../../stats/dashboard/dashboard.ts';
import type { DueLane, UndeliveredCounts } from '../../store/outbox-port.ts';
import type { QueueState } from '../../store/port.ts';
import type { UpstreamState } from '../dependencies.ts';
import { type Html, table } from '../html.ts';
import { duration, many, moment, NOTHING, number, share } from './format.ts';
import { outcomes, shares, waits } from './overview-plots.ts';

export interface Now {
  readonly at: number;
  readonly standing: QueueState;
  readonly queueCapacity: number;
  readonly upstream: UpstreamState;
  readonly undelivered: UndeliveredCounts;
  readonly lanes: readonly DueLane[];
  /** What is not ready, in words. */
  readonly problems: readonly string[];
}

export type RangeName = 'hour' | 'day';

/** A lane that is overdue for longer than this is not merely busy. */
const OVERDUE_MS = 60_000;
const MOST_ACTIONS = 20;
const MOST_LANES = 10;

export function overviewHead(range: RangeName): Html {
  const link = (name: RangeName, text: string) =>
    html`<a href="/?range=${name}"${name === range ? html` aria-current="true"` : ''}>${text}</a>`;
  return html`<div class="title"><h1>Overview</h1>
<p class="choice">${link('hour', 'Last hour')} ${link('day', 'Last 24 hours')}</p></div>`;
}

export function overviewLive(now: Now, overview: Overview, range: RangeName): Html {
  const span = range === 'hour' ? 'the last hour' : 'the last 24 hours';
  return html`${warnings(now, overview)}
<section aria-labelledby="now"><h2 id="now">Now</h2>${cards(now)}</section>
<section aria-labelledby="went"><h2 id="went">In ${span}</h2>
${overview.complete ? '' : html`<p class="quiet">The trail is still being read back: the figures grow for a moment.</p>`}
<div class="plots">${outcomes(overview)}${shares(overview)}${waits(overview)}</div>
${durations(overview)}</section>
<section aria-labelledby="by-action"><h2 id="by-action">By action</h2>${actions(overview)}</section>
<section aria-labelledby="telling"><h2 id="telling">Telling apps</h2>${telling(now, overview)}</section>`;
}

function warnings({ problems, upstream, at, standing, queueCapacity }: Now, overview: Overview): Html {
  const queued = standing.counts.QUEUED;
  const lines = [
    ...problems.map((problem) => `Not ready: ${problem}.`),
    ...(upstream.pausedUntil > at
      ? [`CXone asked for a pause: nothing is sent for another ${duration(upstream.pausedUntil - at)}.`]
      : []),
    ...(queued >= queueCapacity * 0.8
      ? [`The queue holds ${number(queued)} of ${number(queueCapacity)}: past that, submissions are turned away.`]
      : []),
    ...(overview.byStatus.TIMEOUT > 0 && overview.byStatus.TIMEOUT >= overview.ended * 0.1
      ? [`${many(overview.byStatus.TIMEOUT, 'execution')} of ${number(overview.ended)} timed out.`]
      : []),
  ];
  return lines.length === 0
    ? html``
    : html`<ul class="warnings" aria-label="To be looked at">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

function cards({ at, standing, queueCapacity, upstream, undelivered }: Now): Html {
  const { counts, oldestQueuedAt, oldestPendingAt } = standing;
  const age = (since: number | null) => (since === null ? NOTHING : duration(at - since));
  const paused = upstream.pausedUntil > at ? `for ${duration(upstream.pausedUntil - at)}` : 'none';
  return html`<dl class="cards">
${card('Queued', number(counts.QUEUED), `of ${number(queueCapacity)} that there is room for`, '/console/executions?status=QUEUED')}
${card('Oldest queued', age(oldestQueuedAt), 'since it was submitted')}
${card('At CXone', number(counts.PENDING + counts.UNCONFIRMED), `${number(counts.UNCONFIRMED)} not confirmed`, '/console/executions?status=OPEN')}
${card('Oldest at CXone', age(oldestPendingAt), 'since it was submitted')}
${card('Requests to CXone', `${number(upstream.inFlight)} / ${number(Math.floor(upstream.limit))}`, 'in flight / allowed now')}
${card('Pause', paused, 'asked for by CXone')}
${card('To be told', number(undelivered.pending), 'notifications on their way', '/console/notifications?status=PENDING')}
${card('Dead', number(undelivered.dead), 'notifications given up', '/console/notifications?status=DEAD', undelivered.dead > 0)}
</dl>`;
}

function card(name: string, value: string, more: string, href: string | null = null, alarming = false): Html {
  const shown = href === null ? html`${value}` : html`<a href="${href}">${value}</a>`;
  return html`<div class="card${alarming ? ' alarming' : ''}"><dt>${name}</dt><dd><strong>${shown}</strong> <span>${more}</span></dd></div>`;
}

function durations({ detectionLag, upstream, total }: Overview): Html {
  const rows = [
    ['CXone answered a request in', upstream],
    ['An execution took, from submission to outcome', total],
    ['A result found by a poll had gone unnoticed for at most', detectionLag],
  ] as const;
  return table(
    'How long things took: half of all took no longer than the median, 95 % no longer than p95',
    ['What', 'Median', 'p95', 'p99', 'Measured'],
    rows.map(
      ([name, { p50, p95, p99, count }]) => html`<tr><th scope="row">${name}</th>
<td data-name="Median">${duration(p50)}</td><td data-name="p95">${duration(p95)}</td><td data-name="p99">${duration(p99)}</td>
<td data-name="Measured">${number(count)}</td></tr>`,
    ),
  );
}

function actions({ actions: all }: Overview): Html {
  if (all.length === 0) return html`<p class="quiet">No action was used in this time.</p>`;
  const rows = all.slice(0, MOST_ACTIONS).map((one) => {
    const { actionId, submitted, ended, byStatus, byResolver, total } = one;
    const name = actionId.startsWith('(')
      ? html`${actionId}`
      : html`<a href="/console/executions?actionId=${encodeURIComponent(actionId)}">${actionId}</a>`;
    const failed = byStatus.FAILED + byStatus.REJECTED + byStatus.NOT_FOUND;
    return html`<tr><th scope="row">${name}</th><td data-name="Submitted">${number(submitted)}</td>
<td data-name="Ended">${number(ended)}</td><td data-name="Completed">${number(byStatus.COMPLETED)}</td>
<td data-name="Failed">${number(failed)}</td><td data-name="Timed out">${number(byStatus.TIMEOUT)}</td>
<td data-name="By callback">${share(byResolver.callback, ended)}</td><td data-name="By poll">${share(byResolver.poll, ended)}</td>
<td data-name="Median">${duration(total.p50)}</td><td data-name="p95">${duration(total.p95)}</td></tr>`;
  });
  const more = all.length > MOST_ACTIONS ? `; ${number(all.length - MOST_ACTIONS)} more left out` : '';
  return table(
    `The busiest first${more}`,
    ['Action', 'Submitted', 'Ended', 'Completed', 'Failed', 'Timed out', 'By callback', 'By poll', 'Median', 'p95'],
    rows,
  );
}

function telling({ at, lanes }: Now, { notified }: Overview): Html {
  const waiting = [...lanes].sort((one, other) => one.dueAt - other.dueAt).slice(0, MOST_LANES);
  const tried = notified.delivered + notified.failed + notified.dead;
  const said = html`<p>${many(notified.delivered, 'notification')} delivered, ${many(notified.failed, 'attempt')} failed,
${number(notified.dead)} given up${tried === 0 ? '' : html` (${share(notified.delivered, tried)} of attempts went through)`}.</p>`;
  if (waiting.length === 0) return html`${said}<p class="quiet">Nothing waits to be told.</p>`;
  return html`${said}${table(
    'Where apps wait to be told, the longest due first',
    ['App', 'Where', 'Next', 'Late by'],
    waiting.map(
      ({ app, origin, dueAt }) => html`<tr><th scope="row">${app}</th><td data-name="Where">${origin}</td>
<td data-name="Next">${moment(dueAt)}</td><td data-name="Late by">${at - dueAt > OVERDUE_MS ? duration(at - dueAt) : NOTHING}</td></tr>`,
    ),
  )}`;
}
