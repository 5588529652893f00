// Having CXone asked once more about what ended without a result.

import { type Reconciliation, representReconciliation } from '../../../usecases/reconcile/report.ts';
import type { ReconciliationBody } from '../../schemas/reconciliation.ts';
import type { Operation } from '../model.ts';
import { jsonContent, operation, parameter } from '../operation.ts';

const DAY = Date.UTC(2026, 0, 31);
const HOUR = 3_600_000;

const NOTHING = { asked: 0, same: 0, late: 0, resolved: 0, conflict: 0, running: 0, gone: 0, failed: 0, unaskable: 0 };

const begun: Reconciliation = {
  id: '019c1405-7a00-7000-8000-000000000001',
  by: 'operator:alice',
  from: DAY,
  to: DAY + 12 * HOUR,
  actionId: null,
  app: null,
  status: 'RUNNING',
  reason: null,
  startedAt: DAY + 13 * HOUR,
  endedAt: null,
  progress: 0,
  counts: NOTHING,
  differs: [],
};

// The compiler holds what is answered to the schema.
const STARTED: ReconciliationBody = { ...representReconciliation(begun), differs: [] };
const ENDED: ReconciliationBody = {
  ...representReconciliation({
    ...begun,
    status: 'ENDED',
    endedAt: DAY + 13 * HOUR + 4_000,
    progress: 1,
    counts: { ...NOTHING, asked: 3, same: 1, late: 1, gone: 1 },
  }),
  differs: [
    { correlationId: 'order-4711', status: 'TIMEOUT', finding: 'late', found: 'COMPLETED' },
    { correlationId: 'order-4712', status: 'TIMEOUT', finding: 'gone', found: null },
  ],
};

export const start: Operation = operation({
  operationId: 'startReconciliation',
  tag: 'Operators',
  access: 'administrator',
  summary: 'Have CXone asked again about what ended without a result',
  description:
    'Every execution submitted in the period that was sent and is TIMEOUT, NOT_FOUND or CANCELLED without a late result, or UNCONFIRMED with a name at CXone, is polled once, when CXone is not wanted for anything else. No outcome changes: a result that is found is kept as `lateResult`, and the app is told. One runs at a time.',
  requestBody: {
    required: true,
    content: jsonContent('Reconcile', {
      day: { from: '2026-01-31', to: '2026-02-01' },
      some: { from: '2026-01-31T00:00:00Z', to: '2026-01-31T12:00:00Z', actionId: 'charge-card', app: 'orders' },
    }),
  },
  responses: {
    '202': {
      description: 'It has begun; `Location` tells how far it is.',
      headers: { Location: { $ref: '#/components/headers/Location' } },
      content: jsonContent('Reconciliation', { started: STARTED }),
    },
  },
  problems: [
    'malformed-json',
    'body-too-large',
    'unsupported-media-type',
    'invalid-input',
    'reconciliation-running',
    'draining',
  ],
});

export const get: Operation = operation({
  operationId: 'getReconciliation',
  tag: 'Operators',
  access: 'operator',
  summary: 'Look at a reconciliation',
  description:
    'Reports are kept until the receiver stops: the last 20. What was found stands in the audit trail for good.',
  parameters: [parameter('ReconciliationId')],
  responses: {
    '200': {
      description: 'How far it is, and what it has found.',
      content: jsonContent('Reconciliation', { ended: ENDED }),
    },
  },
  problems: ['not-found'],
});
