// The first page: the state of queue, limits and notifications now, and the statistics of the last hour or day.

import { html } from 'hono/html';
import type { UpstreamPause } from '../../cxone/port.ts';
import type { Cause, Incident } from '../../incident/incident.ts';
import { withCommandName } from '../../lib/command-name.ts';
import { many } from '../../lib/figures.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { NotReady } from '../../observability/readiness.ts';
import { LAST_DAY, LAST_HOUR, type Overview } from '../../stats/dashboard/dashboard.ts';
import type { IncidentPage } from '../../store/incidents-port.ts';
import type { DueLane, UndeliveredCounts } from '../../store/outbox-port.ts';
import type { QueueState } from '../../store/queue-port.ts';
import type { UpstreamState } from '../../usecases/leader/live-state.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, table } from '../html.ts';
import { createEndpointStates, type EndpointState } from '../operators/endpoint-state.ts';
import { alertLines } from './callbacks-page.ts';
import { ACTIONS, actionsTable } from './data-actions-table.ts';
import { endpointCondition, endpointPath, nextTime } from './endpoint-lines.ts';
import { flashMessage } from './flash-message.ts';
import { duration, moment, NOTHING, number, share, withTimes } from './format.ts';
import { INCIDENTS } from './incident-actions.ts';
import { incidentTable } from './incident-lines.ts';
import { pageResponse } from './layout.ts';
import { type PageHandler, searchAndDone } from './list-page.ts';
import { outcomes, shares, waits } from './overview-plots.ts';
import { PAUSES } from './pause-banner.ts';
import { describePause, LIFT_PAUSE } from './upstream-pause-action.ts';
import { viewerOf } from './viewer.ts';

interface Now {
  readonly at: number;
  readonly queue: QueueState;
  readonly queueCapacity: number;
  readonly upstream: UpstreamState;
  readonly pause: UpstreamPause | null;
  /** True if the viewer may lift a pause. */
  readonly mayChange: boolean;
  readonly undelivered: UndeliveredCounts;
  /** The lanes that have been due for longest, and the state of their endpoints. */
  readonly lanes: readonly (DueLane & { readonly endpoint: EndpointState | undefined })[];
  /** Reasons why the receiver is not ready. */
  readonly problems: readonly NotReady[];
  readonly notices: readonly string[];
  readonly incidents: readonly Incident[];
}

type RangeName = 'hour' | 'day';

/** A lane that is overdue for longer than this is more than busy. */
const OVERDUE_MS = 60_000;
/** A shorter pause is a part of keeping the rate that CXone allows, and is over before an operator reads of it. */
const MIN_PAUSE_MS = 1_000;
const MAX_INCIDENTS = 100;
const MAX_ENDED = 5;
const UPSTREAM_CAUSES = ['CxoneFails', 'CxoneGivesNoToken'] as const;
const CALLBACK_CAUSES = ['CallbacksMissed', 'CallbacksStopped'] as const;
const MAX_LANES = 10;
const MAX_ACTIONS = 20;

export function createOverviewPage(deps: ConsoleDependencies): PageHandler {
  const { store, pages, controls, runtime, lifecycle } = deps;
  const states = createEndpointStates(deps);

  async function firstLanes(): Promise<Now['lanes']> {
    const lanes = (await store.lanes()).sort((one, other) => one.dueAt - other.dueAt).slice(0, MAX_LANES);
    const found = await states.of(lanes);
    // In the order of the lanes, each of which is another endpoint.
    return lanes.map((lane, index) => ({ ...lane, endpoint: found[index] }));
  }

  return async (c, caller) => {
    const range = c.req.query('range') === 'day' ? 'day' : 'hour';
    const viewer = viewerOf(caller);
    const { upstream, pause } = await controls.state();
    const now: Now = {
      at: runtime.world.now(),
      queue: await store.queueState(),
      queueCapacity: pages.queueCapacity,
      upstream,
      pause,
      mayChange: viewer.mayChange,
      undelivered: await store.undelivered(),
      lanes: await firstLanes(),
      problems: await lifecycle.ready(),
      incidents: shownNow(await store.listIncidents({ limit: MAX_INCIDENTS }), runtime.world.now()),
      notices: [...(await lifecycle.notices()), ...pages.repeats().map(({ message }) => message)],
    };
    const overview = await pages.dashboard.overview(range === 'day' ? LAST_DAY : LAST_HOUR);
    const { alerts } = await pages.health(1);
    return pageResponse(200, viewer, {
      title: 'Overview',
      section: '/',
      flash: flashMessage(searchAndDone(c).done),
      head: overviewHead(range),
      hasPlots: true,
      live: html`${isCovered(now, CALLBACK_CAUSES) ? '' : alertLines(alerts)}${overviewLive(now, overview, range)}`,
    });
  };
}

function overviewHead(range: RangeName): Html {
  const link = (name: RangeName, text: string) =>
    html`<a href="/?range=${name}"${name === range ? html` aria-current="true"` : ''}>${text}</a>`;
  return html`<div class="title"><h1>Overview</h1>
<p class="choice">${link('hour', 'Last hour')} ${link('day', 'Last 24 hours')} <a href="${PAUSES}">Pause sending</a></p></div>`;
}

function overviewLive(now: Now, overview: Overview, range: RangeName): Html {
  const span = range === 'hour' ? 'the last hour' : 'the last 24 hours';
  return html`${incidents(now)}${warnings(now, overview)}
<section aria-labelledby="now"><h2 id="now">Now</h2>${cards(now)}</section>
<section aria-labelledby="went"><h2 id="went">In ${span}</h2>
${countedPart(overview)}
<div class="plots">${outcomes(overview)}${shares(overview)}${waits(overview)}</div>
${durations(overview)}</section>
<section aria-labelledby="by-action"><h2 id="by-action">By action</h2>${busiestActions(overview)}</section>
<section aria-labelledby="notifying"><h2 id="notifying">Notifications to apps</h2>${notifying(now, overview)}</section>`;
}

function busiestActions({ actions }: Overview): Html {
  const more = actions.length - MAX_ACTIONS;
  return html`${actionsTable(actions.slice(0, MAX_ACTIONS))}
${more > 0 ? html`<p><a href="${ACTIONS}">${many(more, 'more action')}</a></p>` : ''}`;
}

/** Returns what to say of the numbers of a period: null if all of it is counted. */
export function countedPart({ complete, countedFrom }: Pick<Overview, 'complete' | 'countedFrom'>): Html | null {
  if (!complete) return html`<p class="quiet">History is still being read, so the numbers are incomplete.</p>`;
  if (countedFrom === null) return null;
  return html`<p class="quiet">Counted from ${moment(countedFrom)}: the receiver reads a limited number of earlier entries when it starts. <code>${withCommandName('npm run stats')}</code> counts all of them.</p>`;
}

function warnings(now: Now, overview: Overview): Html {
  const { problems, notices, upstream, pause, mayChange, queue, queueCapacity } = now;
  const { tokenProblem, gatewayReports, connectionProblems } = upstream;
  const queued = queue.counts.QUEUED;
  const lines = [
    ...problems.map(({ part, words }) => withTimes(`Not ready: ${part}${words === undefined ? '' : ` (${words})`}.`)),
    ...notices.map((notice) => withTimes(`${notice.charAt(0).toUpperCase()}${notice.slice(1)}.`)),
    ...(pause === null || pause.until - pause.since < MIN_PAUSE_MS
      ? []
      : [
          html`Requests to CXone are paused. ${describePause(pause)}${
            mayChange ? html` <a class="button" href="${LIFT_PAUSE}">Lift the pause</a>` : ''
          }`,
        ]),
    ...(tokenProblem === null || isCovered(now, UPSTREAM_CAUSES)
      ? []
      : [html`No new token from CXone since ${moment(tokenProblem.since)}: ${tokenProblem.reason}.`]),
    ...gatewayReports.map(
      ({ message, since, responses }) =>
        html`${message.charAt(0).toUpperCase()}${message.slice(1)} (${many(responses, 'response')} since ${moment(since)}; ${withCommandName('npm run doctor')} has the remedy).`,
    ),
    ...(isCovered(now, UPSTREAM_CAUSES) ? [] : connectionProblems).map(
      ({ origin, since, reason }) => html`CXone cannot be reached at ${origin} since ${moment(since)}: ${reason}.`,
    ),
    ...(queued >= queueCapacity * 0.8 && !isCovered(now, ['QueueNearlyFull'])
      ? [`The queue holds ${number(queued)} of ${number(queueCapacity)}: above that, submissions are refused.`]
      : []),
    ...(!isCovered(now, ['ExecutionsTimeOut']) &&
    overview.byStatus.TIMEOUT > 0 &&
    overview.byStatus.TIMEOUT >= overview.ended * 0.1
      ? [`${many(overview.byStatus.TIMEOUT, 'execution')} of ${number(overview.ended)} timed out.`]
      : []),
  ];
  return lines.length === 0
    ? html``
    : html`<ul class="warnings" aria-label="Needs attention">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

/** What has not ended, and what ended within a day. */
function shownNow({ items }: IncidentPage, at: number): readonly Incident[] {
  return items.filter(({ endedAt }) => endedAt === null || at - endedAt < DAY_MS);
}

/** A problem that is an incident is not stated again. */
function isCovered({ incidents: shown }: Pick<Now, 'incidents'>, causes: readonly Cause[]): boolean {
  return shown.some(({ cause, endedAt }) => endedAt === null && causes.includes(cause));
}

function incidents({ incidents: shown, mayChange }: Now): Html {
  const lasting = shown.filter(({ endedAt }) => endedAt === null);
  const over = shown.filter(({ endedAt }) => endedAt !== null);
  const listed = [...lasting, ...over.slice(0, MAX_ENDED)];
  const text =
    listed.length === 0
      ? html`<p class="quiet">No incident is open, and none ended in the last 24 hours.</p>`
      : incidentTable(listed, lasting.length === 0 ? 'None is open; these have ended' : 'The worst first', mayChange);
  return html`<section aria-labelledby="incidents"><h2 id="incidents">Incidents</h2>${text}
<p><a href="${INCIDENTS}">All incidents of the last 30 days</a></p></section>`;
}

function cards({ at, queue, queueCapacity, upstream, undelivered }: Now): Html {
  const { counts, oldestQueuedAt, oldestPendingAt } = queue;
  const age = (since: number | null) => (since === null ? NOTHING : duration(at - since));
  const paused = upstream.pausedUntil > at ? `for ${duration(upstream.pausedUntil - at)}` : 'none';
  return html`<dl class="cards">
${card('Queued', number(counts.QUEUED), `of ${number(queueCapacity)} allowed`, { href: '/console/executions?status=QUEUED' })}
${card('Oldest queued', age(oldestQueuedAt), 'since submission')}
${card('At CXone', number(counts.PENDING + counts.UNCONFIRMED), `${number(counts.UNCONFIRMED)} not confirmed`, { href: '/console/executions?status=AT_CXONE' })}
${card('Oldest at CXone', age(oldestPendingAt), 'since submission')}
${card('Requests to CXone', `${number(upstream.inFlight)} / ${number(Math.floor(upstream.limit))}`, 'in flight / allowed')}
${card('Pause', paused, 'asked for by CXone')}
${card('Pending', number(undelivered.pending), 'notifications to deliver', { href: '/console/notifications?status=PENDING' })}
${card('Dead', number(undelivered.dead), 'notifications given up', { href: '/console/notifications?status=DEAD', isAlarming: undelivered.dead > 0 })}
</dl>`;
}

interface CardLink {
  readonly href?: string;
  readonly isAlarming?: boolean;
}

function card(name: string, value: string, more: string, { href, isAlarming = false }: CardLink = {}): Html {
  const shown = href === undefined ? html`${value}` : html`<a href="${href}">${value}</a>`;
  return html`<div class="card${isAlarming ? ' alarming' : ''}"><dt>${name}</dt><dd><strong>${shown}</strong> <span>${more}</span></dd></div>`;
}

function durations({ detectionLag, upstream, total }: Overview): Html {
  const rows = [
    ['Response time of CXone', upstream],
    ['Submission to outcome', total],
    ['Results found by a poll: longest time unnoticed', detectionLag],
  ] as const;
  return table(
    'Durations: half are at most the median, 95 % at most p95',
    ['Duration', 'Median', 'p95', 'p99', 'Measured'],
    rows.map(
      ([name, { p50, p95, p99, count }]) => html`<tr><th scope="row">${name}</th>
<td data-name="Median">${duration(p50)}</td><td data-name="p95">${duration(p95)}</td><td data-name="p99">${duration(p99)}</td>
<td data-name="Measured">${number(count)}</td></tr>`,
    ),
  );
}

function notifying({ at, lanes }: Now, { notified }: Overview): Html {
  const tried = notified.delivered + notified.failed + notified.dead;
  const said = html`<p>${many(notified.delivered, 'notification')} delivered, ${many(notified.failed, 'attempt')} failed,
${number(notified.dead)} given up${tried === 0 ? '' : html` (${share(notified.delivered, tried)} of attempts succeeded)`}.</p>`;
  if (lanes.length === 0) return html`${said}<p class="quiet">No notification is waiting.</p>`;
  return html`${said}${table(
    'Waiting notifications per endpoint, longest overdue first',
    ['App', 'Endpoint', 'Next', 'Late by', 'State'],
    lanes.map(
      ({ app, origin, dueAt, endpoint }) => html`<tr><th scope="row">${app}</th>
<td data-name="Endpoint"><a href="${endpointPath({ app, origin })}">${origin}</a></td>
<td data-name="Next">${nextTime(dueAt, endpoint, at)}</td><td data-name="Late by">${at - dueAt > OVERDUE_MS ? duration(at - dueAt) : NOTHING}</td>
<td data-name="State">${(endpoint && endpointCondition(endpoint, at)) ?? NOTHING}</td></tr>`,
    ),
  )}`;
}
