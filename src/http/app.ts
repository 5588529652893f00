// Which path leads where, and what is answered when nothing does or something breaks.

import { type Context, Hono } from 'hono';
import { CALLBACK_PATH } from '../callback-url.ts';
import { reasonOf } from '../log.ts';
import { StoreUnavailable } from '../store/port.ts';
import { answer } from './answers.ts';
import { createGuard } from './authentication.ts';
import { createBatches } from './batches.ts';
import { createCallbacks } from './callbacks.ts';
import type { HttpDependencies } from './dependencies.ts';
import { createDocumentation } from './documentation.ts';
import { createEvents } from './events.ts';
import { createExecutions } from './executions.ts';
import { createHealth } from './health.ts';
import { createNotice } from './notices.ts';
import { createNotificationSecrets } from './notification-secrets.ts';
import { createNotifications } from './notifications.ts';
import { problem } from './problems.ts';
import { atRate } from './rate-limits.ts';
import { createSubmissions } from './submissions.ts';
import { traced } from './traced.ts';

const STORE_RETRY_SECONDS = 5;

/** The connection that an answer goes over, for those who need more of it than to answer. */
export interface Line {
  /** Cuts it, whatever is on its way. */
  hangUp(): void;
  /** Calls the listener when the answer is out, or can no longer get out. */
  onceOver(listener: () => void): void;
}

/** `peer`: the address at the other end of the connection, if it is known. */
export type Fetch = (request: Request, peer?: string | null, line?: Line | null) => Response | Promise<Response>;

/** `apps`: everything but the webhook; `webhook`: nothing but it. */
export type Surface = 'everything' | 'apps' | 'webhook';

export function createApp(deps: HttpDependencies, surface: Surface): Fetch {
  const app = new Hono({ strict: false });
  if (surface !== 'webhook') routeApps(app, deps);
  if (surface !== 'apps') routeWebhook(app, deps);
  const fail = createFailure(deps);
  app.notFound((c) => unrouted(app, c));
  app.onError((error, c) => fail(error, c.req.raw));
  return logged(deps, async (request, peer = null, line = null) => {
    try {
      return await app.fetch(request, { peer, line });
    } catch (thrown) {
      // Hono passes on whatever is thrown that is no Error.
      return fail(thrown, request);
    }
  });
}

function routeApps(app: Hono, deps: HttpDependencies): void {
  const guard = createGuard(deps);
  const executions = createExecutions(deps);
  const events = createEvents(deps);
  const notifications = createNotifications(deps);
  const health = createHealth(deps);
  const documentation = createDocumentation();

  app.post(
    '/v1/executions',
    guard.app(traced(deps.tracing, '/v1/executions', atRate(deps.rates, 1, createSubmissions(deps)))),
  );
  app.post(
    '/v1/executions/batch',
    guard.app(traced(deps.tracing, '/v1/executions/batch', atRate(deps.rates, 0, createBatches(deps)))),
  );
  app.get('/v1/executions', guard.anyone(executions.list));
  app.get('/v1/executions/:correlationId', guard.anyone(executions.one));
  app.get('/v1/executions/:correlationId/audit', guard.anyone(executions.audit));
  app.post('/v1/executions/:correlationId/cancel', guard.anyone(executions.cancel));
  app.get('/v1/executions/:correlationId/events', guard.anyone(events.ofOne));
  app.get('/v1/events', guard.anyone(events.ofAll));
  // Before any route that takes an id in this place.
  app.get('/v1/notifications/secrets', guard.anyone(createNotificationSecrets(deps)));
  app.post('/v1/notifications/replay', guard.anyone(notifications.replayMany));
  app.get('/v1/notifications', guard.anyone(notifications.list));
  app.get('/v1/notifications/:id', guard.anyone(notifications.one));
  app.post('/v1/notifications/:id/replay', guard.anyone(notifications.replay));
  app.get('/metrics', guard.operator(health.metrics));
  app.get('/livez', health.live);
  app.get('/readyz', health.ready);
  app.get('/openapi.json', documentation.document);
  app.get('/docs', documentation.page);
}

function routeWebhook(app: Hono, deps: HttpDependencies): void {
  app.post(`${CALLBACK_PATH}/:token`, createCallbacks(deps));
}

/** 405 for a known path (204 for OPTIONS), 404 for any other. There is no middleware, so a match is a route. */
function unrouted(app: Hono, c: Context): Response {
  const serves = (method: string) => app.router.match(method, c.req.path)[0].length > 0;
  const methods = [...(serves('GET') ? ['GET', 'HEAD'] : []), ...(serves('POST') ? ['POST'] : [])];
  if (methods.length === 0) return problem('not-found', 'There is nothing at this path.');
  const allow = [...methods, 'OPTIONS'].join(', ');
  if (c.req.method === 'OPTIONS') return answer(204, null, { allow });
  return problem('method-not-allowed', `Use one of ${allow}.`, { headers: { allow } });
}

type Failure = (thrown: unknown, request: Request) => Response;

/** Says why in the log and nothing of it to the client. */
function createFailure({ log, world }: Pick<HttpDependencies, 'log' | 'world'>): Failure {
  const unavailable = createNotice(log, world, 'answered 503 because the store is unavailable');
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

function logged({ log, world }: Pick<HttpDependencies, 'log' | 'world'>, fetch: Fetch): Fetch {
  return async (request, peer, line) => {
    const startedAt = world.now();
    const response = await fetch(request, peer, line);
    const { method, url } = request;
    const ms = world.now() - startedAt;
    log.debug({ method, path: loggablePath(url), status: response.status, ms }, 'answered');
    return response;
  };
}

/** Without the query, and without anything as long as the token of a callback URL: who reads logs must not be able to call back. */
function loggablePath(url: string): string {
  const [path = ''] = url.slice(url.indexOf('/', url.indexOf('//') + 2)).split('?', 1);
  return path.replace(/[^/]{60,}/g, '…').slice(0, 200);
}
