// What apps are sent: one webhook for each type of notification, as Standard Webhooks has them.

import { NOTIFICATION_TYPES, type NotificationType } from '../../notification/notification.ts';
import { endedExample, executionExample } from './examples.ts';
import type { Parameter, PathItem } from './model.ts';
import { schema } from './operation.ts';

const ABOUT: { readonly [T in NotificationType]: { readonly summary: string; readonly example: unknown } } = {
  'execution.completed': { summary: 'CXone ran it', example: endedExample('COMPLETED') },
  'execution.failed': { summary: 'CXone ran it and it failed', example: endedExample('FAILED') },
  'execution.rejected': { summary: 'CXone refused it', example: endedExample('REJECTED') },
  'execution.not_found': { summary: 'CXone no longer knows it', example: endedExample('NOT_FOUND') },
  'execution.timeout': { summary: 'No result came in time', example: endedExample('TIMEOUT') },
  'execution.cancelled': { summary: 'It was given up', example: endedExample('CANCELLED') },
  'execution.late_result': {
    summary: 'A result came after it had ended without one',
    example: executionExample('withLateResult'),
  },
};

const HEADERS: readonly Parameter[] = [
  {
    name: 'webhook-id',
    in: 'header',
    required: true,
    description: 'The id of the notification, the same over all attempts: what has been seen before is a repetition.',
    schema: { type: 'string' },
  },
  {
    name: 'webhook-timestamp',
    in: 'header',
    required: true,
    description: 'When this attempt was made, in Unix seconds. Refuse what is older than a few minutes.',
    schema: { type: 'string', pattern: '^\\d+$' },
  },
  {
    name: 'webhook-signature',
    in: 'header',
    required: true,
    description:
      '`v1,` and the base64 of the HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`, under the base64 after `whsec_`; one for each secret, with a space between. Compare with each, in constant time.',
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

export const webhooks: { readonly [name: string]: PathItem } = Object.fromEntries(
  NOTIFICATION_TYPES.map((type) => [type, webhook(type)]),
);

/** `execution.not_found` → `ExecutionNotFound`: the name of its schema. */
export function messageName(type: NotificationType): string {
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
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: schema(messageName(type)),
            examples: { message: { value: { type, timestamp: '2026-01-31T12:00:04.200Z', data: example } } },
          },
        },
      },
      responses: {
        '2XX': { description: 'It arrived: nothing more is sent. Answer within 15 s.' },
        '410': { description: 'This URL is gone: the notification is not tried again.' },
        '429': { description: 'It is tried again, `Retry-After` being the earliest.' },
        default: { description: 'It is tried again, for about a day.' },
      },
    },
  };
}
