// What administrators do to executions: have CXone asked at once, about one or many, and give many up.

import { executionExample } from '../examples.ts';
import type { Operation, RequestBodyObject } from '../model.ts';
import { jsonContent, operation, parameter } from '../operation.ts';

export const poll: Operation = operation({
  operationId: 'pollExecution',
  tag: 'Operators',
  access: 'administrator',
  stored: true,
  summary: 'Have CXone asked at once how an execution stands',
  description:
    'Its next poll is due now, even before `pollAfter`; a poll that is under way counts. What CXone says shows in the execution and in its audit trail, as with any other poll.',
  parameters: [parameter('CorrelationId')],
  responses: {
    '202': {
      description: 'It is polled as soon as the limits of CXone allow.',
      content: jsonContent('Execution', { sent: executionExample('sent') }),
    },
  },
  problems: ['not-found', 'cannot-be-polled'],
});

const selection: RequestBodyObject = {
  required: true,
  content: jsonContent('Selection', {
    some: { actionId: 'charge-card', status: 'PENDING', to: '2026-01-31T12:00:00Z' },
    all: { status: 'OPEN' },
  }),
};

const BAD_BODIES = ['malformed-json', 'body-too-large', 'unsupported-media-type', 'invalid-input'] as const;

export const pollMany: Operation = operation({
  operationId: 'pollExecutions',
  tag: 'Operators',
  access: 'administrator',
  stored: true,
  summary: 'Have CXone asked at once about many executions',
  description:
    'Those that match and have not ended. Those that are queued, or for which CXone gave no `executionId`, match and are left as they are. Whoever hangs up stops it; what is done stays done.',
  requestBody: selection,
  responses: {
    '202': {
      description: 'They are polled as fast as the limits of CXone allow.',
      content: jsonContent('Acted', { some: { matched: 12, done: 10 } }),
    },
  },
  problems: BAD_BODIES,
});

export const cancelMany: Operation = operation({
  operationId: 'cancelExecutions',
  tag: 'Operators',
  access: 'administrator',
  stored: true,
  summary: 'Give many executions up',
  description:
    'Those that match and have not ended, each as if it were cancelled alone. Whoever hangs up stops it; what is done stays done.',
  requestBody: selection,
  responses: {
    '202': { description: 'They are cancelled.', content: jsonContent('Acted', { some: { matched: 12, done: 12 } }) },
  },
  problems: BAD_BODIES,
});
