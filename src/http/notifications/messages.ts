// The requests that the receiver sends to apps: one webhook for each type of notification (Standard Webhooks).

import * as v from 'valibot';
import { NOTIFICATION_TYPES, type NotificationType } from '../../notification/notification.ts';
import { EXECUTION, type ExecutionBody } from '../executions/execution-schema.ts';
import { component, jsonRequest } from '../openapi/components.ts';
import { endedExample, executionExample } from '../openapi/examples.ts';
import type { Parameter, PathItem } from '../openapi/model.ts';
import { time } from '../openapi/schema-parts.ts';

const ABOUT: { readonly [T in NotificationType]: { readonly summary: string; readonly example: ExecutionBody } } = {
  'execution.completed': { summary: 'CXone completed it', example: endedExample('COMPLETED') },
  'execution.failed': { summary: 'CXone ran it, and it failed', example: endedExample('FAILED') },
  'execution.rejected': { summary: 'CXone rejected the submission', example: endedExample('REJECTED') },
  'execution.not_found': { summary: 'CXone no longer knows it', example: endedExample('NOT_FOUND') },
  'execution.timeout': { summary: 'No result was received in time', example: endedExample('TIMEOUT') },
  'execution.cancelled': { summary: 'It was cancelled', example: endedExample('CANCELLED') },
  'execution.late_result': {
    summary: 'A result was received after the end',
    example: executionExample('withLateResult'),
  },
};

const HEADERS: readonly Parameter[] = [
  {
    name: 'webhook-id',
    in: 'header',
    required: true,
    description: 'The id of the notification, the same for all attempts: use it to detect duplicates.',
    schema: { type: 'string' },
  },
  {
    name: 'webhook-timestamp',
    in: 'header',
    required: true,
    description: 'The time of this attempt, in Unix seconds. Reject requests that are older than a few minutes.',
    schema: { type: 'string', pattern: '^\\d+$' },
  },
  {
    name: 'webhook-signature',
    in: 'header',
    required: true,
    description:
      '`v1,` and the base64 of the HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`, under the base64 after `whsec_`; one for each secret, separated by spaces. Compare with each, in constant time.',
    schema: { type: 'string' },
  },
  {
    name: 'traceparent',
    in: 'header',
    description: 'W3C Trace Context of the submission, if it had one.',
    schema: { type: 'string' },
  },
  { name: 'tracestate', in: 'header', description: 'Goes with `traceparent`.', schema: { type: 'string' } },
];

const NOTIFIED_EXECUTION = component(
  'NotifiedExecution',
  v.object({
    ...EXECUTION.entries,
    link: v.exactOptional(
      v.pipe(
        v.string(),
        v.metadata({
          format: 'uri',
          description:
            'Where the app reads the execution with its own key. Present if the notification would be too large (NOTIFY_LINK_ABOVE_BYTES): all results and errors in it are then null.',
        }),
      ),
    ),
  }),
);

export const WEBHOOKS: { readonly [name: string]: PathItem } = Object.fromEntries(
  NOTIFICATION_TYPES.map((type) => [type, webhook(type)]),
);

/** The body of a Standard Webhooks message. */
export function message(type: NotificationType) {
  return v.object({
    type: v.literal(type),
    timestamp: time('When the execution ended, or when its late result was received.'),
    data: NOTIFIED_EXECUTION,
  });
}

/** Returns the name of the schema: `execution.not_found` becomes `ExecutionNotFound`. */
function messageName(type: NotificationType): string {
  return type.replace(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function webhook(type: NotificationType): PathItem {
  const { summary, example } = ABOUT[type];
  return {
    post: {
      operationId: `on${messageName(type)}`,
      tags: ['Webhooks'],
      summary,
      description: 'Posted to `notifyUrl`, or to the default URL of the app. Redirects are not followed.',
      security: [],
      parameters: HEADERS,
      requestBody: jsonRequest(component(messageName(type), message(type)), {
        message: { type, timestamp: '2026-01-31T12:00:04.200Z', data: example },
      }),
      responses: {
        '2XX': { description: 'Delivered. Respond within 15 s.' },
        '410': { description: 'The URL is gone: there are no more attempts.' },
        '429': { description: 'It is tried again, at `Retry-After` at the earliest.' },
        default: { description: 'It is tried again, for about a day.' },
      },
    },
  };
}
