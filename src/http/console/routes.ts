// The routes of the pages for operators.

import type { Hono } from 'hono';
import type { HttpDependencies } from '../dependencies.ts';
import type { Guard } from '../middleware/authentication.ts';
import { type ConsoleVerbs, createConsoleActions } from './actions.ts';
import { createAssets } from './layout.ts';
import { createConsolePages } from './pages.ts';
import { LIFT_PAUSE } from './pause-actions.ts';

export function routeConsole(app: Hono, guard: Guard, deps: HttpDependencies, verbs: ConsoleVerbs): void {
  const pages = createConsolePages(deps);
  const actions = createConsoleActions(deps, pages, verbs);
  const assets = createAssets();
  const asked = [
    ['/console/executions/:correlationId/poll', actions.poll],
    ['/console/executions/:correlationId/cancel', actions.cancel],
    ['/console/notifications/:id/replay', actions.replay],
    [LIFT_PAUSE, actions.liftPause],
    ['/console/all/poll', actions.pollAll],
    ['/console/all/cancel', actions.cancelAll],
    ['/console/all/replay', actions.replayAll],
  ] as const;

  app.get('/', guard.operator(pages.overview));
  app.get('/console/executions', guard.operator(pages.executions));
  app.get('/console/executions/:correlationId', guard.operator(pages.execution));
  app.post('/console/executions/:correlationId/reveal', guard.operator(actions.reveal));
  app.get('/console/notifications', guard.operator(pages.notifications));
  app.get('/console/callbacks', guard.operator(pages.callbacks));
  for (const [path, { confirm: ask, perform: act }] of asked) {
    app.get(path, guard.operator(ask));
    app.post(path, guard.operator(act));
  }
  app.get('/console/style.css', assets.style);
  app.get('/console/script.js', assets.script);
  app.get('/console/icon.svg', assets.icon);
}
