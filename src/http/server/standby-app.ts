// The app of a receiver that stands by for another one: it answers probes and scrapes, and everything else with 503.

import { Hono } from 'hono';
import type { HttpDependencies } from '../dependencies.ts';
import type { Fetch, ListenerRole } from '../fetch.ts';
import { aliveResponse, getMetrics, isAlive, isReady, metricsResponse, notReadyResponse } from '../health.ts';
import { createGuard } from '../middleware/authentication.ts';
import { createRequestLog, createRoutePattern } from '../middleware/request-log.ts';
import { storeUnavailable } from '../response/problem.ts';

export interface StandbyDependencies extends Pick<HttpDependencies, 'runtime' | 'access' | 'metrics'> {
  /** Returns why this receiver is not active, in words. */
  readonly reason: () => string;
}

/** Returns a function that returns the handler of one listener. */
export function createStandbyApp(deps: StandbyDependencies): (role: ListenerRole) => Fetch {
  const { runtime, metrics, reason } = deps;
  const unavailable = () => storeUnavailable(`This receiver stands by: ${reason()}. Send it again later.`);
  const logged = createRequestLog(runtime, metrics, unavailable);
  return (role) => {
    const app = new Hono({ strict: false });
    if (role !== 'webhook') {
      app.get(isAlive.path, aliveResponse);
      app.get(isReady.path, () => notReadyResponse([`standby: ${reason()}`]));
      app.get(
        getMetrics.path,
        createGuard(deps).operator(() => metricsResponse(metrics)),
      );
    }
    app.notFound(unavailable);
    const routePattern = createRoutePattern(app);
    return (request, peer = null, connection = null) =>
      logged(request, routePattern(request), () => app.fetch(request, { peer, connection }));
  };
}
