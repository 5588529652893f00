// Gives every request its id, its log line and its metric.

import type { Hono } from 'hono';
import { type RequestContext, runInRequest } from '../../lib/request-context.ts';
import type { HttpMetrics, Runtime } from '../dependencies.ts';
import type { PlainRequest } from '../fetch.ts';
import { REQUEST_ID } from '../response/json.ts';

/** The request ids that clients may choose: safe in logs and headers. */
const SANE_ID = /^[A-Za-z0-9._~-]{1,128}$/;

/** Returns the response to a request whose handler failed. */
export type RespondToFailure = (thrown: unknown, request: LoggedRequest) => Response;

export type LoggedRequest = Pick<PlainRequest, 'method' | 'url' | 'headers' | 'isAlone'>;

/** Calls the handler of a request. `route` is the path pattern for metrics; null for an unknown path. */
export type ServeLogged = (
  request: LoggedRequest,
  route: string | null,
  handle: () => Response | Promise<Response>,
) => Promise<Response>;

/** `log` adds the id of the request to its lines. */
export function createRequestLog({ log, world }: Runtime, metrics: HttpMetrics, fail: RespondToFailure): ServeLogged {
  return (request, route, handle) => {
    const begun = world.elapsed();
    const { method, url, isAlone = false } = request;
    const scope: RequestContext = { id: idOf(request, world), at: world.now(), correlationId: null, isAlone };
    return runInRequest(scope, async () => {
      let response: Response;
      try {
        response = await handle();
      } catch (thrown) {
        response = fail(thrown, request);
      }
      const { status } = response;
      const milliseconds = Math.round(world.elapsed() - begun);
      metrics.observeRequest({ method, route, status, milliseconds });
      log.debug(() => ({ method, path: loggablePath(url), status, ms: milliseconds }), 'answered');
      return response;
    });
  };
}

function idOf(request: LoggedRequest, world: Runtime['world']): string {
  const requested = request.headers.get(REQUEST_ID) ?? '';
  return SANE_ID.test(requested) ? requested : world.id(world.now());
}

export type RoutePattern = (request: Request) => string | null;

/** Returns the pattern of a request's path, for example `/v1/executions/{correlationId}`, for any method; null if unknown. */
export function createRoutePattern(app: Hono): RoutePattern {
  const templates = new Map(app.routes.map(({ path }) => [path, path.replaceAll(/:(\w+)/g, '{$1}')]));
  return (request) => {
    const path = app.getPath(request);
    for (const method of new Set([request.method, 'GET', 'POST'])) {
      const found = app.router.match(method, path)[0][0]?.[0][1].path;
      if (found !== undefined) return templates.get(found) ?? null;
    }
    return null;
  };
}

/** Returns the path without its query and without long segments: readers of logs must not get the token of a callback URL. */
export function loggablePath(url: string): string {
  const [path = ''] = url.slice(url.indexOf('/', url.indexOf('//') + 2)).split('?', 1);
  return path.replace(/[^/]{60,}/g, '…').slice(0, 200);
}
