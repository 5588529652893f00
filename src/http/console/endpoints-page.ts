// Endpoints of apps: all with something that waits, or one with its deliveries, failures and pause.

import { html } from 'hono/html';
import { many } from '../../lib/figures.ts';
import type { Notification } from '../../notification/notification.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, table } from '../html.ts';
import { createEndpointStates, type EndpointState } from '../operators/endpoint-state.ts';
import { endpointOrder } from '../operators/endpoints.ts';
import { ENDPOINTS, endpointCondition, endpointPath, NO_ENDPOINT, waitingText } from './endpoint-lines.ts';
import { flashMessage } from './flash-message.ts';
import { moment, NOTHING, number } from './format.ts';
import { pageResponse } from './layout.ts';
import { type PageHandler, searchAndDone } from './list-page.ts';
import { NOTIFICATIONS, notificationsTable } from './notifications-page.ts';
import { notFound } from './refusals.ts';
import { type Viewer, viewerOf } from './viewer.ts';

/** The newest notifications of the app that are counted, and of these to the endpoint those that are listed. */
const MAX_COUNTED = 2_000;
const MAX_LISTED = 20;

export function createEndpointsPage(deps: ConsoleDependencies): PageHandler {
  const { store, runtime } = deps;
  const states = createEndpointStates(deps);

  async function list(viewer: Viewer): Promise<Response> {
    const all = await states.all();
    const now = runtime.world.now();
    return pageResponse(200, viewer, {
      title: 'Endpoints',
      section: NOTIFICATIONS,
      head: html`<p class="crumb"><a href="${NOTIFICATIONS}">Notifications</a></p><h1>Endpoints</h1>`,
      live: all.length === 0 ? html`<p class="quiet">Nothing waits, and no endpoint is paused.</p>` : lines(all, now),
    });
  }

  return async (c, caller) => {
    const viewer = viewerOf(caller);
    const [named, at] = [c.req.query('app') ?? '', c.req.query('origin') ?? ''];
    if (named === '' && at === '') return list(viewer);
    const endpoint = endpointOrder({ app: named, origin: at });
    const [state] = endpoint === null ? [] : await states.of([endpoint]);
    if (state === undefined) return notFound(viewer, NOTIFICATIONS, NO_ENDPOINT);
    const { app, origin } = state;
    const recent = await store.recentTo({ app, origin }, MAX_COUNTED);
    const now = runtime.world.now();
    const listed = await states.withEndpoints(recent.slice(0, MAX_LISTED));
    return pageResponse(200, viewer, {
      title: `${origin} of ${app}`,
      section: NOTIFICATIONS,
      flash: flashMessage(searchAndDone(c).done),
      head: html`<p class="crumb"><a href="${NOTIFICATIONS}">Notifications</a> / <a href="${ENDPOINTS}">Endpoints</a></p>
<h1>${origin}</h1>`,
      live: html`${facts(state, recent, now)}${buttons(state, viewer)}
<section aria-labelledby="newest"><h2 id="newest">Newest notifications</h2>${
        listed.length === 0
          ? html`<p class="quiet">None of the newest ${number(MAX_COUNTED)} notifications of ${app} went there.</p>`
          : notificationsTable(listed, viewer)
      }</section>`,
    });
  };
}

function lines(all: readonly EndpointState[], now: number): Html {
  return table(
    'Paused ones first',
    ['Endpoint', 'App', 'Waiting', 'State'],
    all.map(
      (
        one,
      ) => html`<tr><th scope="row"><a href="${endpointPath(one)}">${one.origin}</a></th><td data-name="App">${one.app}</td>
<td data-name="Waiting">${waitingText(one)}</td><td data-name="State">${endpointCondition(one, now) ?? 'no failures in a row'}</td></tr>`,
    ),
  );
}

function facts(state: EndpointState, recent: readonly Notification[], now: number): Html {
  const count = (status: Notification['status']) => number(recent.filter((one) => one.status === status).length);
  const delivered = recent.flatMap(({ deliveredAt }) => deliveredAt ?? []);
  const rows: readonly (readonly [string, Html | string])[] = [
    ['App', state.app],
    ['State', endpointCondition(state, now) ?? 'no failures in a row'],
    ['Failures in a row', state.circuit === null ? NOTHING : number(state.circuit.failures)],
    ['Waiting', waitingText(state)],
    ['Delivered', html`${count('DELIVERED')} of the newest ${many(recent.length, 'notification')}`],
    ['Given up', html`${count('DEAD')} of these`],
    ['Last delivery', delivered.length === 0 ? NOTHING : moment(Math.max(...delivered))],
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function buttons(state: EndpointState, viewer: Viewer): Html {
  if (!viewer.mayChange) return html``;
  const link = (action: 'pause' | 'resume' | 'probe', text: string) =>
    html`<a class="button" href="${endpointPath(state, action)}">${text}</a>`;
  if (state.pause !== null) return html`<p class="actions">${link('resume', 'Resume…')}</p>`;
  return html`<p class="actions">${state.waiting > 0 ? link('probe', 'Probe now…') : ''} ${link('pause', 'Pause…')}</p>`;
}
