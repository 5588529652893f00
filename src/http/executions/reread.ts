// POST /v1/executions/{correlationId}/reread: kept bodies are read again after a correction of the profile.

import * as v from 'valibot';
import type { Outcome } from '../../execution/apply-result.ts';
import { representExecution } from '../../execution/representation.ts';
import { callerName } from '../middleware/identity.ts';
import { component, jsonResponse } from '../openapi/components.ts';
import { executionExample } from '../openapi/examples.ts';
import { ADMINISTRATOR_ORDER, type ApiOperation, parameter } from '../openapi/operation.ts';
import { count, described, nullable } from '../openapi/schema-parts.ts';
import { recordAction } from '../operators/record-activity.ts';
import { onExecution } from '../request/find-execution.ts';
import { json } from '../response/json.ts';
import { EXECUTION } from './execution-schema.ts';

const OUTCOMES = [
  'resolved',
  'progress',
  'duplicate',
  'conflict',
  'late',
  'unreadable',
  'mismatch',
  'ignored',
] as const satisfies readonly Outcome[];

const REREAD = component(
  'Reread',
  v.object({
    items: described(
      v.array(
        v.object({
          auditId: count('The audit entry with which the body was kept.'),
          outcome: described(v.picklist(OUTCOMES), 'As for a callback.'),
          reason: nullable(v.string(), 'Why the body still cannot be read.'),
        }),
      ),
      'The kept bodies, the oldest first: at most the newest 10. Empty if none is kept.',
    ),
    execution: EXECUTION,
  }),
);

export const rereadExecution: ApiOperation = {
  ...ADMINISTRATOR_ORDER,
  operationId: 'rereadExecution',
  path: '/v1/executions/{correlationId}/reread',
  summary: 'Read the kept bodies of an execution again',
  description:
    'Reads the bodies that could not be read, or that have members which the profile did not read, with the present profile. A status in them counts as when they arrived: it ends an open execution, or is kept as `lateResult`. A result that the first reading missed is kept as `lateResult` as well. Each reading is an audit entry with `reread` and the name of the operator.',
  parameters: [parameter('CorrelationId')],
  responses: {
    '200': jsonResponse('The result of each reading, and the execution afterwards.', REREAD, {
      late: { items: [{ auditId: 7, outcome: 'late', reason: null }], execution: executionExample('completed') },
    }),
  },
  problems: ['not-found'],
  create: (deps) => {
    const { store, webhook } = deps;
    return onExecution(store, async (execution, _c, caller) => {
      const { correlationId } = execution;
      const by = callerName(caller);
      return recordAction(deps, { action: 'reread', by, reason: null, target: correlationId }, async () => {
        const items = await webhook.receive.reread(execution, by);
        const after = (await store.find(correlationId)) ?? execution;
        return json(200, { items, execution: representExecution(after) });
      });
    });
  },
};
