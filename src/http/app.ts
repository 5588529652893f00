// Routes requests to the operations of the API and to the console, and responds when no route matches or a handler fails.

import { Context, Hono } from 'hono';
import { CALLBACK_PATH } from '../callbacks/signed-url.ts';
import { reasonOf } from '../lib/log.ts';
import { createSampledWarning } from '../lib/log-throttle.ts';
import { withRequestFacts } from '../lib/request-context.ts';
import { NoLeader, OrderUnconfirmed } from '../store/leader-port.ts';
import { StoreUnavailable } from '../store/port.ts';
import { pageForBrowser } from './console/error-page.ts';
import { withPauses } from './console/pause-banner.ts';
import { routeConsole } from './console/routes.ts';
import type { HttpDependencies, HttpParts, Runtime } from './dependencies.ts';
import { submitExecution } from './executions/submit.ts';
import type { Connection, DirectHandler, DirectRequest, Fetch, ListenerRole, PlainRequest } from './fetch.ts';
import { createGuard, type Guard } from './middleware/authentication.ts';
import { withBasePath } from './middleware/base-path.ts';
import { createReaderTurns } from './middleware/reader-turns.ts';
import { createRequestLog, createRoutePattern, loggablePath, type RespondToFailure } from './middleware/request-log.ts';
import { createReplayLimits } from './notifications/replay-limits.ts';
import type { ApiOperation, OpenHandler } from './openapi/operation.ts';
import { OPERATIONS } from './operations.ts';
import { MAX_BODY_BYTES } from './request/read-body.ts';
import { withoutQuery } from './request/validate.ts';
import { respond } from './response/json.ts';
import { noLeader, problem, storeUnavailable } from './response/problem.ts';
import { completeExecution, createCallbackEndpoint } from './webhook/callback-endpoint.ts';
import { createRefusalCounter } from './webhook/refusals.ts';

/** The handler of one listener. */
export interface App extends Fetch {
  /** Makes the pages that are opened first: the first look at them would take longer than later ones. */
  readonly prepare: () => Promise<void>;
}

/** Returns the handler of one listener. */
export function createApp(dependencies: HttpDependencies, role: ListenerRole): App {
  const runtime = { ...dependencies.runtime, log: withRequestFacts(dependencies.runtime.log) };
  const countRefusal = createRefusalCounter(runtime.world, dependencies.access.trustedProxies);
  const deps = {
    ...dependencies,
    runtime,
    countRefusal,
    searches: createReaderTurns(),
    replays: createReplayLimits(runtime.world),
  };
  const fail = createFailureResponse(runtime);
  const app = new Hono({ strict: false });
  const guard = createGuard(deps);
  for (const operation of OPERATIONS) if (isServed(operation, role)) route(app, guard, operation, deps);
  const lookAtPages = role === 'webhook' ? async () => {} : routeConsole(app, guard, deps);
  app.notFound((c) => unmatched(app, c));
  app.onError((error, c) => fail(error, c.req.raw));
  const routePattern = createRoutePattern(app);
  const atRoot: Fetch = (request, peer, connection) => app.fetch(request, { peer, connection });
  const { basePath, sessions } = deps.access;
  const answered: Fetch = async (request, ...call) => {
    const response = await atRoot(request, ...call);
    return response.status < 400 ? response : pageForBrowser(request, response, sessions);
  };
  const shown: Fetch = async (...call) =>
    PAGE.test(call[0].url) ? withPauses(await deps.store.sendingPauses(), () => answered(...call)) : answered(...call);
  const routed: Fetch = basePath === '' ? shown : async (...call) => withBasePath(await shown(...call), basePath);
  const logged = createRequestLog(runtime, deps.metrics, fail);
  const serve: Fetch = (request, peer, connection) =>
    logged(request, routePattern(request), () => routed(request, peer, connection));
  const callbacks = role === 'apps' ? null : createCallbackEndpoint(deps);
  const callback = (token: string | null | undefined): DirectHandler | null => {
    if (callbacks === null || token === null || token === undefined) return null;
    return (request, peer) => logged(request, completeExecution.path, () => callbacks(request, token, peer));
  };
  // With a base path, the Location of the response is changed as it is in all responses.
  const submit = role === 'webhook' || basePath !== '' ? null : guarded(guard, submitExecution, deps);
  const submission: DirectHandler | null =
    submit &&
    ((request, peer, connection = null) =>
      logged(request, submitExecution.path, () => submit(plainContext(request, peer, connection))));
  const serveAll: Fetch = (request, peer = null, connection) =>
    callback(tokenIn(request))?.(request, peer) ?? serve(request, peer, connection);
  const find = (request: DirectRequest) =>
    isPlainSubmission(request) ? submission : callback(CALLBACK_TARGET.exec(request.target)?.[1]);
  const prepare = async () => {
    await lookAtPages();
    if (role !== 'webhook') await app.fetch(new Request(DOCUMENTATION, { headers: { 'accept-encoding': 'gzip' } }));
  };
  return Object.assign(serveAll, { direct: { maxBytes: MAX_BODY_BYTES, find }, prepare });
}

/** Browsers take it compressed. */
const DOCUMENTATION = 'http://receiver/docs';

/** A context outside of Hono's router: the guard and the handlers of submissions use nothing else of a request. */
function plainContext(request: PlainRequest, peer: string | null, connection: Connection | null): Context {
  return new Context(request as Request, { env: { peer, connection } });
}

/**
 * Returns whether it is a submission of a program that does not wait for the outcome. The others go through the adapter, which
 * reports when a waiting client disconnects, and through the routes, which answer a browser with a page.
 */
function isPlainSubmission({ target, headers }: DirectRequest): boolean {
  return target === submitExecution.path && headers.prefer === undefined && !headers.accept?.includes('html');
}

function isServed({ listener = 'apps' }: ApiOperation, role: ListenerRole): boolean {
  return role === 'everything' || role === listener;
}

function route(app: Hono, guard: Guard, operation: ApiOperation, deps: HttpParts): void {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1');
  app.on(operation.method.toUpperCase(), path, guarded(guard, operation, deps));
}

/** Returns the handler of an operation behind its access rule. */
function guarded(guard: Guard, operation: ApiOperation, deps: HttpParts): OpenHandler {
  return operation.access === 'open'
    ? closed(operation, operation.create(deps))
    : guard[operation.access](closed(operation, operation.create(deps)));
}

/**
 * An operation with query parameters validates its query itself. CXone and OAuth clients may add parameters to the URLs of the
 * webhook (RFC 6749, section 3.2: unknown ones are ignored), and no callback may be lost for that.
 */
function closed<More extends readonly unknown[]>(
  operation: ApiOperation,
  handler: (c: Context, ...more: More) => Response | Promise<Response>,
): (c: Context, ...more: More) => Response | Promise<Response> {
  const { listener, parameters = [] } = operation;
  const hasQuery = parameters.some((one) => 'in' in one && one.in === 'query');
  return hasQuery || listener === 'webhook' ? handler : withoutQuery(handler);
}

/** The URL of a page for operators. */
const PAGE = /^https?:\/\/[^/]+\/(?:console\/|$|\?)/;

const PLAIN_CALLBACK = new RegExp(`^https?://[^/]+${CALLBACK_PATH}/([\\w.-]+)$`);

/** The same in a request line. A token does not begin with a dot, and `/..` would be another path. */
const CALLBACK_TARGET = new RegExp(`^${CALLBACK_PATH}/([\\w-][\\w.-]*)$`);

/**
 * Returns the token of a callback URL as CXone sends it. Callbacks are the most frequent requests, and the router costs as much
 * as the signature check. A URL in another spelling goes through the router.
 */
function tokenIn({ method, url }: Request): string | null {
  return method === 'POST' ? (PLAIN_CALLBACK.exec(url)?.[1] ?? null) : null;
}

/** 405 for a known path (204 for OPTIONS), 404 for any other. Hono has no middleware here, so every match is a route. */
function unmatched(app: Hono, c: Context): Response {
  const supports = (method: string) => app.router.match(method, c.req.path)[0].length > 0;
  const methods = [...(supports('GET') ? ['GET', 'HEAD'] : []), ...(supports('POST') ? ['POST'] : [])];
  if (methods.length === 0) return problem('not-found', 'There is nothing at this path.');
  const allow = [...methods, 'OPTIONS'].join(', ');
  if (c.req.method === 'OPTIONS') return respond(204, null, { allow });
  return problem('method-not-allowed', `Use one of ${allow}.`, { headers: { allow } });
}

/** The log gets the reason of a failure, the client does not. */
function createFailureResponse({ log, world }: Runtime): RespondToFailure {
  const unavailable = createSampledWarning(log, world, 'answered 503 because the store is unavailable');
  const leaderless = createSampledWarning(log, world, 'refused an order because no receiver leads');
  return (thrown, request) => {
    const reason = reasonOf(thrown);
    // promise: order-without-a-leader
    if (thrown instanceof NoLeader) {
      leaderless('times', { reason });
      return noLeader();
    }
    if (thrown instanceof StoreUnavailable) {
      unavailable('times', { reason });
      const isUnknown = thrown instanceof OrderUnconfirmed;
      return storeUnavailable(
        isUnknown
          ? 'The receiver that leads has not confirmed this. It may have been done: look before you send it again.'
          : 'Nothing was changed. Send it again later.',
      );
    }
    log.error({ reason, method: request.method, path: loggablePath(request.url) }, 'a request failed');
    return problem('internal-error', 'The fault is here, not in the request. It has been logged.');
  };
}
