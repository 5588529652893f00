// /v1/reconciliations: having CXone asked once more about what ended without a result, and what came of it.

import type { Context } from 'hono';
import * as v from 'valibot';
import { isJsonObject } from '../execution/json.ts';
import { type ReconcileRequest, representReconciliation } from '../usecases/reconcile/report.ts';
import type { HttpDependencies } from './dependencies.ts';
import { callerName, type Identity } from './middleware/identity.ts';
import { IDENTIFIER, IDENTIFIER_RULE } from './request/identifier.ts';
import { time } from './request/list-parameters.ts';
import { readJsonBody } from './request/read-json.ts';
import { howMany, type Validated, validate } from './request/validate.ts';
import { json } from './response/json.ts';
import { invalidInput, pointerTo, problem } from './response/problem.ts';

const APP_RULE = 'must be the name of an app, of 1 to 128 characters';
const DRAINING_RETRY_SECONDS = 5;

/** Also what the OpenAPI document is made of. */
export const RECONCILE = v.object({
  from: time('Only executions submitted then or later.'),
  to: time('Only executions submitted earlier than that; now, if it lies ahead.'),
  actionId: v.exactOptional(
    v.pipe(
      v.string(IDENTIFIER_RULE),
      v.regex(IDENTIFIER, IDENTIFIER_RULE),
      v.description('Only those of this Data Action.'),
    ),
  ),
  app: v.exactOptional(
    v.pipe(
      v.string(APP_RULE),
      v.minLength(1, APP_RULE),
      v.maxLength(128, APP_RULE),
      v.description('Only those of this app.'),
    ),
  ),
});

type Handler = (c: Context, caller: Identity) => Promise<Response>;

interface Reconciling {
  readonly start: Handler;
  readonly one: Handler;
}

export function createReconciling({ reconciliations }: Pick<HttpDependencies, 'reconciliations'>): Reconciling {
  return {
    start: async (c, caller) => {
      const body = await readJsonBody(c.req.raw);
      if (body.type === 'refused') return body.answer;
      const request = parseReconcile(body.value);
      if (!request.valid) {
        return invalidInput(`${howMany(request.errors, 'field')}; errors names each.`, request.errors);
      }
      const started = reconciliations.start(request.value, callerName(caller));
      switch (started.outcome) {
        case 'started': {
          const { reconciliation } = started;
          const location = `/v1/reconciliations/${reconciliation.id}`;
          return json(202, representReconciliation(reconciliation), { location });
        }
        case 'running':
          return problem('reconciliation-running', runningDetail(started.reconciliation.id));
        case 'stopping':
          return problem('draining', 'Nothing was accepted. Send it again later.', {
            headers: { 'retry-after': String(DRAINING_RETRY_SECONDS) },
          });
        default:
          return started satisfies never;
      }
    },

    one: async (c) => {
      const found = reconciliations.find(c.req.param('id') ?? '');
      return found === undefined
        ? problem('not-found', 'There is no reconciliation with this id: reports are kept until the receiver stops.')
        : json(200, representReconciliation(found));
    },
  };
}

function runningDetail(id: string): string {
  return `Another one is under way, and one runs at a time: GET /v1/reconciliations/${id} tells how far it is.`;
}

function parseReconcile(body: unknown): Validated<ReconcileRequest> {
  if (!isJsonObject(body as never))
    return { valid: false, errors: [{ pointer: '#', detail: 'must be a JSON object' }] };
  const request = validate(RECONCILE, body as { readonly [name: string]: unknown });
  if (!request.valid || request.value.from < request.value.to) return request;
  return { valid: false, errors: [{ pointer: pointerTo('to'), detail: 'must be later than from' }] };
}
