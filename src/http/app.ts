// Which path leads where, and what is answered when nothing does or something breaks.

import { type Context, Hono } from 'hono';
import { TOKEN_PATH } from '../callbacks/bearer-tokens.ts';
import { CALLBACK_PATH } from '../callbacks/signed-url.ts';
import { reasonOf } from '../lib/log.ts';
import { createSampledWarning } from '../lib/log-throttle.ts';
import { withRequestFacts } from '../lib/request-context.ts';
import { StoreUnavailable } from '../store/port.ts';
import { routeConsole } from './console/routes.ts';
import type { HttpDependencies, Runtime } from './dependencies.ts';
import { createDocumentation } from './docs/routes.ts';
import { createActions } from './executions/actions.ts';
import { createEvents } from './executions/events.ts';
import { createExecutions } from './executions/read.ts';
import { createSubmissions } from './executions/submit.ts';
import { createBatches } from './executions/submit-batch.ts';
import type { Fetch, ListenerRole } from './fetch.ts';
import { createHealth } from './health.ts';
import { createGuard } from './middleware/authentication.ts';
import { requestOrigin } from './middleware/client-address.ts';
import { withRateLimit } from './middleware/rate-limit.ts';
import { createRoutePattern, loggablePath, type RespondToFailure, withRequestLog } from './middleware/request-log.ts';
import { withSubmissionSpan } from './middleware/tracing.ts';
import { createNotifications } from './notifications/notifications.ts';
import { createNotificationSecrets } from './notifications/secrets.ts';
import { createReconciling } from './reconciliations.ts';
import { respond } from './response/json.ts';
import { problem } from './response/problem.ts';
import { type CallbackEndpoint, createCallbackEndpoint } from './webhook/callback-endpoint.ts';
import { createRefusalCounter } from './webhook/refusals.ts';
import { createTokenEndpoint } from './webhook/token-endpoint.ts';

const STORE_RETRY_SECONDS = 5;

/** Returns the handler of one listener. */
export function createApp(dependencies: HttpDependencies, role: ListenerRole): Fetch {
  const runtime = { ...dependencies.runtime, log: withRequestFacts(dependencies.runtime.log) };
  const deps = { ...dependencies, runtime };
  const fail = createFailure(runtime);
  const app = new Hono({ strict: false });
  const callbacks = role === 'apps' ? null : routeWebhook(app, deps);
  if (role !== 'webhook') routeApps(app, deps);
  app.notFound((c) => unrouted(app, c));
  app.onError((error, c) => fail(error, c.req.raw));
  const routeOf = createRoutePattern(app);
  const routed: Fetch = (request, peer, connection) => app.fetch(request, { peer, connection });
  return withRequestLog(runtime, deps.metrics, fail, (request) => {
    const token = callbacks === null ? null : tokenIn(request);
    if (callbacks === null || token === null) return { route: routeOf(request), fetch: routed };
    return { route: CALLBACK_ROUTE, fetch: (_, peer = null) => callbacks(request, token, peer) };
  });
}

const CALLBACK_ROUTE = `${CALLBACK_PATH}/{token}`;
const PLAIN_CALLBACK = new RegExp(`^https?://[^/]+${CALLBACK_PATH}/([\\w.-]+)$`);

/**
 * The token of a callback as CXone sends it. More of these come than of all others together, so they are told without the
 * router, which costs as much as to verify them; one that is spelled otherwise is routed, to the same handler.
 */
function tokenIn({ method, url }: Request): string | null {
  return method === 'POST' ? (PLAIN_CALLBACK.exec(url)?.[1] ?? null) : null;
}

function routeApps(app: Hono, deps: HttpDependencies): void {
  const guard = createGuard(deps);
  const executions = createExecutions(deps);
  const actions = createActions(deps);
  const events = createEvents(deps);
  const notifications = createNotifications(deps);
  const reconciling = createReconciling(deps);
  const health = createHealth(deps);
  const documentation = createDocumentation();

  app.post(
    '/v1/executions',
    guard.app(
      withSubmissionSpan(
        deps.runtime.tracing,
        '/v1/executions',
        withRateLimit(deps.submissions.rates, 1, createSubmissions(deps)),
      ),
    ),
  );
  app.post(
    '/v1/executions/batch',
    guard.app(
      withSubmissionSpan(
        deps.runtime.tracing,
        '/v1/executions/batch',
        withRateLimit(deps.submissions.rates, 0, createBatches(deps)),
      ),
    ),
  );
  app.post('/v1/executions/poll', guard.administrator(actions.pollMany));
  app.post('/v1/executions/cancel', guard.administrator(actions.cancelMany));
  app.get('/v1/executions', guard.anyone(executions.list));
  app.get('/v1/executions/:correlationId', guard.anyone(executions.one));
  app.get('/v1/executions/:correlationId/audit', guard.anyone(executions.audit));
  app.post('/v1/executions/:correlationId/cancel', guard.owner(executions.cancel));
  app.post('/v1/executions/:correlationId/poll', guard.administrator(actions.poll));
  app.get('/v1/executions/:correlationId/events', guard.anyone(events.ofOne));
  app.get('/v1/events', guard.anyone(events.ofAll));
  // Before any route that takes an id in this place.
  app.get('/v1/notifications/secrets', guard.anyone(createNotificationSecrets(deps)));
  app.post('/v1/notifications/replay', guard.owner(notifications.replayMany));
  app.get('/v1/notifications', guard.anyone(notifications.list));
  app.get('/v1/notifications/:id', guard.anyone(notifications.one));
  app.post('/v1/notifications/:id/replay', guard.owner(notifications.replay));
  app.post('/v1/reconciliations', guard.administrator(reconciling.start));
  app.get('/v1/reconciliations/:id', guard.operator(reconciling.one));
  app.get('/metrics', guard.operator(health.metrics));
  app.get('/livez', health.live);
  app.get('/readyz', health.ready);
  app.get('/openapi.json', documentation.document);
  app.get('/docs', documentation.page);
  routeConsole(app, guard, deps, {
    poll: actions.poll,
    cancel: executions.cancel,
    replay: notifications.replay,
    actOnSelection: actions.actOnSelection,
    replaySelection: notifications.replaySelection,
  });
}

function routeWebhook(app: Hono, deps: HttpDependencies): CallbackEndpoint {
  const countRefusal = createRefusalCounter(deps.runtime.world, deps.access.trustedProxies);
  const callbacks = createCallbackEndpoint(deps, countRefusal);
  app.post(`${CALLBACK_PATH}/:token`, (c) => callbacks(c.req.raw, c.req.param('token'), requestOrigin(c).peer));
  app.post(TOKEN_PATH, createTokenEndpoint(deps, countRefusal));
  return callbacks;
}

/** 405 for a known path (204 for OPTIONS), 404 for any other. There is no middleware, so a match is a route. */
function unrouted(app: Hono, c: Context): Response {
  const serves = (method: string) => app.router.match(method, c.req.path)[0].length > 0;
  const methods = [...(serves('GET') ? ['GET', 'HEAD'] : []), ...(serves('POST') ? ['POST'] : [])];
  if (methods.length === 0) return problem('not-found', 'There is nothing at this path.');
  const allow = [...methods, 'OPTIONS'].join(', ');
  if (c.req.method === 'OPTIONS') return respond(204, null, { allow });
  return problem('method-not-allowed', `Use one of ${allow}.`, { headers: { allow } });
}

/** Says why in the log and nothing of it to the client. */
function createFailure({ log, world }: Runtime): RespondToFailure {
  const unavailable = createSampledWarning(log, world, 'answered 503 because the store is unavailable');
  return (thrown, request) => {
    const reason = reasonOf(thrown);
    if (thrown instanceof StoreUnavailable) {
      unavailable('times', { reason });
      return problem('store-unavailable', 'Nothing was changed. Send it again later.', {
        headers: { 'retry-after': String(STORE_RETRY_SECONDS) },
      });
    }
    log.error({ reason, method: request.method, path: loggablePath(request.url) }, 'a request failed');
    return problem('internal-error', 'The fault is here, not in the request. It has been logged.');
  };
}
