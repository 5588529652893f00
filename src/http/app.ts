// Which path leads where, and what is answered when nothing does or something breaks.

import { type Context, Hono } from 'hono';
import { CALLBACK_PATH } from '../callback-url.ts';
import { reasonOf } from '../log.ts';
import { StoreUnavailable } from '../store/port.ts';
import { answer } from './answers.ts';
import { createGuard } from './authentication.ts';
import { createCallbacks } from './callbacks.ts';
import type { HttpDependencies } from './dependencies.ts';
import { createExecutions } from './executions.ts';
import { createHealth } from './health.ts';
import { createNotice } from './notices.ts';
import { problem } from './problems.ts';
import { createSubmissions } from './submissions.ts';

const STORE_RETRY_SECONDS = 5;

/** `peer`: the address at the other end of the connection, if it is known. */
export type Fetch = (request: Request, peer?: string | null) => Response | Promise<Response>;

/** `apps`: everything but the webhook; `webhook`: nothing but it. */
export type Surface = 'everything' | 'apps' | 'webhook';

export function createApp(deps: HttpDependencies, surface: Surface): Fetch {
  const app = new Hono({ strict: false });
  if (surface !== 'webhook') routeApps(app, deps);
  if (surface !== 'apps') routeWebhook(app, deps);
  const fail = createFailure(deps);
  app.notFound((c) => unrouted(app, c));
  app.onError((error, c) => fail(error, c.req.raw));
  return logged(deps, async (request, peer = null) => {
    try {
      return await app.fetch(request, { peer });
    } catch (thrown) {
      // Hono passes on whatever is thrown that is no Error.
      return fail(thrown, request);
    }
  });
}

function routeApps(app: Hono, deps: HttpDependencies): void {
  const guard = createGuard(deps);
  const executions = createExecutions(deps);
  const health = createHealth(deps);

  app.post('/v1/executions', guard.app(createSubmissions(deps)));
  app.get('/v1/executions', guard.anyone(executions.list));
  app.get('/v1/executions/:correlationId', guard.anyone(executions.one));
  app.get('/v1/executions/:correlationId/audit', guard.anyone(executions.audit));
  app.post('/v1/executions/:correlationId/cancel', guard.anyone(executions.cancel));
  app.get('/metrics', guard.operator(health.metrics));
  app.get('/livez', health.live);
  app.get('/readyz', health.ready);
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
  return async (request, peer) => {
    const startedAt = world.now();
    const response = await fetch(request, peer);
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
