// The pages for operators who look: overview, executions, one execution, notifications. What changes something is in actions.ts.

import type { Context } from 'hono';
import { html } from 'hono/html';
import { LAST_DAY, LAST_HOUR } from '../../stats/dashboard/dashboard.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { parseListQuery } from '../executions/query.ts';
import type { Identity } from '../middleware/identity.ts';
import { parseNotificationQuery } from '../notifications/query.ts';
import { isIdentifier } from '../request/identifier.ts';
import { respond } from '../response/json.ts';
import { advicePart, alertLines, CALLBACKS, callbacksHead, callbacksLive } from './callbacks-page.ts';
import { type ExecutionDetails, executionHead, executionLive, executionPayloads } from './execution-page.ts';
import { EXECUTIONS, executionsActions, executionsHead, executionsList, pathOf } from './executions-page.ts';
import { fillPage } from './fill-page.ts';
import { type CompletedAction, flashMessage } from './flash-message.ts';
import { pageResponse } from './layout.ts';
import { createMasking, NO_MASKING } from './masking.ts';
import { NOTIFICATIONS, notificationsActions, notificationsHead, notificationsList } from './notifications-page.ts';
import { overviewHead, overviewLive } from './overview.ts';
import { type Search, tidied } from './search.ts';
import { type Viewer, viewerOf } from './viewer.ts';

/** Entries of a timeline that are shown at once. */
const MOST_ENTRIES = 200;
const MOST_NOTIFICATIONS = 20;

export type ConsoleDependencies = Pick<HttpDependencies, 'store' | 'pages' | 'runtime' | 'lifecycle'>;
type Handler = (c: Context, caller: Identity) => Promise<Response>;

export interface ConsolePages {
  readonly overview: Handler;
  readonly executions: Handler;
  readonly execution: Handler;
  readonly notifications: Handler;
  readonly callbacks: Handler;
  /** The page of one execution, with what is hidden otherwise. */
  revealed(c: Context, viewer: Viewer): Promise<Response>;
}

export function createConsolePages({ store, pages, runtime, lifecycle }: ConsoleDependencies): ConsolePages {
  const { world } = runtime;
  const masking = createMasking(pages.sensitiveFields);

  async function told(correlationId: string, after: number): Promise<ExecutionDetails | undefined> {
    const execution = isIdentifier(correlationId) ? await store.find(correlationId) : undefined;
    const evidence = execution && (await store.payloads(correlationId));
    if (execution === undefined || evidence === undefined) return undefined;
    const feed = await store.feed({ after, app: null, correlationId, limit: MOST_ENTRIES });
    const notifications = await store.listNotifications({ app: null, correlationId, limit: MOST_NOTIFICATIONS });
    return {
      execution,
      evidence,
      entries: feed.entries,
      after: feed.through < feed.newest ? feed.through : null,
      notifications: notifications.items,
      at: world.now(),
    };
  }

  return {
    overview: async (c, caller) => {
      const range = c.req.query('range') === 'day' ? 'day' : 'hour';
      const at = world.now();
      const now = {
        at,
        standing: await store.queueState(),
        queueCapacity: pages.queueCapacity,
        upstream: pages.upstreamState(),
        undelivered: await store.undelivered(),
        lanes: await store.lanes(),
        problems: await lifecycle.ready(),
      };
      const overview = await pages.dashboard.overview(range === 'day' ? LAST_DAY : LAST_HOUR);
      return pageResponse(200, viewerOf(caller), {
        title: 'Overview',
        section: '/',
        head: overviewHead(range),
        live: html`${alertLines((await pages.health(1)).alerts)}${overviewLive(now, overview, range)}`,
      });
    },

    executions: async (c, caller) => {
      const { search, done, elsewhere } = searchOf(c);
      if (elsewhere !== null) return respond(303, null, { location: elsewhere });
      const viewer = viewerOf(caller);
      const query = parseListQuery(search, caller);
      const now = world.now();
      const head = executionsHead(search, query.valid ? [] : query.errors, now);
      const title = 'Executions';
      if (!query.valid) return pageResponse(422, viewer, { title, section: EXECUTIONS, head });
      const { before, limit, ...filter } = query.value;
      const page = await fillPage(limit, before, (most, place) =>
        store.list({ ...filter, limit: most, ...(place === undefined ? {} : { before: place }) }),
      );
      return pageResponse(200, viewer, {
        title,
        section: EXECUTIONS,
        flash: flashMessage(done),
        head,
        rest: html`${executionsList(page, search, now)}${executionsActions(viewer, search)}`,
      });
    },

    execution: async (c, caller) => {
      const viewer = viewerOf(caller);
      const { done } = searchOf(c);
      const after = Number(/^\d{1,15}$/.exec(c.req.query('after') ?? '')?.[0] ?? 0);
      const found = await told(c.req.param('correlationId') ?? '', after);
      if (found === undefined) return unknown(viewer, EXECUTIONS, 'There is no execution with this id.');
      const { correlationId } = found.execution;
      const reveal = viewer.mayChange
        ? html`<form method="post" action="${pathOf(correlationId)}/reveal">
<input type="hidden" name="token" value="${pages.csrfTokens.mint(viewer.by)}">
<p>Some values are hidden. <button type="submit">Show them</button> <small>leaves a line in the log with your name</small></p></form>`
        : html`<p class="quiet">Some values are hidden. An administrator can have them shown.</p>`;
      return pageResponse(200, viewer, {
        title: correlationId,
        section: EXECUTIONS,
        flash: flashMessage(done, found.execution),
        head: executionHead(found),
        live: executionLive(found, viewer, masking),
        rest: executionPayloads(found, masking, reveal),
      });
    },

    revealed: async (c, viewer) => {
      const found = await told(c.req.param('correlationId') ?? '', 0);
      if (found === undefined) return unknown(viewer, EXECUTIONS, 'There is no execution with this id.');
      const { correlationId } = found.execution;
      return pageResponse(200, viewer, {
        title: correlationId,
        section: EXECUTIONS,
        flash: { kind: 'done', text: 'Nothing is hidden on this page now. The log says that you looked.' },
        head: html`${executionHead(found)}<p><a href="${pathOf(correlationId)}">Hide it again</a></p>`,
        rest: html`${executionLive(found, viewer, NO_MASKING)}${executionPayloads(found, NO_MASKING, html``)}`,
      });
    },

    notifications: async (c, caller) => {
      const { search, done, elsewhere } = searchOf(c);
      if (elsewhere !== null) return respond(303, null, { location: elsewhere });
      const viewer = viewerOf(caller);
      const query = parseNotificationQuery(search, caller);
      const head = notificationsHead(search, query.valid ? [] : query.errors, world.now());
      const title = 'Notifications';
      if (!query.valid) return pageResponse(422, viewer, { title, section: NOTIFICATIONS, head });
      const { before, limit, ...filter } = query.value;
      const page = await fillPage(limit, before, (most, place) =>
        store.listNotifications({ ...filter, limit: most, ...(place === undefined ? {} : { before: place }) }),
      );
      return pageResponse(200, viewer, {
        title,
        section: NOTIFICATIONS,
        flash: flashMessage(done),
        head,
        rest: html`${notificationsList(page, viewer, search)}${notificationsActions(viewer, search)}`,
      });
    },

    callbacks: async (_c, caller) =>
      pageResponse(200, viewerOf(caller), {
        title: 'Callbacks',
        section: CALLBACKS,
        head: callbacksHead(),
        live: callbacksLive(await pages.health()),
        rest: advicePart(await pages.advise()),
        refreshSeconds: 30,
      }),
  };
}

/** What is searched for, apart from what was just done; `elsewhere`: the same without what is empty. */
function searchOf(c: Context): { search: Search; done: CompletedAction | null; elsewhere: string | null } {
  const url = new URL(c.req.url);
  const elsewhere = tidied(url);
  const search = url.searchParams;
  const what = search.get('done');
  const count = Number(/^\d{1,9}$/.exec(search.get('count') ?? '')?.[0] ?? 0);
  search.delete('done');
  search.delete('count');
  return { search, done: what === null ? null : { what, count }, elsewhere };
}

export function unknown(viewer: Viewer, back: typeof EXECUTIONS | typeof NOTIFICATIONS, text: string): Response {
  return pageResponse(404, viewer, {
    title: 'Not found',
    section: back,
    head: html`<h1>Not found</h1><p>${text}</p><p><a href="${back}">Back to the list</a></p>`,
  });
}
