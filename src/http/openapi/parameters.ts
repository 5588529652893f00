// The parameters that several operations share.

import { IDENTIFIER } from '../request/identifier.ts';
import type { Parameter, Schema } from './model.ts';

const TEXT: Schema = { type: 'string' };

function pathParameter(name: string, description: string, example: string, schema = TEXT): Parameter {
  return { name, in: 'path', required: true, description, schema, example };
}

function headerParameter(name: string, description: string, example: string, schema = TEXT): Parameter {
  return { name, in: 'header', description, schema, example };
}

export const PARAMETERS = {
  CorrelationId: pathParameter('correlationId', 'The `correlationId` of the execution.', 'order-4711', {
    type: 'string',
    pattern: IDENTIFIER.source,
  }),
  NotificationId: pathParameter(
    'id',
    'The `id` of the notification: its `webhook-id`.',
    'msg_019c1488000070008000000000000001_ended',
  ),
  ReconciliationId: pathParameter('id', 'The `id` of the reconciliation.', '019c1405-7a00-7000-8000-000000000001'),
  IncidentId: pathParameter('id', 'The `id` of the incident.', '019c1405-7a00-7000-8000-000000000002'),
  Prefer: headerParameter(
    'Prefer',
    '`wait=N` delays the response until the execution has ended, for N seconds at most (up to 60; RFC 7240). Malformed preferences are ignored.',
    'wait=30',
  ),
  IdempotencyKey: headerParameter(
    'Idempotency-Key',
    'Identifies the request, so that a repetition is not executed again: in quotes (an RFC 8941 string) or bare, with 1 to 255 visible ASCII characters. It is scoped to your app and kept as long as its execution (AUDIT_RETENTION_DAYS).',
    '"order-4711"',
    { type: 'string', minLength: 1 },
  ),
  Traceparent: headerParameter(
    'traceparent',
    'W3C Trace Context; passed on to CXone and to notifications. One that is not valid is ignored.',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  ),
  Tracestate: headerParameter('tracestate', 'W3C Trace Context; goes with `traceparent`.', 'vendor=value'),
  LastEventId: headerParameter(
    'Last-Event-ID',
    'The id of the last event received: the stream resumes after it, without gaps or repetitions.',
    '42',
    { type: 'string', pattern: '^\\d+$' },
  ),
  IfNoneMatch: headerParameter('If-None-Match', 'The `ETag` of your copy: 304 if it is current.', '"2f4c1b"'),
} as const satisfies Record<string, Parameter>;
