// GET /livez, /readyz and /metrics.

import * as v from 'valibot';
import { reasonOf } from '../lib/log.ts';
import { StoreUnavailable } from '../store/port.ts';
import type { HttpDependencies, HttpMetrics } from './dependencies.ts';
import { component, jsonResponse } from './openapi/components.ts';
import type { ApiOperation } from './openapi/operation.ts';
import { described } from './openapi/schema-parts.ts';
import { json, respond } from './response/json.ts';
import { problem } from './response/problem.ts';

const RETRY_AFTER_SECONDS = 5;

const LIVENESS = component('Liveness', v.object({ live: v.literal(true) }));
const READINESS = component(
  'Readiness',
  v.object({
    ready: v.literal(true),
    notReady: v.pipe(v.array(v.string()), v.maxLength(0), v.description('Empty.')),
    notices: v.optional(
      described(
        v.array(v.string()),
        'What to know although the receiver is ready, for example that its clock was set. Absent without any.',
      ),
    ),
  }),
);

export const isAlive: ApiOperation = {
  operationId: 'isAlive',
  method: 'get',
  path: '/livez',
  tag: 'Service',
  access: 'open',
  summary: 'Whether the process runs',
  responses: { '200': jsonResponse('It runs.', LIVENESS, { live: { live: true } }) },
  create: () => aliveResponse,
};

export const isReady: ApiOperation = {
  operationId: 'isReady',
  method: 'get',
  path: '/readyz',
  tag: 'Service',
  access: 'open',
  summary: 'Whether the receiver can do its work',
  description: 'An outage of CXone does not make the receiver unready.',
  responses: {
    '200': jsonResponse('The database takes writes and all loops run.', READINESS, {
      ready: { ready: true, notReady: [] },
    }),
  },
  problems: ['not-ready'],
  create: (deps) => async () => {
    const { notReady, notices } = deps.lifecycle.draining() ? DRAINING : await stateOf(deps);
    if (notReady.length === 0) {
      return json(200, { ready: true, notReady: [], ...(notices.length === 0 ? {} : { notices }) });
    }
    return notReadyResponse(notReady);
  },
};

/** Returns the response of a receiver that is not ready, for these reasons. */
function notReadyResponse(notReady: readonly string[]): Response {
  return problem('not-ready', `Not ready: ${notReady.join(', ')}.`, {
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
    members: { ready: false, notReady },
  });
}

function aliveResponse(): Response {
  return json(200, { live: true });
}

export const getMetrics: ApiOperation = {
  operationId: 'getMetrics',
  method: 'get',
  path: '/metrics',
  tag: 'Service',
  access: 'operator',
  summary: 'Metrics for Prometheus',
  responses: {
    '200': {
      description: 'Metrics in the text format of Prometheus.',
      content: { 'text/plain': { schema: { type: 'string' } } },
    },
  },
  create:
    ({ metrics }) =>
    () =>
      metricsResponse(metrics),
};

async function metricsResponse(metrics: Pick<HttpMetrics, 'scrape'>): Promise<Response> {
  const { contentType, body } = await metrics.scrape();
  return respond(200, body, { 'content-type': contentType });
}

interface State {
  readonly notReady: readonly string[];
  readonly notices: readonly string[];
}

const DRAINING: State = { notReady: ['draining'], notices: [] };

async function stateOf({ lifecycle, runtime }: Pick<HttpDependencies, 'lifecycle' | 'runtime'>): Promise<State> {
  try {
    // promise: words-of-the-database-are-for-operators
    const notReady = (await lifecycle.ready()).map(({ part }) => part);
    // A receiver that is not ready may be unable to read them.
    return { notReady, notices: notReady.length > 0 ? [] : await lifecycle.notices() };
  } catch (error) {
    runtime.log.error({ reason: reasonOf(error) }, 'the readiness check failed');
    const isUnreadable = error instanceof StoreUnavailable;
    return { notReady: [isUnreadable ? 'the database cannot be read' : 'the readiness check failed'], notices: [] };
  }
}
