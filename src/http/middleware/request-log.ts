// Around every request: its id, its line in the log, its place in the metrics.

import type { Hono } from 'hono';
import { type RequestContext, runInRequest } from '../../lib/request-context.ts';
import type { HttpMetrics, Runtime } from '../dependencies.ts';
import type { Fetch } from '../fetch.ts';
import { REQUEST_ID } from '../response/json.ts';

/** What whoever asks may call a request: nothing that could be taken for more than a name where it is written down. */
const SANE_ID = /^[A-Za-z0-9._~-]{1,128}$/;

/** What serves a request, and the template of its path as metrics have it; null for a path that leads nowhere. */
export interface MatchedRoute {
  readonly route: string | null;
  readonly fetch: Fetch;
}

/** The answer to a request in which something broke. */
export type RespondToFailure = (thrown: unknown, request: Request) => Response;

/** `log` names the request in its lines. */
export function withRequestLog(
  { log, world }: Runtime,
  metrics: HttpMetrics,
  fail: RespondToFailure,
  find: (request: Request) => MatchedRoute,
): Fetch {
  return (request, peer, connection) => {
    const startedAt = world.now();
    const { method, url } = request;
    const { route, fetch } = find(request);
    const scope: RequestContext = { id: idOf(request, world), correlationId: null };
    return runInRequest(scope, async () => {
      let response: Response;
      try {
        response = await fetch(request, peer, connection);
      } catch (thrown) {
        response = fail(thrown, request);
      }
      const { status } = response;
      const milliseconds = world.now() - startedAt;
      metrics.observeRequest({ method, route, status, milliseconds });
      log.debug(() => ({ method, path: loggablePath(url), status, ms: milliseconds }), 'answered');
      return response;
    });
  };
}

function idOf(request: Request, world: Runtime['world']): string {
  const given = request.headers.get(REQUEST_ID) ?? '';
  return SANE_ID.test(given) ? given : world.id(world.now());
}

export type RoutePattern = (request: Request) => string | null;

/** The template of a request's path, `/v1/executions/{correlationId}`, whatever its method; null when it leads nowhere. */
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

/** Without the query, and without anything as long as the token of a callback URL: who reads logs must not be able to call back. */
export function loggablePath(url: string): string {
  const [path = ''] = url.slice(url.indexOf('/', url.indexOf('//') + 2)).split('?', 1);
  return path.replace(/[^/]{60,}/g, '…').slice(0, 200);
}
