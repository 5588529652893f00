// /v1/endpoints: shows the endpoints of apps, pauses and resumes one, and probes one that fails.

import * as v from 'valibot';
import type { Endpoint } from '../../store/endpoints-port.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { closed, component, jsonRequest, jsonResponse } from '../openapi/components.ts';
import {
  ADMINISTRATOR_ORDER,
  type ApiOperation,
  BODY_PROBLEMS,
  type Handler,
  OPERATOR_READ,
} from '../openapi/operation.ts';
import { count, nullable, text, time } from '../openapi/schema-parts.ts';
import { origin } from '../request/list-parameters.ts';
import { onBody } from '../request/read-json.ts';
import { validateObject } from '../request/validate.ts';
import { json } from '../response/json.ts';
import { invalidInput, pointerTo } from '../response/problem.ts';
import { createEndpointStates, type EndpointState, MAX_WAITING, representEndpoint } from './endpoint-state.ts';
import { OPTIONAL_REASON } from './reason.ts';
import { recordAction } from './record-activity.ts';

const APP_RULE = 'must be the name of an app';
/** A pause of an app that does not exist would be a typing error, which holds back nothing. */
const UNKNOWN_APP = 'is not an app of APP_KEYS, and nothing waits for it';

const ENDPOINT_ORDER = component(
  'EndpointOrder',
  v.object({
    app: v.pipe(v.string(APP_RULE), v.regex(/^[A-Za-z0-9._-]{1,64}$/, APP_RULE), v.description('The app.')),
    origin: origin('Scheme, host and port of its endpoint.'),
    reason: OPTIONAL_REASON,
  }),
  closed,
);

const CIRCUIT = v.object({
  since: time('When deliveries had failed so often that only probes are sent.'),
  failures: count('Failures in a row.'),
  reason: nullable(v.string(), 'Why the last delivery failed.'),
  nextProbeAt: time('When the next probe is due; never in the past.'),
});
const PAUSE = v.object({
  since: time('When it was paused.'),
  by: text('The administrator.'),
  reason: nullable(v.string(), 'The reason that the administrator gave.'),
});

export const ENDPOINT = component(
  'Endpoint',
  v.object({
    app: v.string(),
    origin: text('Scheme, host and port: what is slow or down as a whole.'),
    waiting: count(`Notifications that wait to be sent, counted up to ${MAX_WAITING}.`),
    circuit: nullable(CIRCUIT, 'The failures of the endpoint; null: it does not fail.'),
    pause: nullable(PAUSE, 'The pause of the endpoint; null: it is not paused.'),
  }),
);
const ENDPOINTS = component('Endpoints', v.object({ items: v.array(ENDPOINT) }));

const NOON = Date.UTC(2026, 0, 31, 12);
const WELL: EndpointState = {
  ...{ app: 'shop', origin: 'https://hooks.example', waiting: 312 },
  ...{ circuit: null, pause: null },
};
const FAILING: EndpointState = {
  ...WELL,
  circuit: { ...WELL, failure: 'no answer: ECONNREFUSED', failures: 7, since: NOON, nextProbeAt: NOON + 60_000 },
};
const PAUSED: EndpointState = {
  ...WELL,
  pause: { ...WELL, since: NOON, by: 'operator:alice', reason: 'maintenance until 13:00' },
};

type Dependencies = Pick<HttpDependencies, 'store' | 'runtime' | 'controls' | 'access'>;

/** An action on one endpoint in the name of an operator. */
export type ActionOnEndpoint = (endpoint: Endpoint, caller: Identity, reason: string | null) => Promise<Response>;

export function createEndpointVerbs(deps: Dependencies) {
  const { store, controls, runtime, access } = deps;
  const states = createEndpointStates(deps);

  async function isKnown(endpoint: Endpoint): Promise<boolean> {
    return access.apps.some(({ name }) => name === endpoint.app) || (await store.waitingIn(endpoint, 1)) > 0;
  }

  const ofKnown =
    (act: ActionOnEndpoint): ActionOnEndpoint =>
    async (endpoint, caller, reason) =>
      (await isKnown(endpoint))
        ? act(endpoint, caller, reason)
        : invalidInput([{ pointer: pointerTo('app'), detail: UNKNOWN_APP }]);

  const verb =
    (
      action: 'pause-endpoint' | 'resume-endpoint' | 'probe-endpoint',
      effect: (endpoint: Endpoint, by: string, reason: string | null) => Promise<unknown>,
    ): ActionOnEndpoint =>
    async ({ app, origin }, caller, reason) => {
      const [by, target] = [callerName(caller), `${app} ${origin}`];
      return recordAction(deps, { action, by, reason, target }, async () => {
        await effect({ app, origin }, by, reason);
        const [state] = await states.of([{ app, origin }]);
        runtime.log.info({ app, origin, by, action }, 'an operator acted on an endpoint of an app');
        return json(200, state === undefined ? null : representEndpoint(state));
      });
    };

  return {
    pauseEndpoint: ofKnown(
      verb('pause-endpoint', (endpoint, by, reason) =>
        store.pauseEndpoint({ ...endpoint, by, reason, since: runtime.world.now() }),
      ),
    ),
    resumeEndpoint: verb('resume-endpoint', async (endpoint) => {
      await store.resumeEndpoint(endpoint);
      await controls.deliveriesResumed();
    }),
    probeEndpoint: ofKnown(verb('probe-endpoint', async (endpoint) => controls.probe(endpoint))),
  };
}

/** Returns the endpoint that an order names; null if it names none. */
export function endpointOrder(order: { readonly [name: string]: unknown }): Endpoint | null {
  const read = v.safeParse(ENDPOINT_ORDER, order);
  return read.success ? read.output : null;
}

function ordered(act: ActionOnEndpoint): Handler {
  return onBody(
    (body) => validateObject(ENDPOINT_ORDER, body),
    ({ reason = null, ...endpoint }, _c, caller) => act(endpoint, caller, reason),
  );
}

export const listEndpoints = {
  ...OPERATOR_READ,
  operationId: 'listEndpoints',
  path: '/v1/endpoints',
  summary: 'List the endpoints of apps that have something waiting, or are paused',
  responses: {
    '200': jsonResponse('Paused ones first.', ENDPOINTS, {
      some: { items: [PAUSED, FAILING].map(representEndpoint) },
      none: { items: [] },
    }),
  },
  create: (deps: Dependencies): Handler => {
    const states = createEndpointStates(deps);
    return async () => json(200, { items: (await states.all()).map(representEndpoint) });
  },
} satisfies ApiOperation;

const ON_ONE = {
  ...ADMINISTRATOR_ORDER,
  problems: BODY_PROBLEMS,
  requestBody: jsonRequest(ENDPOINT_ORDER, {
    one: { app: 'shop', origin: 'https://hooks.example', reason: 'maintenance until 13:00' },
  }),
} as const;

export const pauseEndpoint = {
  ...ON_ONE,
  operationId: 'pauseEndpoint',
  path: '/v1/endpoints/pause',
  summary: 'Pause the notifications to an endpoint',
  description: 'They wait until it is resumed, also after a restart. A second pause changes nothing.',
  responses: { '200': jsonResponse('The endpoint.', ENDPOINT, { paused: representEndpoint(PAUSED) }) },
  create: (deps: Dependencies): Handler => ordered(createEndpointVerbs(deps).pauseEndpoint),
} satisfies ApiOperation;

export const resumeEndpoint = {
  ...ON_ONE,
  operationId: 'resumeEndpoint',
  path: '/v1/endpoints/resume',
  summary: 'Resume the notifications to an endpoint',
  description: 'What is due is sent at once. A notification whose time limit has passed gets one last attempt.',
  responses: { '200': jsonResponse('The endpoint.', ENDPOINT, { resumed: representEndpoint(WELL) }) },
  create: (deps: Dependencies): Handler => ordered(createEndpointVerbs(deps).resumeEndpoint),
} satisfies ApiOperation;

export const probeEndpoint = {
  ...ON_ONE,
  operationId: 'probeEndpoint',
  problems: [...BODY_PROBLEMS, 'no-leader'],
  path: '/v1/endpoints/probe',
  summary: 'Probe an endpoint now',
  description:
    'The next waiting notification is sent now, although the endpoint fails. A paused endpoint gets nothing.',
  responses: { '200': jsonResponse('The endpoint.', ENDPOINT, { probed: representEndpoint(FAILING) }) },
  create: (deps: Dependencies): Handler => ordered(createEndpointVerbs(deps).probeEndpoint),
} satisfies ApiOperation;
