// Parameters that several operations share.

import { IDENTIFIER } from '../request/identifier.ts';
import type { Parameter } from './model.ts';

export const PARAMETERS = {
  CorrelationId: {
    name: 'correlationId',
    in: 'path',
    required: true,
    description: 'The `correlationId` of the execution.',
    schema: { type: 'string', pattern: IDENTIFIER.source },
    example: 'order-4711',
  },
  NotificationId: {
    name: 'id',
    in: 'path',
    required: true,
    description: 'The `id` of the notification: its `webhook-id`.',
    schema: { type: 'string' },
    example: 'msg_019c1488000070008000000000000001_ended',
  },
  ReconciliationId: {
    name: 'id',
    in: 'path',
    required: true,
    description: 'The `id` of the reconciliation.',
    schema: { type: 'string' },
    example: '019c1405-7a00-7000-8000-000000000001',
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    description:
      '`wait=N` delays the response until the execution has ended, for N seconds at most (up to 60; RFC 7240). Malformed preferences are ignored.',
    schema: { type: 'string' },
    example: 'wait=30',
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Identifies the request, so that a repetition is not executed again: in quotes (an RFC 8941 string) or bare, with 1 to 255 visible ASCII characters. It is scoped to your app and kept as long as its execution (AUDIT_RETENTION_DAYS).',
    schema: { type: 'string', minLength: 1 },
    example: '"order-4711"',
  },
  Traceparent: {
    name: 'traceparent',
    in: 'header',
    description: 'W3C Trace Context; passed on to CXone and to notifications. One that is not valid is ignored.',
    schema: { type: 'string' },
    example: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  },
  Tracestate: {
    name: 'tracestate',
    in: 'header',
    description: 'W3C Trace Context; goes with `traceparent`.',
    schema: { type: 'string' },
    example: 'vendor=value',
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'The id of the last event received: the stream resumes after it, without gaps or repetitions.',
    schema: { type: 'string', pattern: '^\\d+$' },
    example: '42',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The `ETag` of your copy: 304 if it is current.',
    schema: { type: 'string' },
    example: '"2f4c1b"',
  },
} as const satisfies Record<string, Parameter>;
