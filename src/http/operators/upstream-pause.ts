// /v1/pause: shows and lifts the pause of all requests to CXone.

import * as v from 'valibot';
import type { UpstreamPause } from '../../cxone/port.ts';
import { isoTime } from '../../lib/time.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { type ActionOnOne, withReason } from '../executions/actions.ts';
import { callerName } from '../middleware/identity.ts';
import { component, jsonResponse } from '../openapi/components.ts';
import { ADMINISTRATOR_ORDER, type ApiOperation, BODY_PROBLEMS, type Handler } from '../openapi/operation.ts';
import { count, described, IDENTIFIER_TEXT, nullable, time } from '../openapi/schema-parts.ts';
import { json } from '../response/json.ts';
import { REASON_BODY } from './reason.ts';
import { recordAction } from './record-activity.ts';

const PAUSE = component(
  'Pause',
  v.object({
    since: time('The time of the response that caused it.'),
    until: time('When it ends by itself.'),
    httpStatus: count('The status of that response.'),
    call: described(v.picklist(['execute', 'poll', 'token', 'discovery']), 'The request that it answered.'),
    actionId: nullable(IDENTIFIER_TEXT, 'The Data Action of that request; null: it belongs to no execution.'),
    correlationId: nullable(IDENTIFIER_TEXT, 'The execution of that request.'),
    app: nullable(v.string(), 'The app of that execution.'),
  }),
);

const CURRENT = component('CurrentPause', v.object({ pause: nullable(PAUSE, 'The pause; null: requests are sent.') }));
const LIFTED = component(
  'LiftedPause',
  v.object({ lifted: nullable(PAUSE, 'The pause that has ended; null: there was none.') }),
);

type Dependencies = Pick<HttpDependencies, 'controls' | 'runtime' | 'store'>;

const EXAMPLE: UpstreamPause = {
  since: Date.UTC(2026, 0, 31, 12),
  until: Date.UTC(2026, 0, 31, 12, 5),
  httpStatus: 429,
  call: 'execute',
  actionId: 'charge-card',
  correlationId: 'order-4711',
  app: 'shop',
};

function represent(pause: UpstreamPause | null) {
  return pause && { ...pause, since: isoTime(pause.since), until: isoTime(pause.until) };
}

export const getPause = {
  operationId: 'getPause',
  method: 'get',
  path: '/v1/pause',
  tag: 'Operators',
  access: 'operator',
  summary: 'Get the pause of all requests to CXone',
  description:
    'CXone pauses the receiver with a 429 or 503 that has Retry-After, or with a rate limit that has nothing left. A pause lasts MAX_PAUSE_SECONDS at most.',
  responses: {
    '200': jsonResponse('The pause, and the request that caused it.', CURRENT, {
      paused: { pause: represent(EXAMPLE) },
      none: { pause: null },
    }),
  },
  create:
    ({ controls }: Pick<HttpDependencies, 'controls'>): Handler =>
    async () =>
      json(200, { pause: represent((await controls.state()).pause) }),
} satisfies ApiOperation;

export const liftPause = {
  ...ADMINISTRATOR_ORDER,
  operationId: 'liftPause',
  path: '/v1/pause/lift',
  summary: 'Lift the pause of all requests to CXone',
  description:
    'Requests are sent again at once. The log has the name of the administrator. CXone may respond with 429 again, which starts another pause.',
  requestBody: REASON_BODY,
  responses: {
    '200': jsonResponse('There is no pause any more.', LIFTED, {
      lifted: { lifted: represent(EXAMPLE) },
      none: { lifted: null },
    }),
  },
  problems: [...BODY_PROBLEMS, 'no-leader'],
  create: (deps: Dependencies): Handler => withReason(createLiftOfPause(deps)),
} satisfies ApiOperation;

/** Returns a function that lifts the pause in the name of an operator. */
export function createLiftOfPause(deps: Dependencies): ActionOnOne {
  const { controls, runtime } = deps;
  return (_, caller, reason) =>
    recordAction(deps, { action: 'lift-pause', by: callerName(caller), reason }, async () => {
      const lifted = await controls.liftPause();
      if (lifted !== null)
        runtime.log.warn({ by: callerName(caller), ...lifted }, 'the pause of requests to CXone was lifted');
      return json(200, { lifted: represent(lifted) });
    });
}
