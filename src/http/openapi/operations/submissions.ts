// Submitting: one execution, and many.

import { type ProblemName, problemDetails } from '../../response/problem.ts';
import { executionExample } from '../examples.ts';
import { HEADERS, headers } from '../headers.ts';
import type { Operation } from '../model.ts';
import { jsonContent, operation, parameter } from '../operation.ts';
import { completion } from './callback.ts';

/** For apps that may only submit so many a second. */
const RATE = ['RateLimit', 'RateLimit-Policy'] as const;

const RATED =
  'An app that may only submit so many a second gets `RateLimit` and `RateLimit-Policy` with every answer to its key.';

const ARRIVAL = [parameter('IdempotencyKey'), parameter('Traceparent'), parameter('Tracestate')];

const PROBLEMS_OF_SUBMITTING: readonly ProblemName[] = [
  'malformed-json',
  'invalid-header',
  'correlation-id-taken',
  'body-too-large',
  'unsupported-media-type',
  'invalid-input',
  'idempotency-key-reused',
  'app-queue-full',
  'rate-limited',
  'queue-full',
  'draining',
];

export const submit: Operation = operation({
  operationId: 'submitExecution',
  tag: 'Executions',
  access: 'app',
  stored: true,
  summary: 'Submit an execution',
  description: [
    'Accepts a Data Action to be run and answers as soon as that is durable. CXone hears of it only afterwards.',
    'The same `correlationId` with the same body gives the original execution as it stands (200). The same `Idempotency-Key` with the same body gives the original answer again. Neither runs anything twice.',
    RATED,
  ].join('\n\n'),
  parameters: [parameter('Prefer'), ...ARRIVAL],
  requestBody: {
    required: true,
    description: 'At most 1 MiB, nested 64 levels deep at most.',
    content: jsonContent('Submission', {
      short: { actionId: 'charge-card', inputs: { amount: 4200 } },
      whole: {
        actionId: 'charge-card',
        inputs: { amount: 4200, currency: 'EUR' },
        context: { contactId: '88123' },
        correlationId: 'order-4711',
        timeoutSeconds: 30,
        graceSeconds: 10,
        retryUncertain: false,
        priority: 4,
        notifyUrl: 'https://hooks.example/executions',
      },
    }),
  },
  responses: {
    '200': {
      description:
        'It ended while the answer was held, or its `correlationId` was sent before: the execution as it stands.',
      headers: {
        ...headers('Location', 'Vary', 'Preference-Applied', 'Idempotent-Replayed', ...RATE),
        'Retry-After': { ...HEADERS['Retry-After'], required: false },
      },
      content: jsonContent('Execution', { completed: executionExample('completed') }),
    },
    '202': {
      description: 'It is accepted and durable. With `Prefer: wait`: and has not ended yet.',
      headers: headers('Location', 'Retry-After', 'Vary', 'Preference-Applied', 'Idempotent-Replayed', ...RATE),
      content: jsonContent('Execution', { queued: executionExample('queued') }),
    },
  },
  problems: PROBLEMS_OF_SUBMITTING,
  callbacks: { completion },
});

export const submitBatch: Operation = operation({
  operationId: 'submitBatch',
  tag: 'Executions',
  access: 'app',
  stored: true,
  summary: 'Submit up to 1,000 executions',
  description: [
    'Every execution is checked and accepted by itself, all of them in one commit, and each gets the answer it would have got alone, in the order sent.',
    'With `atomic: true` all are accepted or none: as soon as one cannot be, the whole is answered with a problem whose `errors` name each that cannot.',
    'An `Idempotency-Key` covers the batch as a whole.',
    RATED,
  ].join('\n\n'),
  parameters: ARRIVAL,
  requestBody: {
    required: true,
    description: 'At most 10 MiB; each execution at most 1 MiB.',
    content: jsonContent('Batch', {
      two: { executions: [{ actionId: 'charge-card', correlationId: 'order-4711' }, { actionId: 'send-receipt' }] },
    }),
  },
  responses: {
    '200': {
      description: 'Each with its own answer.',
      headers: headers('Idempotent-Replayed', ...RATE),
      content: jsonContent('BatchAnswer', {
        mixed: {
          items: [
            { status: 202, execution: executionExample('queued') },
            {
              status: 422,
              problem: problemDetails('invalid-input', '1 field is wrong; errors names each.', {
                errors: [{ pointer: '#/executions/1/timeoutSeconds', detail: 'must be an integer from 5 to 120' }],
              }),
            },
          ],
          accepted: 1,
          refused: 1,
        },
      }),
    },
  },
  problems: PROBLEMS_OF_SUBMITTING,
});
