// /v1/pauses: administrators pause sending for one action, one app or all, and resume it.

import * as v from 'valibot';
import type { Json } from '../../execution/json.ts';
import { isoTime } from '../../lib/time.ts';
import { type CountedPause, describeScope, type PauseScope } from '../../store/pauses-port.ts';
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
import { count, described, IDENTIFIER_TEXT, nullable, text, time } from '../openapi/schema-parts.ts';
import { appNameFilter } from '../request/app-filter.ts';
import { identifierFilter } from '../request/list-parameters.ts';
import { onBody } from '../request/read-json.ts';
import { type Validated, validateObject } from '../request/validate.ts';
import { json } from '../response/json.ts';
import { invalidInput, pointerTo } from '../response/problem.ts';
import { OPTIONAL_REASON } from './reason.ts';
import { recordAction } from './record-activity.ts';

const SCOPES = ['actionId', 'app', 'all'] as const;
const ONE_SCOPE = 'must have exactly one of actionId, app and "all": true';
const ALL_RULE = 'must be true, or be left out';

const SCOPE = component(
  'PauseScope',
  v.object({
    actionId: identifierFilter('Only executions of this Data Action.'),
    app: appNameFilter('Only executions of this app.'),
    all: v.exactOptional(described(v.literal(true, ALL_RULE), 'Executions of all actions and apps.')),
    reason: OPTIONAL_REASON,
  }),
  (scope) => ({ ...closed(scope), oneOf: SCOPES.map((name) => ({ required: [name] })) }),
);

const PAUSE = component(
  'SendingPause',
  v.object({
    actionId: nullable(IDENTIFIER_TEXT, 'The Data Action; null: all.'),
    app: nullable(v.string(), 'The app; null: all.'),
    since: time('When it was paused.'),
    by: text('The administrator who paused it.'),
    reason: nullable(v.string(), 'The reason that the administrator gave.'),
    queued: count('The number of queued executions that it holds back.'),
  }),
);

const PAUSES = component(
  'SendingPauses',
  v.object({ items: described(v.array(PAUSE), 'The pauses in force, the oldest first.') }),
);

const RESUMED = component(
  'ResumedSending',
  v.object({ resumed: nullable(PAUSE, 'The pause that has ended; null: there was none of this scope.') }),
);

const EXAMPLE: CountedPause = {
  actionId: 'charge-card',
  app: null,
  since: Date.UTC(2026, 0, 31, 12),
  by: 'operator:alice',
  reason: 'The payment provider charges twice, ticket 4711',
  queued: 87,
};

const BODY = jsonRequest(SCOPE, {
  action: { actionId: 'charge-card', reason: 'The payment provider charges twice, ticket 4711' },
  app: { app: 'shop' },
  all: { all: true },
});

type Dependencies = Pick<HttpDependencies, 'runtime' | 'store'>;

/** A pause of an app that does not exist would be a typing error, which holds back nothing. */
const UNKNOWN_APP = 'is not an app of APP_KEYS, and has no queued executions';

/** Pauses or resumes in the name of an administrator. */
export type ScopeAction = (scope: PauseScope, caller: Identity, reason: string | null) => Promise<Response>;

export const listPauses = {
  ...OPERATOR_READ,
  operationId: 'listPauses',
  path: '/v1/pauses',
  summary: 'List the pauses of sending',
  description:
    'What administrators have paused, until they resume it. `GET /v1/pause` has the pause that a response of CXone causes.',
  responses: {
    '200': jsonResponse('The pauses in force.', PAUSES, {
      paused: { items: [represent(EXAMPLE)] },
      none: { items: [] },
    }),
  },
  create:
    ({ store }: Pick<HttpDependencies, 'store'>): Handler =>
    async () =>
      json(200, { items: (await store.sendingPauses()).map(represent) }),
} satisfies ApiOperation;

const ORDER = {
  ...ADMINISTRATOR_ORDER,
  requestBody: BODY,
  problems: BODY_PROBLEMS,
} as const;

export const pauseSending = {
  ...ORDER,
  operationId: 'pauseSending',
  path: '/v1/pauses',
  summary: 'Pause sending',
  description:
    'From the response on, no execution of this action, of this app, or of all is sent to CXone until an administrator resumes it; a request that is under way is completed. Submissions are accepted until the queue is full. Polls, callbacks, cancels, timeouts and notifications continue, the queue timeout (QUEUE_TIMEOUT_SECONDS) included. The pause outlasts a restart. Several pauses may be in force: an execution is sent when none covers it.',
  responses: {
    '200': jsonResponse('It was paused before: the pause is unchanged.', PAUSE, { paused: represent(EXAMPLE) }),
    '201': jsonResponse('It is paused.', PAUSE, { paused: represent(EXAMPLE) }),
  },
  create: (deps: Dependencies & Pick<HttpDependencies, 'access'>): Handler => handler(createPauseOfSending(deps)),
} satisfies ApiOperation;

export const resumeSending = {
  ...ORDER,
  operationId: 'resumeSending',
  path: '/v1/pauses/resume',
  summary: 'Resume sending',
  description:
    'Ends the pause of exactly this scope. `"all": true` ends the pause of all executions, and pauses of single actions and apps stay.',
  responses: {
    '200': jsonResponse('No pause of this scope is in force.', RESUMED, {
      resumed: { resumed: represent(EXAMPLE) },
      none: { resumed: null },
    }),
  },
  create: (deps: Dependencies): Handler => handler(createResumeOfSending(deps)),
} satisfies ApiOperation;

export function createPauseOfSending(deps: Dependencies & Pick<HttpDependencies, 'access'>): ScopeAction {
  const { store, runtime, access } = deps;

  async function isKnown({ app }: PauseScope): Promise<boolean> {
    return (
      app === null || access.apps.some(({ name }) => name === app) || (await store.queueState()).queuedByApp.has(app)
    );
  }

  return async (scope, caller, reason) => {
    const by = callerName(caller);
    if (!(await isKnown(scope))) return invalidInput([{ pointer: pointerTo('app'), detail: UNKNOWN_APP }]);
    return recordAction(deps, { action: 'pause', by, reason, filter: filterOf(scope) }, async () => {
      const { isNew, pause } = await store.pauseSending({ ...scope, by, reason, since: runtime.world.now() });
      if (isNew) runtime.log.warn({ by, scope: describeScope(scope), reason }, 'an administrator paused sending');
      return json(isNew ? 201 : 200, represent(pause));
    });
  };
}

export function createResumeOfSending(deps: Dependencies): ScopeAction {
  const { store, runtime } = deps;
  return (scope, caller, reason) => {
    const by = callerName(caller);
    return recordAction(deps, { action: 'resume', by, reason, filter: filterOf(scope) }, async () => {
      const ended = await store.resumeSending(scope);
      if (ended !== null)
        runtime.log.warn({ by, scope: describeScope(scope), reason }, 'an administrator resumed sending');
      return json(200, { resumed: ended && represent(ended) });
    });
  };
}

function handler(act: ScopeAction): Handler {
  return onBody(parsePauseScope, ({ reason, ...scope }, _c, caller) => act(scope, caller, reason));
}

/** Exactly one scope must be named, so that no one pauses all executions by mistake. */
export function parsePauseScope(body: Json): Validated<PauseScope & { readonly reason: string | null }> {
  const scope = validateObject(SCOPE, body);
  if (!scope.valid) return scope;
  const { app = null, actionId = null, reason = null } = scope.value;
  if (SCOPES.filter((name) => name in scope.value).length !== 1) {
    return { valid: false, errors: [{ pointer: '#', detail: ONE_SCOPE }] };
  }
  return { valid: true, value: { app, actionId, reason } };
}

/** Returns the scope as the activity keeps it. */
function filterOf({ app, actionId }: PauseScope): object {
  return { ...(actionId !== null && { actionId }), ...(app !== null && { app }) };
}

function represent({ actionId, app, since, by, reason, queued }: CountedPause) {
  return { actionId, app, since: isoTime(since), by, reason, queued };
}
