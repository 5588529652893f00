// POST /v1/executions/{correlationId}/resubmit: submits an execution that ended without a result again, as a new execution.

import * as v from 'valibot';
import type { Execution } from '../../execution/execution.ts';
import { representExecution } from '../../execution/representation.ts';
import type { NotResubmittable } from '../../execution/resubmission.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { closed, component, jsonRequest, jsonResponse } from '../openapi/components.ts';
import { executionExample } from '../openapi/examples.ts';
import { headers } from '../openapi/headers.ts';
import {
  ADMINISTRATOR_ORDER,
  type ApiOperation,
  BODY_PROBLEMS,
  type Handler,
  parameter,
} from '../openapi/operation.ts';
import { described } from '../openapi/schema-parts.ts';
import { OPTIONAL_REASON } from '../operators/reason.ts';
import { recordAction } from '../operators/record-activity.ts';
import { createExecutionFinder, unknownExecution } from '../request/find-execution.ts';
import { readJsonBody } from '../request/read-json.ts';
import { validateObject } from '../request/validate.ts';
import { json } from '../response/json.ts';
import { invalidInput, problem } from '../response/problem.ts';
import { EXECUTION } from './execution-schema.ts';
import { draining, refused } from './submission-response.ts';

const CHOICE_RULE =
  'must be true: the execution may have run at CXone although it ended without a result, and would then run a second time';

const RESUBMISSION = component(
  'Resubmission',
  v.object({
    mayRunTwice: described(
      v.literal(true, CHOICE_RULE),
      'The explicit choice: the old execution may have run at CXone, so that the action may run twice.',
    ),
    reason: OPTIONAL_REASON,
  }),
  closed,
);

type Dependencies = Pick<HttpDependencies, 'store' | 'runtime' | 'submissions' | 'lifecycle'>;

/** Submits an execution again in the name of an administrator, who has accepted that it may run twice. */
export type Resubmit = (execution: Execution, caller: Identity, reason: string | null) => Promise<Response>;

const REPEATED = { ...executionExample('queued'), resubmissionOf: 'order-4711' };

export const resubmitExecution = {
  ...ADMINISTRATOR_ORDER,
  operationId: 'resubmitExecution',
  path: '/v1/executions/{correlationId}/resubmit',
  summary: 'Submit an ended execution again',
  description:
    'Accepts a new execution with the submission of one that ended as FAILED, REJECTED, NOT_FOUND, TIMEOUT or CANCELLED without a late result COMPLETED: same app, action, inputs, context and settings, with another `correlationId`. The two name each other as `resubmissionOf` and `resubmittedAs`, and in their audit trails. An execution is submitted again once: a repeated request returns the same new execution. The old execution may have run at CXone; `mayRunTwice` states that this is accepted.',
  parameters: [parameter('CorrelationId')],
  requestBody: jsonRequest(RESUBMISSION, {
    resubmit: { mayRunTwice: true, reason: 'CXone confirmed that it did not run, ticket 4711' },
  }),
  responses: {
    '200': jsonResponse(
      'It was submitted again before: that execution, in its present state.',
      EXECUTION,
      { repeated: REPEATED },
      headers('Location', 'Idempotent-Replayed'),
    ),
    '202': jsonResponse(
      'The new execution, accepted and durable.',
      EXECUTION,
      { accepted: REPEATED },
      headers('Location'),
    ),
  },
  problems: ['not-found', 'cannot-be-resubmitted', 'app-queue-full', 'queue-full', 'draining', ...BODY_PROBLEMS],
  create: (deps: Dependencies): Handler => {
    const find = createExecutionFinder(deps.store);
    const resubmit = createResubmit(deps);
    return async (c, caller) => {
      const body = await readJsonBody(c.req.raw);
      if (body instanceof Response) return body;
      const order = validateObject(RESUBMISSION, body);
      // promise: resubmission-needs-the-choice
      if (!order.valid) return invalidInput(order.errors);
      const execution = await find(c, caller);
      return execution === undefined ? unknownExecution() : resubmit(execution, caller, order.value.reason ?? null);
    };
  },
} satisfies ApiOperation;

export function createResubmit(deps: Dependencies): Resubmit {
  return async (execution, caller, reason) => {
    if (deps.lifecycle.draining()) return draining();
    const by = callerName(caller);
    const action = { action: 'resubmit', by, reason, target: execution.correlationId } as const;
    return recordAction(deps, action, async () => {
      const result = await deps.submissions.submit.again(execution, { by, reason });
      if (result === undefined) return unknownExecution();
      switch (result.outcome) {
        case 'added':
        case 'replayed':
          return accepted(result.execution, result.outcome === 'replayed');
        case 'full':
        case 'share-full':
          return refused(result.outcome);
        default:
          return notResubmittable(execution, result.outcome);
      }
    });
  };
}

/** Returns the problem that states why an execution cannot be submitted again. */
export function notResubmittable(execution: Execution, why: NotResubmittable): Response {
  return problem('cannot-be-resubmitted', REASONS[why](execution));
}

function accepted(execution: Execution, isReplay: boolean): Response {
  return json(isReplay ? 200 : 202, representExecution(execution), {
    location: `/v1/executions/${execution.correlationId}`,
    ...(isReplay ? { 'idempotent-replayed': 'true' } : {}),
  });
}

const REASONS: { readonly [W in NotResubmittable]: (execution: Execution) => string } = {
  open: ({ status }) => `It has not ended: it is ${status}. Wait for its end, or cancel it first.`,
  completed: ({ status }) =>
    status === 'COMPLETED'
      ? 'It is COMPLETED: it has a result.'
      : `It is ${status}, and a late result arrived: it COMPLETED at CXone.`,
  erased: () => 'Its inputs were erased, so there is nothing to submit. The app can submit it.',
  pruned: () =>
    'Its inputs were deleted (PAYLOAD_RETENTION_DAYS), so there is nothing to submit. The app can submit it.',
};
