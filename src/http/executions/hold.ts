// POST /v1/executions/{correlationId}/hold and …/release: exempt an execution from pruning and erasure, and end that.

import * as v from 'valibot';
import { isoTime } from '../../lib/time.ts';
import type { Erasure } from '../../store/erasure-port.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { component, jsonRequest, jsonResponse } from '../openapi/components.ts';
import { ADMINISTRATOR_ORDER, type ApiOperation, BODY_PROBLEMS, parameter } from '../openapi/operation.ts';
import { IDENTIFIER_TEXT, nullable, time } from '../openapi/schema-parts.ts';
import { recordAction } from '../operators/record-activity.ts';
import { unknownExecution } from '../request/find-execution.ts';
import { json } from '../response/json.ts';
import { type ActionByOrder, ORDER, ORDER_EXAMPLE, onOrder } from './order.ts';

const HOLD = component(
  'Hold',
  v.object({
    correlationId: IDENTIFIER_TEXT,
    heldAt: nullable(time(), 'Since when it is exempt from pruning and erasure; null: it is not.'),
  }),
);

const COMMON = {
  ...ADMINISTRATOR_ORDER,
  parameters: [parameter('CorrelationId')],
  requestBody: jsonRequest(ORDER, { reason: ORDER_EXAMPLE }),
  problems: ['not-found', ...BODY_PROBLEMS],
} as const;

type Dependencies = Pick<HttpDependencies, 'store' | 'runtime'>;

export const holdExecution = {
  ...COMMON,
  operationId: 'holdExecution',
  path: '/v1/executions/{correlationId}/hold',
  summary: 'Hold an execution',
  description:
    'Nothing of it is pruned or erased until it is released. The trail is pruned from its old end, so that all later entries stay as well. Holding it again changes nothing.',
  responses: {
    '200': jsonResponse('It is held.', HOLD, {
      held: { correlationId: 'order-4711', heldAt: '2026-01-31T12:00:00.000Z' },
    }),
  },
  create: (deps: Dependencies) => onOrder(deps.store, createHold(deps, 'hold')),
} satisfies ApiOperation;

export const releaseExecution = {
  ...COMMON,
  operationId: 'releaseExecution',
  path: '/v1/executions/{correlationId}/release',
  summary: 'Release a held execution',
  description: 'Retention applies to it again, and it can be erased. Releasing what is not held changes nothing.',
  responses: {
    '200': jsonResponse('It is not held.', HOLD, { released: { correlationId: 'order-4711', heldAt: null } }),
  },
  create: (deps: Dependencies) => onOrder(deps.store, createHold(deps, 'release')),
} satisfies ApiOperation;

/** Returns a function that holds or releases an execution in the name of an operator. */
export function createHold(deps: Dependencies, action: keyof Pick<Erasure, 'hold' | 'release'>): ActionByOrder {
  const { store, runtime } = deps;
  return ({ reference, correlationId }, order) =>
    recordAction(deps, { action, ...order, target: correlationId }, async () => {
      const execution = await store[action](reference, order, runtime.world.now());
      if (execution === undefined) return unknownExecution();
      return json(200, { correlationId: execution.correlationId, heldAt: isoTime(execution.heldAt) });
    });
}
