// Looking: one execution, many, the audit trail, the streams of events; and giving one up.

import { QUERY } from '../../executions/query.ts';
import { ENTRIES, executionExample, STREAM } from '../examples.ts';
import { headers } from '../headers.ts';
import { queryParameters } from '../json-schema.ts';
import type { Operation, ResponseObject } from '../model.ts';
import { jsonContent, operation, parameter, schema } from '../operation.ts';

export const list: Operation = operation({
  operationId: 'listExecutions',
  tag: 'Executions',
  access: 'anyone',
  stored: true,
  summary: 'List executions, newest first',
  description:
    'Those of your app; with the key of an operator those of all apps. Follow `nextCursor` until it is null: where much has to be looked through for a rare thing, a page may be short or empty and still have a `nextCursor`.',
  parameters: queryParameters(QUERY),
  responses: {
    '200': {
      description: 'One page.',
      content: jsonContent('ExecutionPage', {
        page: {
          items: [executionExample('completed')],
          nextCursor: 'MDE5YzE0MDUtN2EwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAx',
        },
        end: { items: [], nextCursor: null },
      }),
    },
  },
  problems: ['invalid-input'],
});

export const get: Operation = operation({
  operationId: 'getExecution',
  tag: 'Executions',
  access: 'anyone',
  stored: true,
  summary: 'Look at an execution, or wait for its end',
  description: 'An execution that failed is answered 200 like any other: `status` tells how it ended.',
  parameters: [parameter('CorrelationId'), parameter('Prefer')],
  responses: {
    '200': {
      description: 'The execution as it stands; with `Prefer: wait` when it has ended or the time is over.',
      headers: headers('Vary', 'Preference-Applied'),
      content: jsonContent('Execution', {
        completed: executionExample('completed'),
        waiting: executionExample('sent'),
        timedOut: executionExample('timedOut'),
        lateResult: executionExample('withLateResult'),
      }),
    },
  },
  problems: ['not-found'],
});

export const audit: Operation = operation({
  operationId: 'getAuditTrail',
  tag: 'Executions',
  access: 'anyone',
  stored: true,
  summary: 'Read what happened to an execution',
  parameters: [parameter('CorrelationId')],
  responses: {
    '200': {
      description: 'Every step, oldest first.',
      content: jsonContent('AuditTrail', { trail: { items: ENTRIES } }),
    },
  },
  problems: ['not-found'],
});

export const cancel: Operation = operation({
  operationId: 'cancelExecution',
  tag: 'Executions',
  access: 'owner',
  stored: true,
  summary: 'Give an execution up',
  description:
    'What has not been sent is never sent. What has been sent is only marked here: CXone may still run it, and a result that comes is kept as `lateResult`. One that has ended stays as it is.',
  parameters: [parameter('CorrelationId')],
  responses: {
    '200': {
      description: 'The execution as it stands now.',
      content: jsonContent('Execution', { completed: executionExample('completed') }),
    },
  },
  problems: ['not-found'],
});

const stream: ResponseObject = {
  description:
    'Events as they happen, one for each entry of the audit trail: `id` is the id of the entry, `event` what happened, `data` the entry as JSON. An `id` alone moves the place from which to resume; comments keep the connection alive.',
  headers: headers('X-Accel-Buffering'),
  content: {
    'text/event-stream': {
      schema: { type: 'string', contentMediaType: 'text/event-stream', contentSchema: schema('StreamEvent') },
      examples: { ended: { value: STREAM } },
    },
  },
};

export const follow: Operation = operation({
  operationId: 'followExecution',
  tag: 'Live',
  access: 'anyone',
  stored: true,
  summary: 'Follow an execution',
  description: 'Server-sent events from the beginning of its trail, or after `Last-Event-ID`.',
  parameters: [parameter('CorrelationId'), parameter('LastEventId')],
  responses: { '200': stream },
  problems: ['invalid-header', 'not-found', 'events-pruned', 'too-many-streams', 'draining'],
});

export const followAll: Operation = operation({
  operationId: 'followExecutions',
  tag: 'Live',
  access: 'anyone',
  stored: true,
  summary: 'Follow all your executions',
  description: 'Server-sent events from now on, or after `Last-Event-ID`. With the key of an operator: of all apps.',
  parameters: [parameter('LastEventId')],
  responses: { '200': stream },
  problems: ['invalid-header', 'events-pruned', 'too-many-streams', 'draining'],
});
