// The routes of the pages for operators.

import type { Hono } from 'hono';
import type { HttpParts } from '../dependencies.ts';
import type { Guard } from '../middleware/authentication.ts';
import { createConsoleActions } from './actions.ts';
import { ACTIONS } from './data-actions-table.ts';
import { ENDPOINTS } from './endpoint-lines.ts';
import { EXECUTIONS } from './executions-page.ts';
import { createFirstLooks } from './first-looks.ts';
import { INCIDENTS } from './incident-actions.ts';
import { createAssets, type Section } from './layout.ts';
import type { PageHandler } from './list-page.ts';
import { routeLogin } from './login-page.ts';
import { createPageSignals } from './page-signals.ts';
import { createConsolePages } from './pages.ts';
import { PAUSES } from './pause-banner.ts';
import { withParameters } from './refusals.ts';
import { seeOther } from './search.ts';
import { SELECTED } from './selection.ts';
import { LIFT_PAUSE } from './upstream-pause-action.ts';

/** The parameters of a page to which a completed action leads. */
const DONE = ['done', 'count'];

/** Returns a function that looks at the pages which are opened first. */
export function routeConsole(app: Hono, guard: Guard, deps: HttpParts): () => Promise<void> {
  routeLogin(app, guard, deps);
  const pages = createConsolePages(deps);
  const actions = createConsoleActions(deps, pages);
  const assets = createAssets();
  const onOne = [
    ['/console/executions/:correlationId/poll', actions.poll],
    ['/console/executions/:correlationId/cancel', actions.cancel],
    ['/console/executions/:correlationId/erase', actions.erase],
    ['/console/executions/:correlationId/hold', actions.hold],
    ['/console/executions/:correlationId/release', actions.release],
    ['/console/executions/:correlationId/resubmit', actions.resubmit],
    ['/console/notifications/:id/replay', actions.replay],
    [`${INCIDENTS}/:id/acknowledge`, actions.acknowledge],
    [LIFT_PAUSE, actions.liftPause],
  ] as const;
  const onSelection = [
    ['/console/all/poll', actions.pollAll],
    ['/console/all/cancel', actions.cancelAll],
    ['/console/all/erase', actions.eraseAll],
    ['/console/all/replay', actions.replayAll],
    [`${PAUSES}/pause`, actions.pauseSending],
    [`${PAUSES}/resume`, actions.resumeSending],
  ] as const;
  const onEndpoint = [
    ['pause', actions.pauseEndpoint],
    ['resume', actions.resumeEndpoint],
    ['probe', actions.probeEndpoint],
  ] as const;
  const serve = (path: string, known: readonly string[], section: Section, page: PageHandler) =>
    app.get(path, guard.operator(withParameters(known, section, page)));

  serve('/', ['range', ...DONE], '/', pages.overview);
  serve('/console/executions/:correlationId', ['after', ...DONE], '/console/executions', pages.execution);
  serve('/console/callbacks', [], '/console/callbacks', pages.callbacks);
  serve(INCIDENTS, [], INCIDENTS, pages.incidents);
  serve('/console/runbook/:cause', [], INCIDENTS, pages.runbook);
  serve('/console/callbacks/hours.csv', [], '/console/callbacks', pages.callbacksCsv);
  serve(ACTIONS, [], ACTIONS, pages.actions);
  app.get(`${ACTIONS}/:actionId`, guard.operator(pages.action));
  app.get(`${ACTIONS}/:actionId/plots.csv`, guard.operator(pages.actionCsv));
  serve(PAUSES, DONE, '/', pages.pauses);
  app.get('/console/executions', guard.operator(pages.executions));
  app.get('/console/notifications', guard.operator(pages.notifications));
  app.get('/console/activity', guard.operator(pages.activity));
  app.post('/console/executions/:correlationId/reveal', guard.operator(actions.reveal));
  serve(ENDPOINTS, ['app', 'origin', ...DONE], '/console/notifications', pages.endpoints);
  for (const [name, { confirm: ask, perform: act }] of onEndpoint) {
    serve(`${ENDPOINTS}/${name}`, ['app', 'origin'], '/console/notifications', ask);
    app.post(`${ENDPOINTS}/${name}`, guard.operator(act));
  }
  for (const [path, { confirm: ask, perform: act }] of onOne) {
    serve(path, [], '/', ask);
    app.post(path, guard.operator(act));
  }
  for (const [path, { confirm: ask, perform: act }] of onSelection) {
    app.get(path, guard.operator(ask));
    app.post(path, guard.operator(act));
  }
  // A question that is loaded again has lost its form.
  app.get(SELECTED, () => seeOther(EXECUTIONS));
  app.post(SELECTED, guard.operator(actions.selected));
  app.get('/console/signals', guard.operator(createPageSignals(deps)));
  app.get('/console/style.css', assets.style);
  app.get('/console/script.js', assets.script);
  app.get('/console/scripts/:name', assets.module);
  app.get('/console/icon.svg', assets.icon);
  return createFirstLooks(pages);
}
